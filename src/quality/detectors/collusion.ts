import { binomialUpperTail, chiSquareQuantile, gammaLower } from '../../stats/index.ts';
import type { QualityData } from '../data.ts';
import { type Detector, evidence, fdrCut } from '../detector.ts';
import { LEAST_PAIRS, LEAST_SHARED, MAX_RATERS_OF_UNIT, type RaterPair } from '../rater-pairs.ts';

/** P(X ≥ observed) for a Poisson mean; `observed` may be fractional (expected counts). */
const poissonTail = (observed: number, mean: number): number =>
  observed <= 0 ? 1 : mean <= 0 ? 0 : gammaLower(observed, mean);

/** Groups of raters connected by the given pairs (union–find). */
function groups(raters: number, pairs: readonly RaterPair[]): number[][] {
  const parent = Int32Array.from({ length: raters }, (_, r) => r);
  const find = (r: number): number => {
    let root = r;
    while (parent[root] !== root) root = parent[root]!;
    parent[r] = root;
    return root;
  };
  for (const { a, b } of pairs) parent[find(a)] = find(b);
  const members = new Map<number, Set<number>>();
  for (const { a, b } of pairs) {
    const root = find(a);
    members.set(root, (members.get(root) ?? new Set()).add(a).add(b));
  }
  return [...members.values()].map((set) => [...set].sort((a, b) => a - b));
}

interface Tested {
  readonly p: readonly number[];
  readonly cut: number;
  /** Common errors of the pool over those of the model: hard items raise them for everybody. */
  readonly factor: number;
}

/**
 * Tests pairs for common errors (Poisson) and for equal answers at all (binomial), both against the model with the pool's
 * own rates. Pairs that stand out are left out and the pool is counted again, so that a clique does not hide behind its
 * own weight.
 */
function testPairs(pairs: readonly RaterPair[], level: number): Tested {
  let tested: Tested = { p: pairs.map(() => 1), cut: -1, factor: 1 };
  for (let round = 0; round < 4; round++) {
    let [errors, expectedErrors, differ, expectedDiffer] = [0, 0, 0, 0];
    for (const [i, pair] of pairs.entries()) {
      if (tested.p[i]! <= tested.cut) continue;
      errors += pair.sameErrors;
      expectedErrors += pair.expectedSameErrors;
      differ += pair.shared - pair.equal;
      expectedDiffer += pair.shared - pair.expectedEqual;
    }
    const factor = expectedErrors === 0 ? 1 : Math.max(1, errors / expectedErrors);
    const ease = expectedDiffer === 0 ? 1 : Math.min(1, differ / expectedDiffer);
    if (round > 0 && Math.abs(factor - tested.factor) < 1e-3) break;
    const p = pairs.map((pair) => {
      const same = poissonTail(pair.sameErrors, factor * pair.expectedSameErrors);
      const equal = binomialUpperTail(pair.equal, pair.shared, 1 - ease * (1 - pair.expectedEqual / pair.shared));
      return Math.min(1, 2 * Math.min(same, equal));
    });
    tested = { p, factor, cut: fdrCut(p, level) };
  }
  return tested;
}

function recordsOf(data: QualityData, pairs: readonly RaterPair[]): Map<number, number[]> {
  const { shared, voteSets } = data;
  const rows = new Map(pairs.map((pair) => [shared.keyOf(pair), [] as number[]]));
  shared.visit(new Set(rows.keys()), (key, set, [i, j]) => {
    const { votes } = voteSets[set]!;
    if (votes.label[i] === votes.label[j]) rows.get(key)!.push(votes.row[i]!, votes.row[j]!);
  });
  return rows;
}

/** Do raters make the same mistakes more often than independent raters with their error rates would? */
export const collusion: Detector = {
  id: 'collusion',
  looksFor: 'groups of raters who give the same answers, wrong ones above all, beyond the fitted Dawid–Skene model',
  needs: `${LEAST_PAIRS} or more pairs of raters with at least ${LEAST_SHARED} units in common, and other raters on these units (over ${MAX_RATERS_OF_UNIT}: the first ${MAX_RATERS_OF_UNIT})`,
  assumes:
    'errors are independent given the class, up to one factor for hard items that all pairs share; people with a common taste or a common source err together too, and a group that is the majority on its units looks right',
  rule: 'Benjamini–Hochberg over pairs, twice the smaller p of common errors (Poisson) and equal answers (binomial); groups are what significant pairs connect',
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
    const { factor, p, cut } = testPairs(pairs, collusion.level);
    const pOf = new Map(pairs.map((pair, i) => [pair, p[i]!]));
    const significant = pairs.filter((pair) => pOf.get(pair)! <= cut);
    const records = recordsOf(data, significant);
    return {
      assessed: pairs.length,
      unassessed: 0,
      flags: groups(columns.raterIds.length, significant).map((members) => {
        const inside = new Set(members);
        const own = significant.filter(({ a }) => inside.has(a));
        const sum = (pick: (pair: RaterPair) => number) => own.reduce((total, pair) => total + pick(pair), 0);
        const observed = sum((pair) => pair.sameErrors);
        const expected = Math.max(1e-9, factor * sum((pair) => pair.expectedSameErrors));
        return {
          detector: 'collusion' as const,
          raters: members.map((r) => columns.raterIds[r]!),
          statistic: 'common errors over those expected of independent raters',
          value: observed / expected,
          interval: {
            low: observed === 0 ? 0 : chiSquareQuantile(0.025, 2 * observed) / 2 / expected,
            high: chiSquareQuantile(0.975, 2 * observed + 2) / 2 / expected,
            level: 0.95,
          },
          test: {
            measure: 'p-value' as const,
            value: Math.min(...own.map((pair) => pOf.get(pair)!)),
            threshold: cut,
          },
          n: sum((pair) => pair.shared),
          ...evidence(
            data,
            own.flatMap((pair) => records.get(shared.keyOf(pair))!),
          ),
          details: {
            'common errors': observed,
            'common errors expected': expected,
            'factor for hard items': factor,
            'equal answers': sum((pair) => pair.equal),
            'equal answers expected': sum((pair) => pair.expectedEqual),
            'pairs that connect the group': own.length,
          },
        };
      }),
    };
  },
};
