import type { Engine } from '../engine/index.ts';
import type { Item } from '../feedback/index.ts';
import { type Progress, UsageError } from '../run/index.ts';
import { createRng } from '../stats/index.ts';
import type { GroundPrompt, Split } from '../world/index.ts';
import { askedPolicy, type WhichPolicy } from './asked-policy.ts';
import { RUN_FILES } from './run-folder.ts';
import { withSampler } from './snapshot.ts';
import { groundOf } from './sources/index.ts';
import { loadBase } from './stages/base.ts';
import { loadPrompts } from './stages/data.ts';

export interface SamplePolicyOptions extends WhichPolicy {
  /** How many prompts of the run, drawn at random; all where there are fewer. */
  readonly prompts: number;
  /** Different replies to each; a prompt to which the policy says too little that differs is passed over. */
  readonly replies: number;
  /** Which prompts: those that the policy was trained on, or those it was not. */
  readonly split: Split;
  readonly seed: number;
  /** The project that the items are for. */
  readonly projectId: string;
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

const AT_ONCE = 16;
/** Draws for each reply that is wanted, since a policy says some things more than once. */
const DRAWS = 3;

/**
 * New items from the policy of a finished run: its prompts with replies that it says now. Each item names the snapshot that it
 * comes from (run, seal, step), so that what people say of it is known to be about that. The same call gives the same items.
 */
export async function samplePolicy(folder: string, options: SamplePolicyOptions): Promise<SampledItems> {
  const { replies, seed, split, projectId, engine, progress } = options;
  const { place, path, weights, origin, seal, name: own } = askedPolicy(folder, options);
  const step = path.finalStep;
  const { codec, limits } = loadBase(place);
  const all = (await loadPrompts(folder)).filter((prompt) => prompt.split === split);
  if (all.length === 0)
    throw new UsageError('split', `${folder}/${RUN_FILES.prompts}: no prompt of ${split}; name another split`);
  const prompts = createRng(seed).fork('sample-policy').shuffle(all).slice(0, options.prompts);
  const ground = groundOf(place.config);
  const name = [place.config.name, ...(own === undefined ? [] : [own])].join('/');
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
