import { z } from 'zod';
import { currentJudgments, type Item, purposeOf } from '../../feedback/index.ts';
import { defineEvidence } from './kind.ts';
import type { RunView } from './run-view.ts';

const row = z.strictObject({
  itemId: z.string(),
  raterId: z.string(),
  /** How difficult the item is: any number that grows with it. */
  difficulty: z.number(),
  /** The rater chose the known answer; null where he found none better, which counts as what a guess is worth. */
  correct: z.boolean().nullable(),
});
export type KnownAnswer = z.infer<typeof row>;

/** The place of the known answer: on a ground the only correct reply, elsewhere the item's gold. */
function answerTo({ ground }: RunView, { prompt: text, replies, gold }: Item): number | undefined {
  const prompt = ground?.promptOf(text);
  if (prompt === undefined) return typeof gold === 'number' ? gold : undefined;
  const correct = replies.flatMap((reply, i) => (ground!.labels(prompt, reply.text)?.correct === true ? [i] : []));
  return correct.length === 1 && replies.length > 1 ? correct[0] : undefined;
}

const difficultyOf = ({ strata = {} }: Item): number =>
  Object.hasOwn(strata, 'difficulty') && strata.difficulty!.trim() !== '' ? Number(strata.difficulty) : Number.NaN;

/** Judgments against known answers, by difficulty (H6). */
export const knownAnswers = defineEvidence<KnownAnswer>({
  what: 'A judgment of an item whose answer is known and whose difficulty is given: whether the rater chose the answer. A run takes it from items with one correct reply, or with gold, and a number as the stratum `difficulty`.',
  file: 'evidence/known-answers.jsonl',
  row,
  example: { itemId: 'item-7', raterId: 'anna', difficulty: 4, correct: true },
  offline: true,
  async gather(run) {
    const items = new Map(
      run.feedback.items.flatMap((item) => {
        const [answer, difficulty] = [answerTo(run, item), difficultyOf(item)];
        return answer === undefined || !Number.isFinite(difficulty) ? [] : [[item.id, { answer, difficulty }] as const];
      }),
    );
    if (items.size === 0) return undefined;
    const rows = currentJudgments(run.feedback.judgments).flatMap((judgment): KnownAnswer[] => {
      const { itemId, raterId, answer } = judgment;
      const item = items.get(itemId);
      if (item === undefined || answer.kind !== 'comparison' || !['work', 'gold'].includes(purposeOf(judgment)))
        return [];
      const { difficulty } = item;
      const { outcome } = answer;
      // Who says that he cannot judge is not mistaken.
      if (outcome === 'cant-judge') return [];
      return [{ itemId, raterId, difficulty, correct: typeof outcome === 'number' ? outcome === item.answer : null }];
    });
    return rows.length === 0 ? undefined : rows;
  },
});
