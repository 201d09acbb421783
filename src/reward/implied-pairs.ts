import {
  type AnswerKind,
  answerProblem,
  currentJudgments,
  type Item,
  type Judgment,
  type PreferencePair,
  purposeOf,
  toPairs,
} from '../feedback/index.ts';
import { addTo } from '../run/index.ts';

/** Comparisons that answers of several kinds imply, each with the kind of the answer behind it. */
export interface ImpliedPairs {
  readonly pairs: readonly PreferencePair[];
  readonly kindOf: ReadonlyMap<string, AnswerKind>;
  /** Judgments that order no two texts, by reason. */
  readonly unscored: Readonly<Record<string, number>>;
}

/** The mean value of each reply over criteria and repeats. */
function ratedReplies(answer: Extract<Judgment['answer'], { kind: 'rating' }>): Map<number, number> {
  const sums = new Map<number, { sum: number; n: number }>();
  for (const { reply, value } of answer.values) {
    const { sum, n } = sums.get(reply) ?? { sum: 0, n: 0 };
    sums.set(reply, { sum: sum + value, n: n + 1 });
  }
  return new Map([...sums].map(([reply, { sum, n }]) => [reply, sum / n]));
}

/**
 * Comparisons and rankings as `toPairs` reads them; of ratings every two replies that the same person rated at once, by the mean over
 * criteria, equal means as ties; of corrections the corrected text over the one it corrects. A label, a mark, a step, a critique
 * or a demonstration orders no two texts that were in sight: such answers are counted.
 */
export function impliedPairs(items: readonly Item[], judgments: readonly Judgment[]): ImpliedPairs {
  const byId = new Map(items.map((item) => [item.id, item]));
  const compared = toPairs(items, judgments);
  const pairs = [...compared.pairs];
  const unscored: Record<string, number> = { ...compared.unscored };
  const kindOf = new Map(judgments.map(({ id, answer }) => [id, answer.kind]));
  for (const judgment of currentJudgments(judgments)) {
    const { answer } = judgment;
    const item = byId.get(judgment.itemId);
    if (item === undefined || purposeOf(judgment) !== 'work' || answerProblem(answer, item) !== undefined) continue;
    const source = { judgmentId: judgment.id, itemId: item.id, raterId: judgment.raterId, prompt: item.prompt };
    const rest = { ...source, firstShownFirst: null, strata: item.strata ?? {} };
    const found: PreferencePair[] = [];
    if (answer.kind === 'rating') {
      const rated = [...ratedReplies(answer)].sort(([a], [b]) => a - b);
      for (const [i, [low, lowValue]] of rated.entries())
        for (const [high, highValue] of rated.slice(i + 1)) {
          const target = lowValue === highValue ? 0.5 : Number(lowValue > highValue);
          const texts = { first: item.replies[low]!.text, second: item.replies[high]!.text };
          found.push({ ...rest, ...texts, target, weight: 1 });
        }
    } else if (answer.kind === 'correction') {
      const before = item.replies[answer.reply]!.text;
      if (before !== answer.text) found.push({ ...rest, first: before, second: answer.text, target: 0, weight: 1 });
    } else continue;
    if (found.length === 0) continue;
    addTo(unscored, `kind-${answer.kind}`, -1);
    for (const pair of found) pairs.push({ ...pair, weight: 1 / found.length });
  }
  return {
    pairs,
    kindOf,
    unscored: Object.fromEntries(Object.entries(unscored).filter(([, n]) => n > 0)),
  };
}
