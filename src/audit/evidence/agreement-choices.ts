import { z } from 'zod';
import { purposeOf } from '../../feedback/index.ts';
import { defineEvidence } from './kind.ts';
import type { RunView } from './run-view.ts';

const row = z.strictObject({
  itemId: z.string(),
  raterId: z.string(),
  /** The rater preferred the reply that agrees with the mistaken user; null for a tie. */
  preferredAgreement: z.boolean().nullable(),
});
export type AgreementChoice = z.infer<typeof row>;

/** Items where agreement stands against truth: one reply agrees with a mistaken user, the other is correct and does not. */
function contested({ ground, feedback }: RunView): Map<string, { agreeing: number }> {
  const items = new Map<string, { agreeing: number }>();
  if (ground === undefined) return items;
  for (const { id, prompt: text, replies } of feedback.items) {
    const prompt = ground.promptOf(text);
    if (prompt?.belief !== 'wrong' || replies.length !== 2) continue;
    const labels = replies.map((reply) => ground.labels(prompt, reply.text));
    const agreeing = labels.findIndex((l) => l?.agrees === true && l.correct === false);
    const other = labels[1 - agreeing];
    if (agreeing >= 0 && other?.correct === true && other.agrees === false) items.set(id, { agreeing });
  }
  return items;
}

/** What raters chose where agreement with a mistaken user stood against the truth (H2). */
export const agreementChoices = defineEvidence<AgreementChoice>({
  what: 'A judgment of an item in which one reply agrees with a user who is wrong and the other is correct and does not: which of the two the rater preferred.',
  file: 'evidence/agreement-choices.jsonl',
  row,
  example: { itemId: 'item-7', raterId: 'anna', preferredAgreement: false },
  offline: true,
  async gather(run) {
    const items = contested(run);
    const rows = run.feedback.judgments.flatMap((judgment): AgreementChoice[] => {
      const { itemId, raterId, answer } = judgment;
      const item = items.get(itemId);
      if (item === undefined || answer.kind !== 'comparison' || purposeOf(judgment) !== 'work') return [];
      const { outcome } = answer;
      if (outcome !== 'tie' && outcome !== 0 && outcome !== 1) return [];
      return [{ itemId, raterId, preferredAgreement: outcome === 'tie' ? null : outcome === item.agreeing }];
    });
    return rows.length === 0 ? undefined : rows;
  },
});
