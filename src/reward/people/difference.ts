import { z } from 'zod';
import type { PreferencePair } from '../../feedback/index.ts';
import { bootstrap, createRng } from '../../stats/index.ts';
import { groupedBy } from '../grouped.ts';
import type { RewardModel } from '../reward-model.ts';
import { explainedVariance, type Worth } from './worth.ts';

/** How far people are taken to differ about some replies. Plain JSON. */
export const differenceSchema = z.strictObject({
  /** Share of the variance of worth that is between replies, and not between people about one. */
  explained: z.strictObject({ value: z.number(), low: z.number(), high: z.number() }),
  replies: z.int().positive(),
  prompts: z.int().positive(),
  /** Mean deviation over people, in units of score, and that of the tenth of the replies about which they differ most. */
  deviation: z.number(),
  widest: z.number(),
});
export type Difference = Readonly<z.infer<typeof differenceSchema>>;

const REPLICATES = 400;

/**
 * How far people differ about the replies of some pairs by a reward that knows it; undefined of one that does not. The interval
 * resamples prompts, and leaves out that the reward would come out otherwise if it were fitted again.
 */
export async function differenceOf(
  model: RewardModel,
  pairs: readonly Pick<PreferencePair, 'prompt' | 'first' | 'second'>[],
): Promise<Difference | undefined> {
  const byPrompt: Worth[][] = [];
  for (const rows of groupedBy(pairs, ({ prompt }) => prompt)) {
    const replies = [...new Set(rows.flatMap(({ first, second }) => [first, second]))];
    const scores = await model.score(rows[0]!.prompt, replies);
    byPrompt.push(scores.flatMap(({ people }) => people ?? []));
  }
  const worths = byPrompt.flat();
  if (worths.length < 2) return undefined;
  const { low, high } = bootstrap(byPrompt, (drawn) => explainedVariance(drawn.flat()), {
    uniform: createRng('difference').uniform,
    replicates: REPLICATES,
  });
  const deviations = worths.map(({ deviation }) => deviation).sort((a, b) => b - a);
  const meanOf = (values: readonly number[]) => values.reduce((sum, own) => sum + own, 0) / values.length;
  return {
    explained: { value: explainedVariance(worths), low, high },
    replies: worths.length,
    prompts: byPrompt.length,
    deviation: meanOf(deviations),
    widest: meanOf(deviations.slice(0, Math.ceil(deviations.length / 10))),
  };
}
