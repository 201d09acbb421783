import { binomialUpperTail, wilson } from '../../stats/index.ts';
import { type Detector, evidence, fdrCut } from '../detector.ts';
import { LEAST_PAIRS, LEAST_SHARED, MAX_RATERS_OF_UNIT } from '../rater-pairs.ts';

/** Equal answers from which on a pair looks like one person. */
const NEARLY_ALL = 0.9;

/** Do two accounts give the same answers more often than two people as good as they are would? */
export const duplicateAccounts: Detector = {
  id: 'duplicate-accounts',
  looksFor:
    'two accounts with nearly all answers equal on the units they share, more than two people as accurate would have',
  needs: `${LEAST_PAIRS} or more pairs of raters with at least ${LEAST_SHARED} units in common (units with over ${MAX_RATERS_OF_UNIT} raters: the first ${MAX_RATERS_OF_UNIT})`,
  assumes:
    'errors are independent given the class, with the error rates fitted by Dawid–Skene; the pool’s own rate of disagreement corrects for items that are easy for everybody',
  rule: `Benjamini–Hochberg over pairs; and at least ${100 * NEARLY_ALL} % of the answers equal`,
  level: 0.05,
  tests: 'pairs of raters',
  run(data) {
    const { columns, shared, voteSets } = data;
    const { pairs } = shared;
    if (voteSets.length === 0) return { undefined: 'there are no answers with common values' };
    if (pairs.length < LEAST_PAIRS) {
      return {
        undefined: `${pairs.length} pairs of raters share ${LEAST_SHARED} units; with fewer than ${LEAST_PAIRS} a pair would be its own standard`,
      };
    }
    let [differ, expected] = [0, 0];
    for (const pair of pairs) {
      differ += pair.shared - pair.equal;
      expected += pair.shared - pair.expectedEqual;
    }
    // Over all pairs; a pool in which many pairs are duplicates makes the test milder, never stricter than the model.
    const ease = expected === 0 ? 1 : Math.min(1, differ / expected);
    const p = pairs.map((pair) => {
      const agree = 1 - ease * (1 - pair.expectedEqual / pair.shared);
      return binomialUpperTail(pair.equal, pair.shared, agree);
    });
    const cut = fdrCut(p, duplicateAccounts.level);
    const flagged = pairs.flatMap((pair, i) =>
      p[i]! <= cut && pair.equal >= NEARLY_ALL * pair.shared ? [{ pair, p: p[i]! }] : [],
    );
    const rows = new Map(flagged.map(({ pair }) => [shared.keyOf(pair), [] as number[]]));
    const close = new Map(flagged.map(({ pair }) => [shared.keyOf(pair), 0]));
    shared.visit(new Set(rows.keys()), (key, set, [i, j]) => {
      const { votes } = voteSets[set]!;
      const [a, b] = [votes.row[i]!, votes.row[j]!];
      if (votes.label[i] === votes.label[j]) rows.get(key)!.push(a, b);
      if (Math.abs(columns.time[a]! - columns.time[b]!) < 60_000) close.set(key, close.get(key)! + 1);
    });
    return {
      assessed: pairs.length,
      unassessed: 0,
      flags: flagged.map(({ pair, p: value }) => ({
        detector: 'duplicate-accounts',
        raters: [columns.raterIds[pair.a]!, columns.raterIds[pair.b]!],
        statistic: 'share of equal answers on shared units',
        value: pair.equal / pair.shared,
        interval: wilson(pair.equal, pair.shared),
        test: { measure: 'p-value', value, threshold: cut },
        n: pair.shared,
        ...evidence(data, rows.get(shared.keyOf(pair))!),
        details: {
          'share expected of two such raters': 1 - ease * (1 - pair.expectedEqual / pair.shared),
          ...(pair.medianGapMs !== null && {
            'median seconds between the two on a unit': pair.medianGapMs / 1000,
            'share of units within a minute of each other': close.get(shared.keyOf(pair))! / pair.shared,
          }),
        },
      })),
    };
  },
};
