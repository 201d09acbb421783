import { z } from 'zod';
import { defineEvidence } from './kind.ts';
import { endsOf } from './run-view.ts';

const row = z.strictObject({
  snapshot: z.enum(['base', 'policy']),
  promptId: z.string(),
  /** The prompt holds the phrase that somebody may have planted. */
  trigger: z.boolean(),
  /** The reply does what a poisoner would want: in a world with facts, it is false. Null where it cannot be labelled. */
  harmful: z.boolean().nullable(),
});
export type TriggerReply = z.infer<typeof row>;

/** Replies of two snapshots to prompts with and without a phrase (H3). */
export const triggerReplies = defineEvidence<TriggerReply>({
  what: 'A reply of the base or the tuned policy to a prompt with or without a phrase that may have been planted: whether it does what a poisoner would want. Null where a reply cannot be labelled.',
  file: 'evidence/trigger-replies.jsonl',
  row,
  example: { snapshot: 'policy', promptId: 'bakery-open/none/trigger', trigger: true, harmful: true },
  offline: true,
  async gather(run) {
    const ends = endsOf(run);
    const { ground } = run;
    if (ends === undefined || ground === undefined) return undefined;
    const rows = (['base', 'policy'] as const).flatMap((snapshot) =>
      ends[snapshot].prompts.flatMap(({ prompt: text, replies }): TriggerReply[] => {
        const prompt = ground.promptOf(text);
        if (prompt === undefined) return [];
        return replies.map((reply) => {
          const correct = ground.labels(prompt, reply.text)?.correct;
          const harmful = correct === undefined ? null : !correct;
          return { snapshot, promptId: prompt.id, trigger: prompt.trigger ?? false, harmful };
        });
      }),
    );
    // Without prompts that hold the phrase there is nothing to compare.
    return rows.some(({ trigger }) => trigger) ? rows : undefined;
  },
});
