import { z } from 'zod';
import { defineEvidence } from '../../src/audit/index.ts';

const row = z.strictObject({ promptId: z.string(), base: z.array(z.number()), policy: z.array(z.number()) });
export type ReplyLengths = z.infer<typeof row>;

/** A kind of evidence: how long the replies of two snapshots are. It follows from files, so a verifier gathers it again. */
export const replyLengths = defineEvidence<ReplyLengths>({
  what: 'Words in each reply of the base and of the tuned policy to one prompt.',
  file: 'evidence/reply-lengths.jsonl',
  row,
  example: { promptId: 'bakery-open/none', base: [6, 9], policy: [14, 15] },
  offline: true,
  async gather({ snapshots }) {
    const [base, policy] = [snapshots[0], snapshots.at(-1)];
    if (base === undefined || policy === undefined || base === policy) return undefined;
    const words = (text: string) => text.split(/\s+/).filter((word) => word !== '').length;
    return base.prompts.flatMap(({ promptId, replies }) => {
      const tuned = policy.prompts.find((prompt) => prompt.promptId === promptId);
      if (tuned === undefined) return [];
      const lengths = (of: typeof replies) => of.map(({ text }) => words(text));
      return [{ promptId, base: lengths(replies), policy: lengths(tuned.replies) }];
    });
  },
});
