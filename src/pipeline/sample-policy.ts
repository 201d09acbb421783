import { existsSync } from 'node:fs';
import { SEAL } from '../disclosure/index.ts';
import type { Engine } from '../engine/index.ts';
import type { Item } from '../feedback/index.ts';
import { type Progress, UsageError } from '../run/index.ts';
import { requireRegularFiles } from '../run/node.ts';
import { createRng } from '../stats/index.ts';
import type { GroundPrompt, Split } from '../world/index.ts';
import { digestOf } from './digests.ts';
import { withLora } from './lora.ts';
import { policySettings } from './policy-config.ts';
import { type Place, pathIn } from './run-context.ts';
import { RUN_FILES, readRunJson } from './run-folder.ts';
import { withSampler } from './snapshot.ts';
import { groundOf } from './sources/index.ts';
import { loadBase } from './stages/base.ts';
import { loadPrompts } from './stages/data.ts';
import { loadPath, MAIN, type Variant } from './stages/policy.ts';

export interface SamplePolicyOptions {
  /** How many prompts of the run, drawn at random; all where there are fewer. */
  readonly prompts: number;
  /** Different replies to each; a prompt to which the policy says too little that differs is passed over. */
  readonly replies: number;
  /** Which prompts: those that the policy was trained on, or those it was not. */
  readonly split: Split;
  readonly seed: number;
  /** The project that the items are for. */
  readonly projectId: string;
  /** Another optimisation of the run than its main one. */
  readonly variant?: Variant;
  readonly engine: Engine;
  readonly progress: Progress;
}

export interface SampledItems {
  readonly items: Item[];
  /** Prompts to which the policy says too little that differs. */
  readonly passedOver: number;
  /** What the ids of these items, and of no others, begin with. */
  readonly batch: string;
}

/** A policy of a finished run as it can be asked. */
interface Asked {
  readonly place: Place;
  readonly step: number;
  /** Folder of its weights, and the description that goes with them. */
  readonly weights: Parameters<typeof withSampler>[1];
  readonly origin: string;
  /** Digest of the seal that pins the run. */
  readonly seal: string;
}

function policyOf(folder: string, variant: Variant): Asked {
  const { config } = readRunJson(folder);
  if (!existsSync(`${folder}/${SEAL}`))
    throw new UsageError('run', `${folder}: expected a finished run, got one without a seal; finish it with --resume`);
  if (config.base === undefined || config.policy === undefined)
    throw new UsageError(
      'run',
      `${folder}: expected a run with a policy, got one without; add policy: {} and run again`,
    );
  if (variant !== null && !Object.hasOwn(config.policy.variants, variant)) {
    const known = Object.keys(config.policy.variants).join(', ') || 'none';
    throw new UsageError('variant', `${folder}: no variant ${variant} of the policy; the run has ${known}`);
  }
  const place: Place = { config, folder, round: config.rounds };
  const { finalStep, checkpoint } = loadPath(place, variant);
  const { lora } = policySettings(config.policy, variant);
  const spec = withLora(loadBase(place).spec, lora, 'policy.lora');
  const name = variant === null ? 'policy' : `policy ${variant}`;
  return {
    place,
    step: finalStep,
    weights: { spec, folder: pathIn(place, checkpoint) },
    origin: `${name} of run ${config.name}, step ${finalStep}`,
    seal: digestOf(`${folder}/${SEAL}`),
  };
}

const AT_ONCE = 16;
/** Draws for each reply that is wanted, since a policy says some things more than once. */
const DRAWS = 3;

/**
 * New items from the policy of a finished run: its prompts with replies that it says now. Each item names the snapshot that it
 * comes from (run, seal, step), so that what people say of it is known to be about that. The same call gives the same items.
 */
export async function samplePolicy(folder: string, options: SamplePolicyOptions): Promise<SampledItems> {
  const { replies, seed, split, projectId, engine, progress } = options;
  requireRegularFiles(folder);
  const { place, step, weights, origin, seal } = policyOf(folder, options.variant ?? MAIN);
  const { codec, limits } = loadBase(place);
  const all = (await loadPrompts(folder)).filter((prompt) => prompt.split === split);
  if (all.length === 0)
    throw new UsageError('split', `${folder}/${RUN_FILES.prompts}: no prompt of ${split}; name another split`);
  const prompts = createRng(seed).fork('sample-policy').shuffle(all).slice(0, options.prompts);
  const ground = groundOf(place.config);
  const name = [place.config.name, ...(options.variant == null ? [] : [options.variant])].join('/');
  const batch = `${name}/${seal.slice(0, 8)}/${step}/${seed}/`;
  const itemOf = (prompt: GroundPrompt, texts: readonly string[]): Item => {
    const id = `${batch}${prompt.id}`;
    return {
      id,
      projectId,
      prompt: prompt.text,
      replies: texts.map((text, k) => ({ id: `${id}/${k}`, text })),
      source: {
        origin,
        selection: `random ${split} prompts of the run`,
        sampling: { run: place.config.name, seal, step, temperature: 1, seed },
      },
      ...(ground !== undefined && { facts: [...ground.facts(prompt)] }),
      strata: { ...prompt.strata },
    };
  };
  const items: Item[] = [];
  await withSampler(engine, weights, async (sampler) => {
    for (let at = 0; at < prompts.length; at += AT_ONCE) {
      const asked = prompts.slice(at, at + AT_ONCE);
      const groups = await sampler.sample(
        asked.map(({ text }) => codec.encodePrompt(text)),
        { n: replies * DRAWS, maxTokens: limits.maxReply, stop: codec.stop, seed: seed + at },
      );
      for (const [i, group] of groups.entries()) {
        const different = [...new Set(group.map(({ tokens }) => codec.decodeReply(tokens)))].slice(0, replies);
        if (different.length === replies) items.push(itemOf(asked[i]!, different));
      }
      progress({ stage: 'sample', done: at + asked.length, total: prompts.length, unit: 'prompts' });
    }
  });
  return { items, passedOver: prompts.length - items.length, batch };
}
