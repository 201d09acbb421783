import { binomialUpperTail, quantile, wilson } from '../../stats/index.ts';
import type { QualityColumns } from '../columns.ts';
import { type Detector, evidence, fdrCut } from '../detector.ts';
import { GrowingInts } from '../growing.ts';

const LEAST_RATERS = 5;
const LEAST = 8;
/** An answer in less than this share of the usual time of items of its length. */
const FAST = 1 / 4;
/** Share of such answers that a quick but honest rater may have. */
const TOLERATED = 1 / 4;
const BINS = 10;

/** Characters to read: the prompt and every reply. */
const charactersOf = ({ items }: QualityColumns): Int32Array =>
  Int32Array.from(items, ({ prompt, replies }) => replies.reduce((sum, r) => sum + r.text.length, prompt.length));

/** Usual active time by item, from the median over all answers on items of about its length (tenths by length). */
function usualTimes({ item, activeMs }: QualityColumns, length: Int32Array, rows: Int32Array): Float64Array {
  const sorted = rows.map((row) => length[item[row]!]!).sort();
  const bins = Math.max(1, Math.min(BINS, Math.floor(rows.length / 30)));
  // Equal lengths share a bin, so edges may coincide.
  const edges = Array.from({ length: bins }, (_, b) => sorted[Math.ceil(((b + 1) * rows.length) / bins) - 1]!);
  const binOf = length.map((own) => {
    const at = edges.findIndex((edge) => own <= edge);
    return at < 0 ? bins - 1 : at;
  });
  const ends = new Int32Array(bins + 1);
  for (const row of rows) ends[binOf[item[row]!]! + 1]! += 1;
  for (let b = 0; b < bins; b++) ends[b + 1]! += ends[b]!;
  const times = new Float64Array(rows.length);
  const next = ends.slice(0, bins);
  for (const row of rows) times[next[binOf[item[row]!]!]!++] = activeMs[row]!;
  const medians = Array.from({ length: bins }, (_, b) => {
    const own = times.subarray(ends[b]!, ends[b + 1]!).sort();
    return own.length === 0 ? 0 : own[own.length >> 1]!;
  });
  const usual = new Float64Array(binOf.length);
  for (let i = 0; i < usual.length; i++) usual[i] = medians[binOf[i]!]!;
  return usual;
}

/** Does a rater answer faster than the text can be read, more often than a quick reader would? */
export const implausibleSpeed: Detector = {
  id: 'implausible-speed',
  looksFor: 'raters who answer in less than a quarter of the usual time, more often than a quick reader does',
  needs: `active times of at least ${LEAST_RATERS} raters, ${LEAST} answers of a rater`,
  assumes: 'most raters read what they judge: where most do not, the usual time is no standard',
  rule: 'Benjamini–Hochberg over raters; binomial test against a quarter of the answers being that fast',
  level: 0.05,
  tests: 'raters',
  run(data) {
    const { columns } = data;
    const raters = columns.raterIds.length;
    const timed = new GrowingInts();
    const n = new Int32Array(raters);
    for (let row = 0; row < columns.n; row++) {
      if (Number.isNaN(columns.activeMs[row]!)) continue;
      timed.push(row);
      n[columns.rater[row]!]! += 1;
    }
    const rows = timed.finish();
    if (rows.length === 0) return { undefined: 'no active times were recorded' };
    if (n.filter((count) => count > 0).length < LEAST_RATERS)
      return { undefined: `fewer than ${LEAST_RATERS} raters have active times, so there is no usual time` };
    const length = charactersOf(columns);
    const usual = usualTimes(columns, length, rows);
    const fast: number[][] = Array.from({ length: raters }, () => []);
    for (const row of rows)
      if (columns.activeMs[row]! < FAST * usual[columns.item[row]!]!) fast[columns.rater[row]!]!.push(row);
    const tested = [...n.keys()].filter((r) => n[r]! >= LEAST);
    const p = tested.map((r) => binomialUpperTail(fast[r]!.length, n[r]!, TOLERATED));
    const cut = fdrCut(p, implausibleSpeed.level);
    return {
      assessed: tested.length,
      unassessed: raters - tested.length,
      flags: tested.flatMap((rater, i) => {
        if (p[i]! > cut) return [];
        const own = fast[rater]!;
        // Five characters and a space make a word of English, the unit of reading speed.
        const pace = own.map((row) => length[columns.item[row]!]! / 6 / (columns.activeMs[row]! / 60_000));
        return {
          detector: 'implausible-speed' as const,
          raters: [columns.raterIds[rater]!],
          statistic: 'share of answers in less than a quarter of the usual time',
          value: own.length / n[rater]!,
          interval: wilson(own.length, n[rater]!),
          test: { measure: 'p-value' as const, value: p[i]!, threshold: cut },
          n: n[rater]!,
          ...evidence(data, own),
          details: {
            'median milliseconds of these answers': quantile(
              own.map((row) => columns.activeMs[row]!),
              0.5,
            ),
            ...(pace.every(Number.isFinite) && { 'words shown per minute': quantile(pace, 0.5) }),
          },
        };
      }),
    };
  },
};
