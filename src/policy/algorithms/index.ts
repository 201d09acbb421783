import { z } from 'zod';
import { UsageError, variantSchema } from '../../run/index.ts';
import type { Algorithm, CommonContext, Need, PolicyPrompt, StepRecord, Supplies } from '../algorithm.ts';
import { dpo } from './dpo.ts';
import { feedbackPretraining } from './feedback-pretraining.ts';
import { grpo } from './grpo.ts';
import { kto } from './kto.ts';
import { onlineDpo } from './online-dpo.ts';
import { orpo } from './orpo.ts';
import { ppo } from './ppo.ts';
import { raft } from './raft.ts';
import { reinforce } from './reinforce.ts';
import { reinforcePlusPlus } from './reinforce-plus-plus.ts';
import { rloo } from './rloo.ts';
import { simpo } from './simpo.ts';

/** The algorithms that optimise a policy against a reward, by id: one row and one file each. */
export const ALGORITHMS = {
  rloo,
  grpo,
  reinforce,
  'reinforce-plus-plus': reinforcePlusPlus,
  ppo,
  raft,
  'online-dpo': onlineDpo,
  dpo,
  simpo,
  orpo,
  kto,
  'feedback-pretraining': feedbackPretraining,
} as const satisfies Record<string, Algorithm<z.ZodObject, Need>>;
export type AlgorithmId = keyof typeof ALGORITHMS;
export const ALGORITHM_IDS = Object.keys(ALGORITHMS) as AlgorithmId[];
/** What a run optimises with when it names no algorithm. */
export const DEFAULT_ALGORITHM: AlgorithmId = 'rloo';

type Common<S extends z.ZodRawShape> = z.output<z.ZodObject<S>>;
/** Settings of one of the algorithms, by its id, with the keys that all share. */
export type AlgorithmSettings<S extends z.ZodRawShape = Record<never, never>> = {
  readonly [K in AlgorithmId]: { readonly algorithm: K } & z.output<(typeof ALGORITHMS)[K]['config']> & Common<S>;
}[AlgorithmId];

/**
 * The schema of a policy: one of the algorithms, `rloo` when none is named, with its own keys and those that the caller adds to
 * all. A key that only other algorithms read is refused with their names.
 */
export function algorithmSchema<S extends z.ZodRawShape>(common: S): z.ZodType<AlgorithmSettings<S>> {
  const variants = Object.fromEntries(ALGORITHM_IDS.map((id) => [id, ALGORITHMS[id].config]));
  const schema = variantSchema('algorithm', { variants, common: z.strictObject(common), standard: DEFAULT_ALGORITHM });
  return schema as unknown as z.ZodType<AlgorithmSettings<S>>;
}

/** What can be supplied to an algorithm; what it needs must be there. */
export type SuppliedContext<P extends PolicyPrompt> = CommonContext & Partial<Supplies<P>>;

/**
 * Runs the algorithm that settings name; keys that it does not read are left aside.
 * @throws UsageError where something that it needs is not supplied.
 */
export function runAlgorithm<P extends PolicyPrompt>(
  context: SuppliedContext<P>,
  settings: { readonly algorithm: AlgorithmId },
): AsyncGenerator<StepRecord> {
  const algorithm: Algorithm<z.ZodObject, Need> = ALGORITHMS[settings.algorithm];
  const missing = algorithm.needs.filter((need) => context[need] === undefined);
  if (missing.length > 0) {
    throw new UsageError(
      'policy',
      `policy.algorithm ${algorithm.id} needs ${missing.join(' and ')}, and the data bring none; choose another algorithm`,
    );
  }
  const known = Object.keys(algorithm.config.shape);
  const own = Object.fromEntries(Object.entries(settings).filter(([key]) => known.includes(key)));
  return algorithm.run(context as CommonContext & Supplies<P>, algorithm.config.parse(own));
}
