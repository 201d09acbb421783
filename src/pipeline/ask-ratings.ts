import { collectJudgments, type Item, type Judgment, questionSchema } from '../feedback/index.ts';
import { type Ground, raterPool } from '../world/index.ts';
import type { Panel } from './ask.ts';
import type { PipelineConfig } from './config.ts';

const QUESTION = questionSchema.parse({
  id: 'rating',
  title: 'How good is each reply?',
  kind: 'rating',
  criteria: [{ id: 'quality', title: 'Quality' }],
  scale: { min: 1, max: 7, step: 1 },
});

/**
 * Ratings of both replies of some of the pairs, by the run's raters on another day: rested, and with another question. None where
 * the configuration asks for none.
 */
export async function askRatings(
  items: readonly Item[],
  { ratings, raters: counts }: NonNullable<PipelineConfig['feedback']>,
  { ground, rng, now }: Pick<Panel, 'rng' | 'now'> & { readonly ground: Ground },
): Promise<Judgment[]> {
  if (ratings === undefined) return [];
  const own = rng.fork('ratings');
  const asked = own
    .fork('items')
    .shuffle(items)
    .slice(0, Math.round(ratings.share * items.length));
  const { raters } = raterPool(ground, counts, { question: QUESTION });
  const judgments: Judgment[] = [];
  // The same rater may have compared the pair: an answer to another question is a judgment of its own.
  for await (const judgment of collectJudgments({ items: asked, raters, overlap: ratings.overlap, rng: own, now }))
    judgments.push({ ...judgment, id: `${judgment.id}/${QUESTION.id}`, questionId: QUESTION.id });
  return judgments;
}
