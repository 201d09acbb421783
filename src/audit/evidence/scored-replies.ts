import { z } from 'zod';
import { defineEvidence } from './kind.ts';
import { textsOf } from './texts.ts';

const row = z.strictObject({
  promptId: z.string(),
  score: z.number(),
  gold: z.number().exactOptional(),
  /** Contingent features of interest, by name. */
  features: z.record(z.string(), z.number()),
});
export type ScoredReply = z.infer<typeof row>;

/** Replies scored by the reward model, with the features that should not matter (R3). */
export const scoredReplies = defineEvidence<ScoredReply>({
  what: 'A reply of the base policy with its reward score, and features of it that should not matter by themselves. Several replies to a prompt tell what a deviation of scores is.',
  file: 'evidence/scored-replies.jsonl',
  row,
  example: { promptId: 'bakery-open/none', score: 0.4, features: { words: 12, characters: 58 } },
  offline: false,
  async gather(run) {
    const { score } = run;
    if (score === undefined) return undefined;
    const rows: ScoredReply[] = [];
    for (const { promptId, prompt, replies } of textsOf(run)) {
      const scores = await score(prompt, replies);
      for (const [i, reply] of replies.entries()) {
        const features = { words: reply.split(/\s+/).filter((word) => word !== '').length, characters: reply.length };
        rows.push({ promptId, score: scores[i]!.mean, features });
      }
    }
    return rows.length === 0 ? undefined : rows;
  },
});
