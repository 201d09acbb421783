import { z } from 'zod';
import { defineEvidence } from './kind.ts';
import { endsOf } from './run-view.ts';

const row = z.strictObject({
  promptId: z.string(),
  /** Split of the prompt, where the run has several. */
  split: z.string().exactOptional(),
  /** `gold`: true utility, or a judge that stands in for it. `proxy`: the reward model's own score. */
  measure: z.enum(['gold', 'proxy']),
  /** Of each reply that the tuned policy gave to this input. */
  utilities: z.array(z.number()),
});
export type InputUtilities = z.infer<typeof row>;

/** What the tuned policy's replies are worth, input by input (P2). */
export const inputUtilities = defineEvidence<InputUtilities>({
  what: 'What replies of the tuned policy to one input are worth: true utility where it is known (or a judge’s), else the reward model’s score. The inputs are those whose worst case is asked for; many replies to each tell more than many inputs.',
  file: 'evidence/input-utilities.jsonl',
  row,
  example: { promptId: 'bakery-open/none', split: 'evaluation', measure: 'gold', utilities: [2.3, 2.3, -2, 2.6] },
  offline: true,
  async gather(run) {
    const ends = endsOf(run);
    if (ends === undefined) return undefined;
    const rows = ends.policy.prompts.flatMap(({ promptId, split, replies }): InputUtilities[] => {
      if (replies.length === 0) return [];
      const gold = replies.flatMap((reply) => (reply.gold === undefined ? [] : [reply.gold]));
      return gold.length === replies.length
        ? [{ promptId, split, measure: 'gold', utilities: gold }]
        : [{ promptId, split, measure: 'proxy', utilities: replies.map(({ proxy }) => proxy) }];
    });
    return rows.length === 0 ? undefined : rows;
  },
});
