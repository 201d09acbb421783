import { wilson } from '../../stats/index.ts';
import { words } from '../../text/index.ts';
import { answerAt, type QualityColumns } from '../columns.ts';
import { type Detector, evidence } from '../detector.ts';

/** Words in a row that two people do not happen to write alike. */
const SHINGLE = 8;
/** Copied texts of a rater from which on the detector flags, and their least share (lower end of the interval). */
const LEAST_COPIES = 3;
const LEAST_SHARE = 0.1;
/** Share of the writing raters (and at least three) from whom on a text is a form's own words, such as a listed reason. */
const TEMPLATE = 0.5;
/** Share of a text's shingles that must stand in another text. */
const COPIED = 0.8;

/** What a rater wrote in a judgment: the text of the answer, notes on spans, the reason. */
export function writtenText(columns: QualityColumns, row: number): string {
  const answer = answerAt(columns, row);
  const reason = columns.reasons.get(row) ?? '';
  switch (answer.kind) {
    case 'correction':
    case 'critique':
    case 'demonstration':
      return `${answer.text} ${reason}`;
    case 'spans':
      return `${answer.spans.map((span) => span.note ?? '').join(' ')} ${reason}`;
    default:
      return reason;
  }
}

const shingles = (text: string): string[] => {
  const w = words(text);
  return w.length < SHINGLE
    ? []
    : [...new Set(Array.from({ length: w.length - SHINGLE + 1 }, (_, i) => w.slice(i, i + SHINGLE).join(' ')))];
};

/** Texts that so many raters give that they were offered, not written. */
function listedTexts(columns: QualityColumns, rows: readonly number[]): ReadonlySet<string> {
  const by = new Map<string, Set<number>>();
  const writers = new Set<number>();
  for (const row of rows) {
    const text = writtenText(columns, row).trim();
    const own = by.get(text) ?? new Set<number>();
    by.set(text, own.add(columns.rater[row]!));
    writers.add(columns.rater[row]!);
  }
  const least = Math.max(3, TEMPLATE * writers.size);
  return new Set([...by].filter(([, raters]) => raters.size >= least).map(([text]) => text));
}

/** Are a rater's texts found again in earlier texts of others, on other items of their own, or in what was shown? */
export const copiedText: Detector = {
  id: 'copied-text',
  looksFor: 'raters whose texts stand, word for word, in earlier texts of others or in their own on other items',
  needs: `texts of at least ${SHINGLE} words: corrections, critiques, demonstrations, notes on spans, reasons`,
  assumes: `people do not write the same ${SHINGLE} words in a row by chance; what the item itself says does not count as copied, nor a text that half of the raters give (a listed reason)`,
  rule: `no test: at least ${LEAST_COPIES} copied texts and ${100 * LEAST_SHARE} % of the rater’s texts (lower end of the 95 % interval)`,
  level: 0.05,
  tests: 'raters',
  run(data) {
    const { columns } = data;
    const owner = new Map<string, { rater: number; item: number }>();
    const written = new Int32Array(columns.raterIds.length);
    const copies: number[][] = columns.raterIds.map(() => []);
    const at = (row: number) => (Number.isNaN(columns.time[row]!) ? 0 : columns.time[row]!);
    const rows = Array.from({ length: columns.n }, (_, row) => row)
      .filter((row) => writtenText(columns, row).trim() !== '')
      .sort((a, b) => at(a) - at(b) || a - b);
    const template = listedTexts(columns, rows);
    const shownOn = new Map<number, ReadonlySet<string>>();
    const shown = (item: number) => {
      let set = shownOn.get(item);
      if (set === undefined) {
        const { prompt, replies } = columns.items[item]!;
        set = new Set([prompt, ...replies.map((r) => r.text)].flatMap(shingles));
        shownOn.set(item, set);
      }
      return set;
    };
    for (const row of rows) {
      const item = columns.item[row]!;
      const rater = columns.rater[row]!;
      const text = writtenText(columns, row);
      const all = template.has(text.trim()) ? [] : shingles(text);
      // A correction keeps most of the reply, and a critique may quote it: that is the item's text, not copied work.
      const own = all.length === 0 ? [] : all.filter((shingle) => !shown(item).has(shingle));
      if (own.length === 0) continue;
      written[rater]! += 1;
      const copied = own.filter((shingle) => {
        const first = owner.get(shingle);
        return first !== undefined && (first.rater !== rater || first.item !== item);
      });
      if (copied.length >= COPIED * own.length) copies[rater]!.push(row);
      for (const shingle of own) if (!owner.has(shingle)) owner.set(shingle, { rater, item });
    }
    const tested = [...written.keys()].filter((rater) => written[rater]! > 0);
    if (tested.length === 0) return { undefined: `no rater wrote a text of ${SHINGLE} words` };
    return {
      assessed: tested.length,
      unassessed: columns.raterIds.length - tested.length,
      flags: tested.flatMap((rater) => {
        const [k, n] = [copies[rater]!.length, written[rater]!];
        const interval = wilson(k, n);
        if (k < LEAST_COPIES || interval.low < LEAST_SHARE) return [];
        return {
          detector: 'copied-text' as const,
          raters: [columns.raterIds[rater]!],
          statistic: 'share of texts that stand in an earlier text',
          value: k / n,
          interval,
          test: { measure: 'share' as const, value: interval.low, threshold: LEAST_SHARE },
          n,
          ...evidence(data, copies[rater]!),
          details: { 'copied texts': k },
        };
      }),
    };
  },
};
