import type { AnswerOf } from '../feedback/index.ts';
import { ClusterAlpha } from './cluster-alpha.ts';
import { answerAt, type QualityColumns, WORK } from './columns.ts';

/** Marks of one rater on one reply. */
interface Marking {
  readonly rater: number;
  readonly spans: AnswerOf<'spans'>['spans'];
}

/** Work markings of a question by item and reply; a rater's later marking of the same reply replaces the earlier. */
function markings(columns: QualityColumns, question: number): Map<string, Map<number, Marking>> {
  const byReply = new Map<string, Map<number, Marking>>();
  for (let row = 0; row < columns.n; row++) {
    if (columns.question[row] !== question || columns.purpose[row] !== WORK) continue;
    const { reply, spans } = answerAt(columns, row) as AnswerOf<'spans'>;
    const key = `${columns.item[row]}/${reply}`;
    if (!byReply.has(key)) byReply.set(key, new Map());
    const rater = columns.rater[row]!;
    byReply.get(key)!.set(rater, { rater, spans });
  }
  return byReply;
}

/** Labels that cover a character, as one value: several in alphabetical order, none as the empty text. */
function labelAt(spans: Marking['spans'], at: number): string {
  const labels = new Set<string>();
  for (const { start, end, label } of spans) if (start <= at && at < end) labels.add(label);
  return [...labels].sort().join(' + ');
}

/** Characters that both marked with the same label, and that either marked: by label, so overlap with another label counts against. */
function overlap(a: Marking['spans'], b: Marking['spans']): { both: number; first: number; second: number } {
  const covered = (spans: Marking['spans']) => {
    const cells = new Set<string>();
    for (const { start, end, label } of spans) for (let i = start; i < end; i++) cells.add(`${i}/${label}`);
    return cells;
  };
  const [first, second] = [covered(a), covered(b)];
  let both = 0;
  for (const cell of first) if (second.has(cell)) both += 1;
  return { both, first: first.size, second: second.size };
}

export interface SpanAgreement {
  /** α over the characters of replies, nominal in the labels that cover them; items resampled whole. */
  readonly characters: ClusterAlpha;
  /** Character F1 of each pair of raters who marked something on a reply, with its item. */
  readonly f1: readonly { readonly item: number; readonly value: number }[];
  /** Pairs of raters on a reply who both marked nothing: they agree, and F1 is not defined for them. */
  readonly bothEmpty: number;
}

/**
 * How far raters mark the same characters with the same labels. Characters between the ends of all spans of a reply share
 * their values, so stretches count at once.
 */
export function spanAgreement(columns: QualityColumns, question: number): SpanAgreement {
  const byReply = markings(columns, question);
  const codes = new Map<string, number>();
  const stretches: { item: number; values: number[]; length: number }[] = [];
  const f1: { item: number; value: number }[] = [];
  let bothEmpty = 0;
  for (const [key, byRater] of byReply) {
    const [item, reply] = key.split('/').map(Number) as [number, number];
    const own = [...byRater.values()];
    if (own.length < 2) continue;
    const { length } = columns.items[item]!.replies[reply]!.text;
    const cuts = [...new Set([0, length, ...own.flatMap((m) => m.spans.flatMap((s) => [s.start, s.end]))])]
      .filter((cut) => cut <= length)
      .sort((a, b) => a - b);
    for (const [i, from] of cuts.slice(0, -1).entries()) {
      const values = own.map(({ spans }) => {
        const label = labelAt(spans, from);
        if (!codes.has(label)) codes.set(label, codes.size);
        return codes.get(label)!;
      });
      stretches.push({ item, values, length: cuts[i + 1]! - from });
    }
    for (const [i, a] of own.entries()) {
      for (const b of own.slice(i + 1)) {
        const { both, first, second } = overlap(a.spans, b.spans);
        if (first + second === 0) bothEmpty += 1;
        else f1.push({ item, value: (2 * both) / (first + second) });
      }
    }
  }
  const characters = new ClusterAlpha('nominal', {
    clusters: columns.items.length,
    categories: Math.max(1, codes.size),
  });
  for (const { item, values, length } of stretches) characters.add(item, values, length);
  return { characters, f1, bothEmpty };
}
