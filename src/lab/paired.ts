import { benjaminiHochberg, coverageRemark, type Interval, meanInterval, type Rng } from '../stats/index.ts';

/** Mean difference of two arms run on the same seeds. */
export interface PairedDifference {
  readonly mean: number;
  /** Over seeds, `meanInterval`. */
  readonly interval: Interval;
  /** Seeds. */
  readonly n: number;
  /** Two-sided, by flipping the signs of the differences: exact up to 12 seeds, 5000 draws beyond. */
  readonly p: number;
}

/** What the interval is worth where so few seeds make it cover less than it says; null where it covers. */
export const intervalRemark = ({ n }: Pick<PairedDifference, 'n'>): string | null => coverageRemark('mean', n);

/** P-value of the null that each difference is as likely to have the other sign. */
export function signFlipTest(differences: readonly number[], rng: Rng): number {
  const n = differences.length;
  const observed = Math.abs(differences.reduce((a, b) => a + b, 0)) - 1e-12;
  const exact = n <= 12;
  const draws = exact ? 2 ** n : 5000;
  let extreme = 0;
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0;
    for (let i = 0; i < n; i++)
      sum += (exact ? (draw >> i) & 1 : rng.uniform() < 0.5) ? differences[i]! : -differences[i]!;
    if (Math.abs(sum) >= observed) extreme += 1;
  }
  return exact ? extreme / draws : (extreme + 1) / (draws + 1);
}

/** `after` minus `before`, seed by seed. */
export function pairedDifference(after: readonly number[], before: readonly number[], rng: Rng): PairedDifference {
  const differences = after.map((v, i) => v - before[i]!);
  return {
    ...meanInterval(differences),
    n: differences.length,
    p: signFlipTest(differences, rng.fork('flips')),
  };
}

/** What a comparison shows once the many comparisons of its table are allowed for. */
export type Verdict = 'better' | 'worse' | 'no difference shown';

/** One verdict per comparison at a false discovery rate over all of them; `higherIsBetter` says which sign is good. */
export function verdicts(
  differences: readonly PairedDifference[],
  higherIsBetter: (index: number) => boolean = () => true,
): Verdict[] {
  const shown = benjaminiHochberg(
    differences.map(({ p }) => p),
    FALSE_DISCOVERY_RATE,
  );
  return differences.map(({ mean: m }, i) =>
    !shown[i] ? 'no difference shown' : m > 0 === higherIsBetter(i) ? 'better' : 'worse',
  );
}
const FALSE_DISCOVERY_RATE = 0.05;
