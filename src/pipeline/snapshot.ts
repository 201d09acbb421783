import type { Engine, ModelSpec, Sampler } from '../engine/index.ts';
import type { DialogueCodec } from '../text/index.ts';
import { withLora } from './lora.ts';
import { atRound, inRound, type Place, type RunContext } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';
import { type Base, loadBase } from './stages/base.ts';
import { loadPath, MAIN, policyFiles } from './stages/policy.ts';

/** A policy of a run as it can be asked: its sampler, and how what it says is recorded in items. */
export interface Snapshot {
  readonly sampler: Sampler;
  readonly codec: DialogueCodec;
  readonly limits: Base['limits'];
  /** As in `item.source`. */
  readonly origin: string;
  readonly sampling: Readonly<Record<string, string | number>>;
}

/** Where the weights of a policy are: a folder below the run folder. */
export interface Weights {
  readonly spec: ModelSpec;
  readonly folder: string;
}

/** Opens a sampler on saved weights, lets it be used, and lets both go. */
export async function withSampler<T>(
  engine: Engine,
  { spec, folder }: Weights,
  use: (sampler: Sampler) => Promise<T>,
): Promise<T> {
  const model = await engine.createModel(spec, { from: folder });
  const sampler = await model.sampler();
  try {
    return await use(sampler);
  } finally {
    await sampler.dispose();
    await model.dispose();
  }
}

/** The files on which the policy that a round asks about rests. */
export function snapshotReads(context: Place): string[] {
  const shared = [RUN_FILES.base, RUN_FILES.tokenizer, RUN_FILES.baseCard];
  if (context.round === 1) return shared;
  const before = atRound(context, context.round - 1);
  return [...shared, ...policyFiles(before, MAIN).map((file) => inRound(before, file))];
}

/** How what the policy says that a round asks about is recorded: the base model's in the first, then the round's before. */
export function snapshotName(place: Place): Pick<Snapshot, 'origin' | 'sampling'> {
  const { config, round } = place;
  const about = (origin: string, step: number) => ({
    origin,
    sampling: { run: config.name, round: round - 1, step, temperature: 1 },
  });
  if (round === 1) return about('base model, step 0', 0);
  const { finalStep } = loadPath(atRound(place, round - 1), MAIN);
  return about(`policy of round ${round - 1}, step ${finalStep}`, finalStep);
}

/** The policy that a round asks about: the base model in the first, the policy of the round before in the others. */
export async function withSnapshot<T>(context: RunContext, use: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const { config, engines, round } = context;
  const base = loadBase(context);
  const shared = { codec: base.codec, limits: base.limits, ...snapshotName(context) };
  if (round === 1) return withSampler(engines.policy, base, (sampler) => use({ ...shared, sampler }));
  const before = atRound(context, round - 1);
  const spec = withLora(base.spec, config.policy!.lora, 'policy.lora');
  const folder = `${context.folder}/${inRound(before, loadPath(before, MAIN).checkpoint)}`;
  return withSampler(engines.policy, { spec, folder }, (sampler) => use({ ...shared, sampler }));
}
