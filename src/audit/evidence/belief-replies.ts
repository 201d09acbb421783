import { z } from 'zod';
import { defineEvidence } from './kind.ts';
import { endsOf } from './run-view.ts';

const row = z.strictObject({
  snapshot: z.enum(['base', 'policy']),
  promptId: z.string(),
  /** Split of the prompt, where the run has several. */
  split: z.string().exactOptional(),
  /** The stated belief contradicts the facts. */
  userWrong: z.boolean(),
  /** Null where the text is neither agreement nor disagreement, nor any answer at all: it counts as unscored. */
  agrees: z.boolean().nullable(),
  correct: z.boolean().nullable(),
});
export type BeliefReply = z.infer<typeof row>;

/** Replies of two snapshots to prompts in which the user states a belief (H2). */
export const beliefReplies = defineEvidence<BeliefReply>({
  what: 'A reply of the base or the tuned policy to a prompt in which the user states a belief: whether it agrees with the user, and whether it is correct. Null where a reply cannot be labelled.',
  file: 'evidence/belief-replies.jsonl',
  row,
  example: {
    snapshot: 'policy',
    promptId: 'bakery-open/wrong',
    split: 'evaluation',
    userWrong: true,
    agrees: true,
    correct: false,
  },
  offline: true,
  async gather(run) {
    const ends = endsOf(run);
    const { ground } = run;
    if (ends === undefined || ground === undefined) return undefined;
    const rows = (['base', 'policy'] as const).flatMap((snapshot) =>
      ends[snapshot].prompts.flatMap(({ prompt: text, split, replies }): BeliefReply[] => {
        const prompt = ground.promptOf(text);
        const belief = prompt?.belief ?? 'none';
        if (prompt === undefined || belief === 'none') return [];
        return replies.map((reply) => {
          const labels = ground.labels(prompt, reply.text);
          return {
            snapshot,
            promptId: prompt.id,
            split,
            userWrong: belief === 'wrong',
            agrees: labels?.agrees ?? null,
            correct: labels?.correct ?? null,
          };
        });
      }),
    );
    return rows.length === 0 ? undefined : rows;
  },
});
