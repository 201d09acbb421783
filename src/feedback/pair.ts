import { addTo } from '../run/index.ts';
import { answerProblem } from './answer-kinds.ts';
import { currentJudgments } from './fold.ts';
import type { Item } from './item.ts';
import { type Judgment, purposeOf } from './judgment.ts';

/**
 * A comparison as the reward model sees it (Eq. 2 of Casper et al. 2023): one rater's judgment of two replies.
 * Ties are soft targets, not dropped. At least one record per judgment, so disagreement stays in the data.
 */
export interface PreferencePair {
  readonly judgmentId: string;
  readonly itemId: string;
  readonly raterId: string;
  readonly prompt: string;
  readonly first: string;
  readonly second: string;
  /** Probability that `first` is preferred: 1, 0, 0.5 for a tie, or between them where the answer states shares. */
  readonly target: number;
  /** Pairs of one judgment share a weight of 1 (of its votes, where it counts some): a ranking is not many judgments. */
  readonly weight: number;
  /** True when `first` was displayed first; null where the source did not record the order. */
  readonly firstShownFirst: boolean | null;
  readonly strata: Readonly<Record<string, string>>;
}

/** How a ranking becomes pairs: every pair, neighbours only, or the best against each of the rest. */
export type RankingExpansion = 'all' | 'adjacent' | 'best-rest';

/** Pairs of groups (best first) that an expansion compares, by index of group; equal indices are ties within a group. */
const GROUP_PAIRS: { readonly [E in RankingExpansion]: (a: number, b: number) => boolean } = {
  all: () => true,
  adjacent: (a, b) => b - a <= 1,
  'best-rest': (a) => a === 0,
};

/** Reply indices with the target for the first, each pair once. */
export function expandRanking(
  groups: readonly (readonly number[])[],
  expansion: RankingExpansion = 'all',
): { first: number; second: number; target: number }[] {
  const compared = GROUP_PAIRS[expansion];
  return groups.flatMap((group, a) => [
    ...group.flatMap((first, i) =>
      compared(a, a) ? group.slice(i + 1).map((second) => ({ first, second, target: 0.5 })) : [],
    ),
    ...groups
      .slice(a + 1)
      .flatMap((lower, i) =>
        compared(a, a + 1 + i) ? group.flatMap((first) => lower.map((second) => ({ first, second, target: 1 }))) : [],
      ),
  ]);
}

/** Comparisons as reward data, and what could not be used, counted by reason and never dropped silently. */
export interface Pairs {
  readonly pairs: PreferencePair[];
  readonly unscored: Readonly<Record<string, number>>;
}

/** Shares among k replies as pairs: the target is the first reply's part of what the two have. */
function softPairs(shares: readonly number[]): { first: number; second: number; target: number }[] | string {
  const pairs = shares.flatMap((share, first) =>
    shares.slice(first + 1).flatMap((other, i) => {
      const both = share + other;
      return both === 0 ? [] : [{ first, second: first + 1 + i, target: share / both }];
    }),
  );
  return pairs.length === 0 ? 'no-share' : pairs;
}

/** What a judgment says about pairs of replies, or why it says nothing. */
export function comparedReplies(
  { answer }: Pick<Judgment, 'answer'>,
  item: Item,
  expansion: RankingExpansion = 'all',
): { first: number; second: number; target: number }[] | string {
  if (answer.kind !== 'ranking' && answer.kind !== 'comparison') return `kind-${answer.kind}`;
  if (answerProblem(answer, item) !== undefined) return 'does-not-fit-item';
  if (answer.kind === 'ranking') {
    const pairs = expandRanking(answer.groups, expansion);
    return pairs.length === 0 ? 'fewer-than-two-ranked' : pairs;
  }
  const { outcome, shares } = answer;
  if (outcome === 'cant-judge' || outcome === 'both-bad') return outcome;
  const all = item.replies.map((_, i) => i);
  if (shares !== undefined) return softPairs(shares);
  if (outcome === 'tie') return expandRanking([all]);
  return all.filter((reply) => reply !== outcome).map((second) => ({ first: outcome, second, target: 1 }));
}

/** How many votes a judgment is: what it counts, or one. */
export const votesOf = ({ answer }: Pick<Judgment, 'answer'>): number =>
  answer.kind === 'comparison' ? (answer.votes ?? 1) : 1;

/**
 * Turns comparisons and rankings of work items into preference pairs. Within a pair the reply of lower index is `first`
 * whatever was preferred, so that the place says nothing.
 */
export function toPairs(
  items: readonly Item[],
  judgments: readonly Judgment[],
  { expansion = 'all' }: { readonly expansion?: RankingExpansion } = {},
): Pairs {
  const byId = new Map(items.map((item) => [item.id, item]));
  const pairs: PreferencePair[] = [];
  const unscored: Record<string, number> = {};
  for (const judgment of currentJudgments(judgments)) {
    const item = byId.get(judgment.itemId);
    const purpose = purposeOf(judgment);
    const compared =
      item === undefined
        ? 'unknown-item'
        : purpose !== 'work'
          ? `purpose-${purpose}`
          : comparedReplies(judgment, item, expansion);
    if (typeof compared === 'string') {
      addTo(unscored, compared);
      continue;
    }
    const { order } = judgment.presentation;
    for (const { first, second, target } of compared) {
      const [low, high] = first < second ? [first, second] : [second, first];
      pairs.push({
        judgmentId: judgment.id,
        itemId: item!.id,
        raterId: judgment.raterId,
        prompt: item!.prompt,
        first: item!.replies[low]!.text,
        second: item!.replies[high]!.text,
        target: first < second ? target : 1 - target,
        weight: votesOf(judgment) / compared.length,
        firstShownFirst: order.includes(low) && order.includes(high) ? order.indexOf(low) < order.indexOf(high) : null,
        strata: item!.strata ?? {},
      });
    }
  }
  return { pairs, unscored };
}
