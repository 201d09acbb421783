import { normalQuantile } from '../../stats/index.ts';
import { oppositeOrders, type TwoTypes } from '../opposite-orders.ts';
import { count, defineProbe, probeParams } from '../probe.ts';
import { typeVotes } from '../type-votes.ts';

/** The majorities of the two types point opposite ways. */
const isOpposed = ({ a, b }: TwoTypes): boolean => (2 * a.first - a.n) * (2 * b.first - b.n) < 0;

/**
 * H10: does it matter in which way people were asked? The same pairs, judged in two types of feedback: the share that one type orders
 * one way and the other type the other way. Types may differ in noise, and pairs in how clear they are: both are fitted, and only
 * what they leave counts. Among several types the two that differ most are reported, at a level that allows for the search. One
 * pair in twenty would change its order with the type at .05, one in five at .2. It cannot see which type is right, and needs
 * every pair twice in either type.
 */
export const typeReversal = defineProbe({
  id: 'type-reversal',
  challenge: 'H10',
  question: 'Do two types of feedback order the same replies oppositely?',
  citation: 'Ethayarajh and Jurafsky 2022; Laird 1978',
  estimand:
    'share of pairs of replies that two types of feedback order oppositely, beyond what the noise of either explains',
  needs: ['items', 'judgments'],
  params: probeParams({ concern: 0.05, failure: 0.2 }, { leastPairs: count(30, 2) }),
  run({ items, judgments }, { level, leastPairs }) {
    const all = typeVotes(items, judgments);
    const enough = all.filter(({ pairs }) => pairs.length >= leastPairs);
    const most = Math.max(0, ...all.map(({ pairs }) => pairs.length));
    if (enough.length === 0)
      return {
        notAssessed: 'too-little-evidence',
        n: most,
        details: { how: 'ask for the same pairs in two types, each twice or more: comparisons and ratings, say' },
      };
    const z = normalQuantile(1 - (1 - level) / 2 / enough.length);
    const each = enough.map((own) => ({ ...own, found: oppositeOrders(own.pairs, z) }));
    const worst = each.reduce((a, b) =>
      b.found.low > a.found.low || (b.found.low === a.found.low && b.found.share > a.found.share) ? b : a,
    );
    return {
      estimate: worst.found.share,
      interval: { low: worst.found.low, high: Math.max(...each.map(({ found }) => found.high)) },
      n: worst.pairs.length,
      unscored: most - worst.pairs.length,
      details: {
        types: worst.types.join(' and '),
        majoritiesOpposed: worst.pairs.filter(isOpposed).length / worst.pairs.length,
        ...(each.length > 1 && {
          each: each.map(({ types, found }) => ({
            types: types.join(' and '),
            share: found.share,
            low: found.low,
            high: found.high,
          })),
        }),
        opposedPairs: worst.names.filter((_, i) => isOpposed(worst.pairs[i]!)).slice(0, 10),
      },
    };
  },
});
