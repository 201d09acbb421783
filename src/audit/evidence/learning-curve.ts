import { z } from 'zod';
import { toPairs } from '../../feedback/index.ts';
import { createRng } from '../../stats/index.ts';
import { type CurvePair, type CurveRow, learningCurve as curveOf } from '../learning-curve.ts';
import { wordDifferences } from '../word-features.ts';
import { defineEvidence } from './kind.ts';

const row = z.strictObject({
  itemId: z.string(),
  promptId: z.string(),
  judgments: z.int().positive(),
  credits: z
    .array(
      z.strictObject({
        share: z.number().gt(0).max(1),
        fewer: z.enum(['pairs', 'votes']),
        credit: z.number().min(0).max(1),
      }),
    )
    .min(1),
});

/** Most pairs that are refitted: the curve of more is known well enough from these. */
const MOST_PAIRS = 4000;

/** What each pair's votes were, as rewards saw them that were fitted to more or fewer of the other judgments (H9). */
export const learningCurve = defineEvidence<CurveRow>({
  what: 'A judged pair of replies, and which share of its votes rewards predict that never saw its prompt, by the share of all judgments that they were fitted to: with whole pairs left out, or votes on every pair. Any reward will do; a run refits a small one on words.',
  file: 'evidence/learning-curve.jsonl',
  row,
  example: {
    itemId: 'item-1',
    promptId: 'When does the bakery open?',
    judgments: 3,
    credits: [
      { share: 0.75, fewer: 'pairs', credit: 0.67 },
      { share: 0.375, fewer: 'pairs', credit: 0.58 },
      { share: 0.375, fewer: 'votes', credit: 0.67 },
    ],
  },
  offline: true,
  async gather({ feedback: { items, judgments }, seed }) {
    const byPair = new Map<
      string,
      { itemId: string; prompt: string; first: string; second: string; votes: number[] }
    >();
    for (const { itemId, prompt, first, second, target } of toPairs(items, judgments).pairs) {
      const key = JSON.stringify([itemId, first, second]);
      const own = byPair.get(key) ?? { itemId, prompt, first, second, votes: [] };
      own.votes.push(target);
      byPair.set(key, own);
    }
    const rng = createRng(seed).fork('evidence/learning-curve');
    const pairs = rng
      .fork('most')
      .shuffle([...byPair.values()])
      .slice(0, MOST_PAIRS);
    const { columns, rows } = wordDifferences(pairs);
    return curveOf(
      pairs.map(({ itemId, prompt, votes }, i): CurvePair => ({ ...rows[i]!, itemId, promptId: prompt, votes })),
      { columns, rng },
    );
  },
});
