import {
  type Answer,
  comparedReplies,
  currentJudgments,
  type Item,
  type Judgment,
  purposeOf,
} from '../feedback/index.ts';
import type { TwoTypes } from './opposite-orders.ts';

/** Types of feedback that order replies: by choice, or by values. */
export type OrderingType = 'comparison' | 'ranking' | 'rating';
const TYPES: readonly OrderingType[] = ['comparison', 'ranking', 'rating'];

const isOrdering = (kind: string): kind is OrderingType => TYPES.some((type) => type === kind);

/** What one judgment says of two replies: above zero for the first; nothing where it does not say. */
function differences(judgment: Judgment, item: Item): { pair: string; difference: number }[] {
  const { answer } = judgment;
  if (answer.kind === 'rating') return ratedDifferences(answer);
  const compared = comparedReplies(judgment, item);
  if (typeof compared === 'string') return [];
  return compared.map(({ first, second, target }) =>
    first < second
      ? { pair: `${first}/${second}`, difference: target - 0.5 }
      : { pair: `${second}/${first}`, difference: 0.5 - target },
  );
}

/** Differences of the mean value over criteria that both replies of a pair were rated on. */
function ratedDifferences({ values }: Extract<Answer, { kind: 'rating' }>): { pair: string; difference: number }[] {
  const byReply = new Map<number, Map<string, number>>();
  for (const { reply, criterion, value } of values) {
    const own = byReply.get(reply) ?? new Map<string, number>();
    byReply.set(reply, own);
    own.set(criterion, value);
  }
  const replies = [...byReply.keys()].sort((a, b) => a - b);
  return replies.flatMap((first, i) =>
    replies.slice(i + 1).flatMap((second) => {
      const [one, other] = [byReply.get(first)!, byReply.get(second)!];
      const shared = [...one.keys()].filter((criterion) => other.has(criterion));
      if (shared.length === 0) return [];
      const sum = shared.reduce((total, criterion) => total + one.get(criterion)! - other.get(criterion)!, 0);
      return [{ pair: `${first}/${second}`, difference: sum / shared.length }];
    }),
  );
}

/** Votes that ratings are made into. */
const RATING_VOTES = 3;

/**
 * Differences as votes. A choice is a vote. Values speak by their mean, which a rare large one can turn: each third of the judgments
 * (each judgment, where there are fewer) is one vote by the sign of its mean. No difference is no vote.
 */
function votesOf(type: OrderingType, given: readonly number[]): { first: number; n: number } {
  const votes =
    type === 'rating'
      ? Array.from({ length: Math.min(RATING_VOTES, given.length) }, (_, part) =>
          given.reduce((sum, value, i) => sum + (i % RATING_VOTES === part ? value : 0), 0),
        )
      : given;
  return { first: votes.filter((vote) => vote > 0).length, n: votes.filter((vote) => vote !== 0).length };
}

export interface TypePair {
  readonly types: readonly [OrderingType, OrderingType];
  readonly pairs: readonly TwoTypes[];
  /** Where each stands: item and places of the replies. */
  readonly names: readonly string[];
}

/** Pairs of replies that were judged at least twice in either of two types, for every two types that there are. */
export function typeVotes(items: readonly Item[], judgments: readonly Judgment[]): TypePair[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  const found = new Map<string, Map<OrderingType, number[]>>();
  for (const judgment of currentJudgments(judgments)) {
    const item = byId.get(judgment.itemId);
    const { kind } = judgment.answer;
    if (item === undefined || purposeOf(judgment) !== 'work' || !isOrdering(kind)) continue;
    for (const { pair, difference } of differences(judgment, item)) {
      const name = `${item.id} ${pair}`;
      const types = found.get(name) ?? new Map<OrderingType, number[]>();
      found.set(name, types);
      const own = types.get(kind) ?? [];
      types.set(kind, own);
      own.push(difference);
    }
  }
  return TYPES.flatMap((a, i) =>
    TYPES.slice(i + 1).flatMap((b): TypePair[] => {
      const both = [...found].flatMap(([name, types]) => {
        const votes = { a: votesOf(a, types.get(a) ?? []), b: votesOf(b, types.get(b) ?? []) };
        return Math.min(votes.a.n, votes.b.n) < 2 ? [] : [{ name, votes }];
      });
      if (both.length === 0) return [];
      return [{ types: [a, b], pairs: both.map(({ votes }) => votes), names: both.map(({ name }) => name) }];
    }),
  );
}
