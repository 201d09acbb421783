import { mean, normalCdf, standardDeviation } from '../../../stats/index.ts';
import type { QualityData } from '../data.ts';
import { type Detector, evidence, fdrCut } from '../detector.ts';

const LEAST = 8;

/** Agreement of one rater with the others. */
export interface RaterAgreement {
  /** Mean agreement with each other vote on the same units, less that of the others among themselves; null under 8 units. */
  readonly excess: { readonly value: number; readonly items: number; readonly p: number } | null;
  /** Agreement beyond chance with the others (κ with the rater's own and the pool's shares of classes). */
  readonly kappa: { readonly value: number; readonly error: number; readonly n: number } | null;
}

/** Agreement of every rater with the others, and of the pool with itself, own votes excluded. */
export function raterAgreement({ columns, voteSets }: QualityData): { raters: RaterAgreement[]; pool: number | null } {
  const shares = voteSets.map(({ votes }) => {
    const share = new Float64Array(votes.classes);
    for (let i = 0; i < votes.label.length; i++) share[votes.label[i]!]! += 1 / votes.label.length;
    return share;
  });
  let [observed, expected, all] = [0, 0, 0];
  const raters = columns.raterIds.map((_, r): RaterAgreement => {
    const differences: number[] = [];
    const given: number[] = [];
    let chance = 0;
    for (const [set, { votes, leaveOneOut, byRater }] of voteSets.entries()) {
      const share = shares[set]!;
      const pooled = share.reduce((sum, s) => sum + s * s, 0);
      for (let k = byRater.starts[r]!; k < byRater.starts[r + 1]!; k++) {
        const i = byRater.entry[k]!;
        if (leaveOneOut.others[i]! === 0) continue;
        given.push(leaveOneOut.agree[i]!);
        chance += share[votes.label[i]!]!;
        expected += pooled;
        if (leaveOneOut.others[i]! >= 2) differences.push(leaveOneOut.agree[i]! - leaveOneOut.among[i]!);
      }
    }
    const agreed = given.reduce((sum, v) => sum + v, 0);
    observed += agreed;
    all += given.length;
    // What a guesser with the rater's own shares of classes would agree by chance.
    const byChance = chance / given.length;
    const room = 1 - byChance;
    return {
      excess: differences.length < LEAST ? null : excessOf(differences),
      kappa:
        given.length < LEAST || room < 1e-9
          ? null
          : {
              value: (agreed / given.length - byChance) / room,
              error: standardDeviation(given) / Math.sqrt(given.length) / room,
              n: given.length,
            },
    };
  });
  return { raters, pool: all === 0 || expected === all ? null : (observed - expected) / (all - expected) };
}

/** Mean difference with the one-sided p-value of a lower agreement than the others'. */
function excessOf(differences: readonly number[]): NonNullable<RaterAgreement['excess']> {
  const value = mean(differences);
  const error = standardDeviation(differences) / Math.sqrt(differences.length);
  return { value, items: differences.length, p: error === 0 ? Number(value >= 0) : normalCdf(value / error) };
}

/** Are a rater's answers unrelated to what the others see in the same items? */
export const randomAnswers: Detector = {
  id: 'random-answers',
  looksFor: 'raters whose answers carry little or nothing of what the others see',
  needs: `at least ${LEAST} votes of a rater on items with two others, and others who agree beyond chance`,
  assumes: 'independent errors; raters whose taste differs from the majority’s look like guessers here',
  rule: 'Benjamini–Hochberg over raters on agreeing less than the others do among themselves; and agreement beyond chance (κ) under half of the pool’s',
  level: 0.05,
  tests: 'raters',
  run(data) {
    const { columns } = data;
    const { raters, pool } = raterAgreement(data);
    const tested = [...raters.keys()].filter((r) => raters[r]!.excess !== null && raters[r]!.kappa !== null);
    if (tested.length === 0) return { undefined: `no rater has ${LEAST} votes on items with two other votes` };
    if (pool === null || pool < 0.1)
      return {
        undefined: `raters agree too little beyond chance (κ ${pool === null ? 'undefined' : pool.toFixed(3)}, at least 0.1 needed) for anyone to stand out`,
      };
    const p = tested.map((r) => raters[r]!.excess!.p);
    const cut = fdrCut(p, randomAnswers.level);
    const flagged = tested.flatMap((rater, i) => {
      const kappa = raters[rater]!.kappa!;
      return p[i]! <= cut && Math.abs(kappa.value) < pool / 2 ? [{ rater, p: p[i]!, kappa }] : [];
    });
    const rows = new Map<number, number[]>(flagged.map(({ rater }) => [rater, []]));
    for (const { votes, leaveOneOut } of data.voteSets) {
      for (let i = 0; i < votes.row.length && rows.size > 0; i++)
        if (leaveOneOut.others[i]! >= 2 && leaveOneOut.agree[i] === 0) rows.get(votes.rater[i]!)?.push(votes.row[i]!);
    }
    return {
      assessed: tested.length,
      unassessed: raters.length - tested.length,
      flags: flagged.map(({ rater, p: value, kappa }) => ({
        detector: 'random-answers' as const,
        raters: [columns.raterIds[rater]!],
        statistic: 'agreement with the others beyond chance (κ)',
        value: kappa.value,
        interval: {
          low: kappa.value - 1.959963984540054 * kappa.error,
          high: kappa.value + 1.959963984540054 * kappa.error,
          level: 0.95,
        },
        test: { measure: 'p-value' as const, value, threshold: cut },
        n: kappa.n,
        ...evidence(data, rows.get(rater)!),
        details: {
          'κ of the pool': pool,
          'agreement less that of the others among themselves': raters[rater]!.excess!.value,
        },
      })),
    };
  },
};
