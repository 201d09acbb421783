import { binomialUpperTail } from '../../../stats/index.ts';
import { type Detector, evidence, fdrCut } from '../detector.ts';

const LEAST = 12;
/** Periods looked at: the same answer again after 1, 2, 3 or 4 judgments. */
const PERIODS = [1, 2, 3, 4] as const;

interface Pattern {
  readonly p: number;
  readonly statistic: string;
  readonly value: number;
  /** Places in the sequence that form it. */
  readonly at: readonly number[];
}

/** Longest run of equal symbols, and a bound on its probability under the rater's own shares of symbols. */
function longestRun(symbols: readonly number[], share: ReadonlyMap<number, number>): Pattern {
  let [best, bestEnd, run] = [0, 0, 0];
  for (const [i, symbol] of symbols.entries()) {
    run = i > 0 && symbols[i - 1] === symbol ? run + 1 : 1;
    if (run > best) [best, bestEnd] = [run, i];
  }
  // Union over starting places: a run of that length starts at the first place, or after another symbol.
  let bound = 0;
  for (const q of share.values()) bound += (1 + (symbols.length - best) * (1 - q)) * q ** best;
  const at = Array.from({ length: best }, (_, k) => bestEnd - best + 1 + k);
  return { p: Math.min(1, bound), statistic: 'longest run of equal answers', value: best, at };
}

/** Share of answers equal to the one `period` judgments before, against what the rater's own shares make likely. */
function periodic(symbols: readonly number[], period: number): Pattern {
  const n = symbols.length;
  const counts = new Map<number, number>();
  for (const symbol of symbols) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
  let same = 0;
  for (const count of counts.values()) same += (count * (count - 1)) / (n * (n - 1));
  const at = symbols.flatMap((symbol, i) => (i >= period && symbols[i - period] === symbol ? [i] : []));
  return {
    p: binomialUpperTail(at.length, n - period, same),
    statistic: `share of answers equal to the one ${period} before`,
    value: at.length / (n - period),
    at,
  };
}

/** Every answer the same: how likely that is when each is drawn as the pool draws. */
function constant(symbols: readonly number[], pool: Float64Array): Pattern {
  const [first] = symbols;
  const all = symbols.every((symbol) => symbol === first);
  return {
    p: all ? pool[first!]! ** symbols.length : 1,
    statistic: 'length of a sequence of one and the same answer',
    value: symbols.length,
    at: symbols.map((_, i) => i),
  };
}

function sharesOf(symbols: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  let n = 0;
  for (const symbol of symbols) {
    counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
    n += 1;
  }
  return new Map([...counts].map(([symbol, count]) => [symbol, count / n]));
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
      const symbols = rows.map((row) => columns.symbol[row]!);
      const patterns = [
        longestRun(symbols, sharesOf(symbols)),
        ...PERIODS.map((period) => periodic(symbols, period)),
        constant(symbols, pool),
      ];
      const best = patterns.reduce((a, b) => (b.p < a.p ? b : a));
      return [{ rater, rows, best, p: Math.min(1, best.p * patterns.length) }];
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
            best.at.map((i) => rows[i]!),
          ),
          details: {},
        })),
    };
  },
};
