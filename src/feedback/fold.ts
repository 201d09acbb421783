import type { Item, Judgment } from './judgment.ts';
import type { PreferencePair } from './pair.ts';

/** The judgments that stand: those no later record supersedes. The input is the whole history, in order. */
export function currentJudgments(history: readonly Judgment[]): Judgment[] {
  const replaced = new Set(history.flatMap((judgment) => judgment.supersedes ?? []));
  return history.filter((judgment) => !replaced.has(judgment.id));
}

/** Comparisons as reward data, and what could not be used, counted by reason and never dropped silently. */
export interface Pairs {
  readonly pairs: PreferencePair[];
  readonly unscored: Readonly<Record<string, number>>;
}

/** Turns comparisons of two replies into preference pairs: the first reply of the item is `first`, a tie is target ½. */
export function toPairs(items: readonly Item[], judgments: readonly Judgment[]): Pairs {
  const byId = new Map(items.map((item) => [item.id, item]));
  const pairs: PreferencePair[] = [];
  const unscored: Record<string, number> = {};
  const skip = (reason: string) => {
    unscored[reason] = (unscored[reason] ?? 0) + 1;
  };
  for (const judgment of currentJudgments(judgments)) {
    const item = byId.get(judgment.itemId);
    const { answer, presentation } = judgment;
    if (item === undefined) skip('unknown-item');
    else if (answer.kind !== 'comparison') skip(`kind-${answer.kind}`);
    else if (item.replies.length !== 2) skip('not-two-replies');
    else if (answer.outcome === 'cant-judge' || answer.outcome === 'both-bad') skip(answer.outcome);
    else {
      pairs.push({
        judgmentId: judgment.id,
        itemId: item.id,
        raterId: judgment.raterId,
        prompt: item.prompt,
        first: item.replies[0]!.text,
        second: item.replies[1]!.text,
        target: answer.outcome === 'tie' ? 0.5 : answer.outcome === 0 ? 1 : 0,
        weight: 1,
        firstShownFirst: presentation.order.length === 2 ? presentation.order[0] === 0 : null,
        strata: item.strata ?? {},
      });
    }
  }
  return { pairs, unscored };
}
