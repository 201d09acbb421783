import { z } from 'zod';
import {
  comparedReplies,
  currentJudgments,
  type Item,
  type Judgment,
  purposeOf,
  type RaterProfile,
} from '../feedback/index.ts';
import { addTo } from '../run/index.ts';
import { clusterShare, matchedShare } from '../stats/index.ts';
import { type Ask, judgedBy, pairShare, pairsOf } from './judge.ts';

const intervalSchema = z.strictObject({ low: z.number(), high: z.number(), level: z.number() });
/** A mean over pairs with an interval that takes items as drawn whole, or why there is none. */
const estimateSchema = z.union([
  z.strictObject({ value: z.number(), interval: intervalSchema, items: z.int(), pairs: z.int() }),
  z.strictObject({ notAssessed: z.string() }),
]);
export type JudgeEstimate = z.infer<typeof estimateSchema>;
/** What a judge prefers, what those it is held against prefer of the same pairs, and how much more the judge does. */
const leaningSchema = z.strictObject({ judge: estimateSchema, others: estimateSchema, excess: estimateSchema });
const countsSchema = z.record(z.string(), z.number());

/** What is known of a model judge from its judgments and the others of the same items. */
export const judgeMeasureSchema = z.strictObject({
  raterId: z.string(),
  model: z.string(),
  /** Version of its instructions. */
  prompt: z.string(),
  temperature: z.string(),
  principles: z.array(z.string()),
  items: z.strictObject({ judged: z.int(), unscored: z.int() }),
  asks: z.strictObject({
    n: z.int(),
    ties: z.int(),
    /** Verdicts by what they were read from. */
    by: countsSchema,
    /** Questions without a verdict, by the reason. */
    unscored: countsSchema,
  }),
  position: z.strictObject({
    /** Share of verdicts for the reply shown first, over both orders of each pair: ½ without a bias. */
    first: estimateSchema,
    /** Share of pairs of which both orders say the same. */
    consistent: estimateSchema,
  }),
  /** Share for the longer reply, of pairs that differ in length. */
  length: leaningSchema,
  /** Share for the reply that the judge's own model wrote, of pairs in which one is. */
  self: leaningSchema,
  /** Whom it is held against: people, and simulated raters where there are none. */
  against: z.enum(['people', 'simulated', 'nobody']),
  agreement: z.strictObject({
    /** Share of pairs on which it prefers what most others do, a tie of its counted as one half. */
    others: estimateSchema,
    /** One less that: its error rate against them. */
    error: estimateSchema,
    /** The same share for one of the others against the rest of them: what noise allows. */
    ceiling: estimateSchema,
    /** Against known answers. */
    gold: estimateSchema,
    /** Pairs left out because the others are divided in equal parts. */
    divided: z.int(),
  }),
});
export type JudgeMeasure = z.infer<typeof judgeMeasureSchema>;

/** Values of 0 to 1 over the pairs of an item. */
type Values = ReadonlyMap<string, readonly number[]>;

/** Estimates need items that could differ. */
const LEAST_ITEMS = 2;

/** Values of items that are drawn whole; of one value an item, ties and differences may be most of them. */
function shareOf(items: readonly (readonly number[])[]) {
  const singles = items.every((list) => list.length === 1);
  const count = (value: number) => items.filter(([first]) => first === value).length;
  const [ones, zeros, halves] = [count(1), count(0), count(0.5)];
  if (singles && halves > 0 && ones + zeros + halves === items.length)
    return matchedShare({ ones, zeros, n: items.length });
  return clusterShare(
    items.map((list) => ({ right: list.reduce((a, b) => a + b, 0), counted: list.length })),
    { singles },
  );
}

function estimate(values: Values, why: string, scale = (share: number) => share): JudgeEstimate {
  const used = [...values.values()].filter((list) => list.length > 0);
  if (used.length < LEAST_ITEMS) return { notAssessed: used.length === 0 ? why : 'one item shows nothing of others' };
  const { value, interval } = shareOf(used);
  return {
    value: scale(value),
    interval: { low: scale(interval.low), high: scale(interval.high), level: interval.level },
    items: used.length,
    pairs: used.reduce((sum, list) => sum + list.length, 0),
  };
}

/** 1 for the first, 0 for the second, ½ for neither. */
const side = (share: number): number => (share > 0.5 ? 1 : share < 0.5 ? 0 : 0.5);

/** Preferences of the others for the first of a pair, one for each of them, by item and pair. */
type Others = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;
const pairKey = (i: number, j: number) => `${i} ${j}`;

function preferencesOf(judgments: readonly Judgment[], items: ReadonlyMap<string, Item>): Others {
  const by = new Map<string, Map<string, Map<string, number>>>();
  for (const judgment of judgments) {
    const item = items.get(judgment.itemId);
    if (item === undefined || purposeOf(judgment) !== 'work') continue;
    const compared = comparedReplies(judgment, item);
    if (typeof compared === 'string') continue;
    const pairs = by.get(item.id) ?? new Map<string, Map<string, number>>();
    by.set(item.id, pairs);
    for (const { first, second, target } of compared) {
      const [i, j, share] = first < second ? [first, second, target] : [second, first, 1 - target];
      const votes = pairs.get(pairKey(i, j)) ?? new Map<string, number>();
      // One person has one voice on a pair, however often they were asked: the last.
      pairs.set(pairKey(i, j), votes.set(judgment.raterId, share));
    }
  }
  return new Map(
    [...by].map(([id, pairs]) => [id, new Map([...pairs].map(([key, votes]) => [key, [...votes.values()]]))]),
  );
}

interface Pair {
  readonly item: Item;
  readonly i: number;
  readonly j: number;
  /** Preference of the judge for the first. */
  readonly share: number;
  readonly asks: readonly Ask[];
  /** What most others prefer; undefined where they say nothing. */
  readonly others: number | undefined;
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** A value of some pairs, those without left out. */
function valuesOf(pairs: readonly Pair[], value: (pair: Pair) => number | undefined): Values {
  const by = new Map<string, number[]>();
  for (const pair of pairs) {
    const found = value(pair);
    if (found !== undefined) by.set(pair.item.id, [...(by.get(pair.item.id) ?? []), found]);
  }
  return by;
}

/** What is preferred where one reply of a pair has something that the other has not: 0 the first has it, 1 the second. */
function leaning(pairs: readonly Pair[], has: (pair: Pair) => 0 | 1 | undefined, why: string): JudgeMeasure['length'] {
  const towards = (pair: Pair, share: number | undefined) => {
    const which = has(pair);
    return which === undefined || share === undefined ? undefined : which === 0 ? side(share) : 1 - side(share);
  };
  const both = (pair: Pair) => {
    const [judge, others] = [towards(pair, pair.share), towards(pair, pair.others)];
    return judge === undefined || others === undefined ? undefined : (1 + judge - others) / 2;
  };
  const alone = 'nobody else judged such pairs';
  return {
    judge: estimate(
      valuesOf(pairs, (pair) => towards(pair, pair.share)),
      why,
    ),
    others: estimate(
      valuesOf(pairs, (pair) => towards(pair, pair.others)),
      alone,
    ),
    excess: estimate(valuesOf(pairs, both), alone, (share) => 2 * share - 1),
  };
}

/** How an order of a pair came out, over all principles: the preference for the first of the pair. */
function inOrder({ asks, i }: Pair, first: 'first' | 'second'): number {
  const own = asks.filter(({ shown }) => (shown[0] === i) === (first === 'first'));
  const total = own.reduce((sum, { weight }) => sum + weight, 0);
  return (
    own.reduce((sum, { shown, share, weight }) => sum + weight * (shown[0] === i ? share! : 1 - share!), 0) / total
  );
}

function positionOf(pairs: readonly Pair[]): JudgeMeasure['position'] {
  const why = 'no pair has a verdict in both orders';
  const orders = (pair: Pair) => [side(inOrder(pair, 'first')), side(inOrder(pair, 'second'))] as const;
  return {
    first: estimate(
      valuesOf(pairs, (pair) => {
        const [shownFirst, shownSecond] = orders(pair);
        return (shownFirst + 1 - shownSecond) / 2;
      }),
      why,
    ),
    consistent: estimate(
      valuesOf(pairs, (pair) => {
        const [shownFirst, shownSecond] = orders(pair);
        return Number(shownFirst === shownSecond);
      }),
      why,
    ),
  };
}

/** Agreement of a share with a majority: 1, 0, ½ for a tie of its own; undefined where the majority is none. */
function agrees(share: number, majority: number | undefined): number | undefined {
  if (majority === undefined || side(majority) === 0.5) return undefined;
  return side(share) === 0.5 ? 0.5 : Number(side(share) === side(majority));
}

/** How often one of the others agrees with the rest, over pairs with at least three of them. */
function ceilingOf(pairs: readonly Pair[], others: Others): JudgeEstimate {
  const values = valuesOf(pairs, ({ item, i, j }) => {
    const votes = others.get(item.id)?.get(pairKey(i, j)) ?? [];
    if (votes.length < 3) return undefined;
    const each = votes.flatMap((vote, k) => agrees(vote, mean(votes.filter((_, other) => other !== k))) ?? []);
    return each.length === 0 ? undefined : mean(each);
  });
  return estimate(values, 'no pair was judged by three others');
}

function goldOf({ item: { gold }, i, j, share }: Pair): number | undefined {
  if (typeof gold !== 'number' || (gold !== i && gold !== j)) return undefined;
  return agrees(share, gold === i ? 1 : 0);
}

const notOne = (found: JudgeEstimate): JudgeEstimate =>
  'notAssessed' in found
    ? found
    : {
        ...found,
        value: 1 - found.value,
        interval: { low: 1 - found.interval.high, high: 1 - found.interval.low, level: found.interval.level },
      };

function againstOf(
  judgments: readonly Judgment[],
  raters: readonly RaterProfile[],
): { readonly against: JudgeMeasure['against']; readonly theirs: readonly Judgment[] } {
  const kinds = new Map(raters.map(({ id, kind }) => [id, kind]));
  const kindOf = ({ raterId, source }: Judgment) =>
    kinds.get(raterId) ?? (source === 'simulated' || source === 'model' ? source : 'human');
  for (const [kind, against] of [
    ['human', 'people'],
    ['simulated', 'simulated'],
  ] as const) {
    const theirs = judgments.filter((judgment) => kindOf(judgment) === kind);
    if (theirs.length > 0) return { against, theirs };
  }
  return { against: 'nobody', theirs: [] };
}

export interface MeasuredFeedback {
  readonly items: readonly Item[];
  readonly judgments: readonly Judgment[];
  readonly raters: readonly RaterProfile[];
  /** What replies call the judge's own model; the judge's name when absent. */
  readonly own?: string | undefined;
}

/** Every model judge among some judgments, measured on the items that it judged. Pure: the same records, the same numbers. */
export function measureJudges({ items, judgments, raters, own }: MeasuredFeedback): JudgeMeasure[] {
  if (!judgments.some((judgment) => judgedBy(judgment) !== undefined)) return [];
  const byId = new Map(items.map((item) => [item.id, item]));
  const standing = currentJudgments(judgments);
  const judged = standing.flatMap((judgment) => {
    const as = judgedBy(judgment);
    const item = byId.get(judgment.itemId);
    return as === undefined || item === undefined ? [] : [{ judgment, as, item }];
  });
  if (judged.length === 0) return [];
  const { against, theirs } = againstOf(standing, raters);
  const others = preferencesOf(theirs, byId);
  return [...new Set(judged.map(({ judgment }) => judgment.raterId))].sort().map((raterId) => {
    const work = judged.filter(({ judgment }) => judgment.raterId === raterId);
    const { model, prompt, temperature } = work[0]!.as;
    const asks = work.flatMap(({ as }) => as.asks);
    const pairs = work.flatMap(({ as, item }) =>
      pairsOf(item.replies.length).flatMap(([i, j]): Pair[] => {
        const share = pairShare(as.asks, i, j);
        if (share === null) return [];
        const votes = others.get(item.id)?.get(pairKey(i, j));
        const between = as.asks.filter(({ shown }) => shown.includes(i) && shown.includes(j));
        return [{ item, i, j, share, asks: between, others: votes === undefined ? undefined : mean(votes) }];
      }),
    );
    const name = own ?? model;
    const counts = { by: {} as Record<string, number>, unscored: {} as Record<string, number> };
    for (const { by, why } of asks)
      addTo(by === undefined ? counts.unscored : counts.by, by ?? why ?? 'no reason kept');
    const agreed = estimate(
      valuesOf(pairs, (pair) => agrees(pair.share, pair.others)),
      against === 'nobody' || pairs.every(({ others: most }) => most === undefined)
        ? 'nobody else judged these items'
        : 'the others are divided equally on every pair',
    );
    return {
      ...{ raterId, model, prompt, temperature },
      principles: [...new Set(asks.map(({ principle }) => principle))],
      items: {
        judged: work.length,
        unscored: work.filter(({ as }) => as.asks.some(({ share }) => share === null)).length,
      },
      asks: { n: asks.length, ties: asks.filter(({ share }) => share === 0.5).length, ...counts },
      position: positionOf(pairs),
      length: leaning(
        pairs,
        ({ item: { replies }, i, j }) => {
          const [a, b] = [replies[i]!.text.length, replies[j]!.text.length];
          return a === b ? undefined : a > b ? 0 : 1;
        },
        'no two replies differ in length',
      ),
      self: leaning(
        pairs,
        ({ item: { replies }, i, j }) => {
          const [a, b] = [replies[i]!.model === name, replies[j]!.model === name];
          return a === b ? undefined : a ? 0 : 1;
        },
        `no pair holds one reply of ${name}`,
      ),
      against,
      agreement: {
        others: agreed,
        error: notOne(agreed),
        ceiling: ceilingOf(pairs, others),
        gold: estimate(valuesOf(pairs, goldOf), 'no item has a known answer'),
        divided: pairs.filter(({ others: most }) => most !== undefined && side(most) === 0.5).length,
      },
    };
  });
}
