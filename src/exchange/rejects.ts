import { join } from 'node:path';
import { textWriter } from './line-writer.ts';

/** Characters of a rejected row that are kept beside the reason. */
export const RAW_CHARACTERS = 2000;

/** Reasons that are counted apart. */
const MOST_REASONS = 100;

/** A row that was put aside. */
export interface Reject {
  readonly file: string;
  /** Line of the file; number of the row for Parquet. */
  readonly line: number;
  readonly field: string;
  readonly reason: string;
  /** The row as it stood, cut after `RAW_CHARACTERS`; what looks like a platform's worker id is under its pseudonym. */
  readonly raw: string;
  readonly rawCharacters: number;
}

/** A reject as one line: place, field where there is one, reason. */
export const rejectText = ({ file, line, field, reason }: Omit<Reject, 'raw' | 'rawCharacters'>): string =>
  `${file}:${line}: ${field === 'row' ? '' : `${field}: `}${reason}`;

/** The side file of an import, written only when there is something for it. */
export function rejectsFile(folder: string, redact: (text: string) => string, options: { durable: boolean }) {
  let writer: ReturnType<typeof textWriter> | undefined;
  let count = 0;
  let first: string | undefined;
  const reasons = new Map<string, number>();
  return {
    get count() {
      return count;
    },
    /** Rows by field and reason, the most frequent first. */
    get reasons(): readonly (readonly [string, number])[] {
      return [...reasons].sort(([, a], [, b]) => b - a);
    },
    get first() {
      return first;
    },
    put(place: Omit<Reject, 'raw' | 'rawCharacters'>, raw: string): void {
      writer ??= textWriter(join(folder, 'rejected.jsonl'), options);
      const kept = redact(raw.slice(0, RAW_CHARACTERS));
      const reject: Reject = { ...place, raw: kept, rawCharacters: raw.length };
      writer.write(`${JSON.stringify(reject)}\n`);
      first ??= rejectText(place);
      count += 1;
      const why = place.field === 'row' ? place.reason : `${place.field}: ${place.reason}`;
      if (reasons.has(why) || reasons.size < MOST_REASONS) reasons.set(why, (reasons.get(why) ?? 0) + 1);
    },
    close(): void {
      writer?.close();
    },
    abandon(): void {
      writer?.abandon();
    },
  };
}
