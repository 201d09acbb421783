import { binomialUpperTail } from '../../stats/index.ts';
import { type Detector, evidence, fdrCut } from '../detector.ts';

const LEAST = 12;
/** Periods looked at: the same answer again after 1, 2, 3 or 4 judgments. */
const PERIODS = [1, 2, 3, 4] as const;

interface Pattern {
  readonly p: number;
  readonly statistic: string;
  readonly value: number;
  /** Places in the sequence that form it, made only for what is shown. */
  readonly at: () => number[];
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, k) => from + k);

/** Longest run of equal symbols, and a bound on its probability under the rater's own shares of symbols. */
function longestRun(symbols: readonly number[], counts: ReadonlyMap<number, number>): Pattern {
  let [best, end, run] = [0, 0, 0];
  for (let i = 0; i < symbols.length; i++) {
    run = i > 0 && symbols[i - 1] === symbols[i] ? run + 1 : 1;
    if (run > best) [best, end] = [run, i + 1];
  }
  // Union over starting places: a run of that length starts at the first place, or after another symbol.
  let bound = 0;
  for (const count of counts.values()) {
    const q = count / symbols.length;
    bound += (1 + (symbols.length - best) * (1 - q)) * q ** best;
  }
  return {
    p: Math.min(1, bound),
    statistic: 'longest run of equal answers',
    value: best,
    at: () => range(end - best, end),
  };
}

/** Share of answers equal to the one `period` judgments before, against what the rater's own shares make likely. */
function periodic(symbols: readonly number[], period: number, chance: number): Pattern {
  const n = symbols.length;
  let same = 0;
  for (let i = period; i < n; i++) if (symbols[i - period] === symbols[i]) same += 1;
  return {
    p: binomialUpperTail(same, n - period, chance),
    statistic: `share of answers equal to the one ${period} before`,
    value: same / (n - period),
    at: () => range(period, n).filter((i) => symbols[i - period] === symbols[i]),
  };
}

/** Every answer the same: how likely that is when each is drawn as the pool draws. */
function constant(symbols: readonly number[], counts: ReadonlyMap<number, number>, pool: Float64Array): Pattern {
  return {
    p: counts.size === 1 ? pool[symbols[0]!]! ** symbols.length : 1,
    statistic: 'length of a sequence of one and the same answer',
    value: symbols.length,
    at: () => range(0, symbols.length),
  };
}

/** The least likely pattern of a sequence; its p-value is multiplied by the number of patterns looked for. */
function leastLikely(symbols: readonly number[], pool: Float64Array): Pattern {
  const n = symbols.length;
  const counts = new Map<number, number>();
  for (let i = 0; i < n; i++) counts.set(symbols[i]!, (counts.get(symbols[i]!) ?? 0) + 1);
  let chance = 0;
  for (const count of counts.values()) chance += (count * (count - 1)) / (n * (n - 1));
  let best = longestRun(symbols, counts);
  for (const period of PERIODS) {
    const pattern = periodic(symbols, period, chance);
    if (pattern.p < best.p) best = pattern;
  }
  const same = constant(symbols, counts, pool);
  if (same.p < best.p) best = same;
  return { ...best, p: Math.min(1, best.p * (PERIODS.length + 2)) };
}

/** Do a rater's answers, as they look on the screen, run on or repeat with a period? */
export const answerPattern: Detector = {
  id: 'answer-pattern',
  looksFor: 'raters who click a pattern: long runs of the same place or value, or a repeating sequence',
  needs: `at least ${LEAST} answers of a rater as they looked on the screen (comparisons, rankings, ratings, labels, steps)`,
  assumes: 'items and orders come in random sequence, so that answers do not run on by themselves',
  rule: `Benjamini–Hochberg over raters; the smallest of ${PERIODS.length + 2} p-values of a rater times ${PERIODS.length + 2}`,
  level: 0.05,
  tests: 'raters',
  run(data) {
    const { columns, order } = data;
    const shown = (row: number) => columns.symbol[row]! >= 0;
    const used = new Int32Array(columns.symbols.length);
    let seen = 0;
    for (let row = 0; row < columns.n; row++) {
      if (!shown(row)) continue;
      used[columns.symbol[row]!]! += 1;
      seen += 1;
    }
    const pool = Float64Array.from(used, (count) => count / seen);
    if (seen === 0) return { undefined: 'no answer has a look that could repeat, or no order shown was recorded' };
    const found = columns.raterIds.flatMap((_, rater) => {
      const rows: number[] = [];
      for (let k = order.starts[rater]!; k < order.starts[rater + 1]!; k++)
        if (shown(order.entry[k]!)) rows.push(order.entry[k]!);
      if (rows.length < LEAST) return [];
      const best = leastLikely(
        rows.map((row) => columns.symbol[row]!),
        pool,
      );
      return [{ rater, rows, best, p: best.p }];
    });
    if (found.length === 0) return { undefined: `no rater has ${LEAST} answers whose look is known` };
    const cut = fdrCut(
      found.map(({ p }) => p),
      answerPattern.level,
    );
    return {
      assessed: found.length,
      unassessed: columns.raterIds.length - found.length,
      flags: found
        .filter(({ p }) => p <= cut)
        .map(({ rater, rows, best, p }) => ({
          detector: 'answer-pattern',
          raters: [columns.raterIds[rater]!],
          statistic: best.statistic,
          value: best.value,
          interval: null,
          test: { measure: 'p-value', value: p, threshold: cut },
          n: rows.length,
          ...evidence(
            data,
            best.at().map((i) => rows[i]!),
          ),
          details: {},
        })),
    };
  },
};
