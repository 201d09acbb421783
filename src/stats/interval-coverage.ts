import measured from './coverage.json' with { type: 'json' };

/** A way of making intervals that reports and commands print. */
export interface IntervalMethod {
  readonly what: string;
  /** What its size counts: what must be many for the interval to hold. */
  readonly units: string;
  /** Files (below `src`) whose printed intervals are made so. A file that makes intervals and stands nowhere fails a test. */
  readonly files: readonly string[];
}

/**
 * Every interval that is printed, by how it is made: the one list that reports take their remarks from, `scripts/coverage.ts`
 * its cases, and a test the files it allows to make intervals. Probes have rates of their own (`goodhart lab rates`).
 */
export const INTERVAL_METHODS = {
  wilson: {
    what: 'share of single observations (Wilson 1927)',
    units: 'observations',
    files: [
      'stats/intervals.ts',
      'stats/majority.ts',
      'quality/estimates.ts',
      'quality/rater-rows.ts',
      'exchange/tally.ts',
      'pipeline/people.ts',
      'pipeline/red-team.ts',
    ],
  },
  'cluster-share': {
    what: 'share over clusters drawn whole (Wilson at the effective size, Student’s quantile)',
    units: 'clusters',
    files: ['stats/cluster-share.ts', 'stats/weighted.ts', 'reward/evaluate.ts', 'endpoint/judge-measure.ts'],
  },
  'matched-share': {
    what: 'mean of values of 0, ½ and 1: ties, matched differences (Tango 1998)',
    units: 'values',
    files: ['stats/matched-share.ts', 'endpoint/judge-measure.ts'],
  },
  'cluster-mean': {
    what: 'mean over clusters drawn whole (linearised, Student’s t)',
    units: 'clusters',
    files: [
      'quality/estimates.ts',
      'quality/time.ts',
      'quality/anchoring.ts',
      'stats/weighted.ts',
      'audit/estimates.ts',
    ],
  },
  'pair-agreement': {
    what: 'share of agreeing pairs of raters',
    units: 'units',
    files: ['quality/agreement.ts', 'quality/cluster-alpha.ts'],
  },
  alpha: {
    what: 'Krippendorff’s α, nominal, three raters',
    units: 'units',
    files: ['stats/agreement.ts', 'stats/alpha-interval.ts', 'quality/cluster-alpha.ts', 'exchange/tally.ts'],
  },
  gwet: { what: 'Gwet’s AC1', units: 'units', files: ['stats/chance-corrected.ts'] },
  icc: { what: 'intraclass correlation ICC(1,1), three raters', units: 'units', files: ['stats/icc.ts'] },
  'rater-accuracy': {
    what: 'accuracy of a rater by Dawid–Skene among five',
    units: 'items',
    files: ['stats/truth-fit.ts', 'stats/mace.ts', 'quality/rater-rows.ts'],
  },
  'rating-truth': {
    what: 'value of a reply from three of eight raters, by precision and bias',
    units: 'replies',
    files: ['stats/rating-truth.ts'],
  },
  'odds-ratio': {
    what: 'position bias within items (Mantel–Haenszel)',
    units: 'items',
    files: ['quality/mantel-haenszel.ts', 'quality/bias.ts'],
  },
  'length-slope': { what: 'logistic slope on length, items drawn whole', units: 'items', files: ['quality/bias.ts'] },
  'model-strength': {
    what: 'strength of a model on the leaderboard, 60 raters drawn whole',
    units: 'judgments',
    files: ['quality/leaderboard.ts', 'stats/cluster-covariance.ts', 'stats/preference-inference.ts'],
  },
  mean: {
    what: 'mean of independent values (Student’s t, widened for skewness by Hall 1992)',
    units: 'values',
    files: ['stats/intervals.ts'],
  },
} as const satisfies Readonly<Record<string, IntervalMethod>>;
export type IntervalMethodId = keyof typeof INTERVAL_METHODS;
export const INTERVAL_METHOD_IDS = Object.keys(INTERVAL_METHODS) as readonly IntervalMethodId[];

/** How often an interval of nominal 95 % held the truth, in simulation. */
export interface CoverageRow {
  readonly method: IntervalMethodId;
  readonly n: number;
  /** What is varied beside the size, in words with its value. */
  readonly at: string;
  readonly covered: number;
  /** Data sets for which there was an interval, of `drawn`. */
  readonly runs: number;
  readonly drawn: number;
}

/** As `npx tsx scripts/coverage.ts` measured it; a test computes some of it again. */
export const COVERAGE = measured.rows as readonly CoverageRow[];

/** Coverage below which a report says so beside the number. */
export const LEAST_COVERAGE = 0.93;

/**
 * The least coverage that was measured for intervals of a method at about a size: at the largest size tried that is not above
 * `n`, over all that was varied beside it. Below the smallest size tried, that of the smallest.
 */
export function coverageAt(
  method: IntervalMethodId,
  n: number,
): { readonly share: number; readonly n: number; readonly at: string } {
  const own = COVERAGE.filter((row) => row.method === method);
  const sizes = [...new Set(own.map((row) => row.n))].sort((a, b) => a - b);
  const size = sizes.findLast((s) => s <= n) ?? sizes[0]!;
  const [worst] = own.filter((row) => row.n === size).sort((a, b) => a.covered / a.runs - b.covered / b.runs);
  return { share: worst!.covered / worst!.runs, n: size, at: worst!.at };
}

/** A remark for an interval that covers less than it says, or nothing: to be put beside the number. */
export function coverageRemark(method: IntervalMethodId, n: number): string | null {
  const { share, n: size, at } = coverageAt(method, n);
  if (share >= LEAST_COVERAGE) return null;
  return `covers ${(100 * share).toFixed(0)} % at ${size} ${INTERVAL_METHODS[method].units} (${at}), not 95 %`;
}
