import { pipeline, Readable } from 'node:stream';
import { type CsvError, type Info, parse } from 'csv-parse';
import { DataError, own } from '../run/index.ts';
import { READ_LIMITS, type ReadOptions, readBytes } from '../run/node.ts';
import { ofCell } from './formulas.ts';

/** A record of a CSV file by the names of its header, or why it is none. */
export type CsvRow =
  | { readonly line: number; readonly value: Readonly<Record<string, string>> }
  | { readonly line: number; readonly field: string; readonly reason: string; readonly raw: string };

/** Text of a file in pieces; a byte that is not UTF-8 is refused with its line. */
async function* readText(path: string, options: ReadOptions): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  const decode = (bytes?: Buffer) => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch (cause) {
      const place = `${path}: after line ${line}`;
      throw new DataError('utf8', `${place}: expected UTF-8 text, got other bytes; convert the file`, { cause });
    }
  };
  for await (const chunk of readBytes(path, options)) {
    const text = decode(chunk);
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) line += 1;
    if (text !== '') yield text;
  }
  const rest = decode();
  if (rest !== '') yield rest;
}

/** What spreadsheets put between cells where the comma is the decimal mark, and other programs at will. */
const SEPARATORS = [
  { mark: ';', name: 'semicolons' },
  { mark: '\t', name: 'tabs' },
  { mark: '|', name: 'vertical bars' },
];

/** Wider than any table of people's. */
const MOST_COLUMNS = 10_000;

function checkHeader(path: string, names: readonly string[]): void {
  if (names.length > MOST_COLUMNS)
    throw new DataError('column', `${path}:1: expected at most ${MOST_COLUMNS} columns, got ${names.length}; split it`);
  const seen = new Set<string>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  if (twice !== undefined)
    throw new DataError('column', `${path}:1: column ${JSON.stringify(twice)} occurs twice; rename one`);
  const separator = names.length === 1 ? SEPARATORS.find(({ mark }) => names[0]!.includes(mark)) : undefined;
  if (separator !== undefined) {
    const { name, mark } = separator;
    const got = `one column with ${name} in its name: ${JSON.stringify(names[0]!.slice(0, 60))}`;
    const how = `the cells are separated by ${name}; write the table with commas instead of ${JSON.stringify(mark)}`;
    throw new DataError('column', `${path}:1: expected columns separated by commas, got ${got}; ${how}`);
  }
  if (names.includes('__proto__')) throw new DataError('column', `${path}:1: a column named __proto__; rename it`);
}

/**
 * Records of a CSV file, plain or gzip, with a header, one at a time; quoted cells may hold commas, quotes and newlines.
 * A record that is no CSV, or of another number of cells than
 * the header, is told apart; one over the record limit is refused without being held.
 */
export async function* readCsv(path: string, options: ReadOptions): AsyncGenerator<CsvRow> {
  const { lineBytes } = { ...READ_LIMITS, ...options.limits };
  const skipped: { reason: string; raw: string; line: number }[] = [];
  // Where the last whole record ended; the stream runs ahead of its reader.
  let parsed = 0;
  const parser = parse({
    on_record: (record: string[], { lines }: { lines: number }) => {
      parsed = lines;
      return record;
    },
    bom: true,
    info: true,
    raw: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: lineBytes,
    skip_records_with_error: true,
    on_skip: (error: CsvError | undefined, raw: string | undefined) => {
      // A record that swallows what follows it would hide good ones: that ends the reading.
      if (error !== undefined && Object.hasOwn(FATAL, error.code)) throw error;
      skipped.push({ reason: error?.code ?? 'no CSV record', raw: raw ?? '', line: parser.info.lines });
      return undefined;
    },
  });
  const records = pipeline(Readable.from(readText(path, options)), parser, () => {});
  let header: string[] | undefined;
  let ended = 0;
  function* bad(): Generator<CsvRow> {
    for (const { reason, raw, line } of skipped.splice(0))
      yield { line, field: 'record', reason: reasonOf(reason), raw };
  }
  try {
    for await (const { record, info, raw } of records as AsyncIterable<{ record: string[]; info: Info; raw: string }>) {
      yield* bad();
      const line = ended + 1;
      ended = info.lines;
      if (header === undefined) {
        header = record;
        checkHeader(path, header);
        continue;
      }
      if (record.length !== header.length) {
        const reason = `${record.length} cells where the header has ${header.length}`;
        yield { line, field: 'record', reason, raw };
        continue;
      }
      yield { line, value: Object.fromEntries(header.map((name, i) => [name, ofCell(record[i]!)])) };
    }
    yield* bad();
  } catch (error) {
    const want = FATAL[(error as CsvError).code ?? ''];
    if (want !== undefined)
      throw new DataError('line', `${path}:${parsed + 1}: ${want(lineBytes)}; close its quotes or split it`, {
        cause: error,
      });
    throw error;
  }
  if (header === undefined) throw new DataError('empty', `${path}: expected records, got an empty file`);
}

const FATAL: Readonly<Record<string, (limit: number) => string>> = {
  CSV_MAX_RECORD_SIZE: (limit) => `expected at most ${limit} characters in a record, got more`,
  CSV_QUOTE_NOT_CLOSED: () => 'expected the closing quote of a cell, got the end of the file',
};
const REASONS: Readonly<Record<string, string>> = {
  CSV_INVALID_CLOSING_QUOTE: 'text after the closing quote of a cell; write a quote in a quoted cell twice',
  INVALID_OPENING_QUOTE: 'a quote in the middle of a cell without quotes; quote the cell and write the quote twice',
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: 'text after the closing quote of a cell',
};
const reasonOf = (code: string) => own(REASONS, code) ?? code;
