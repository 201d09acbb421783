import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fsyncSync, openSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { own, UsageError } from '../run/index.ts';
import { onPath } from '../run/node.ts';
import { asCell } from './formulas.ts';
import type { Column, Layout, Writer } from './layouts/layout.ts';
import { textWriter } from './line-writer.ts';
import { parquetWriter } from './parquet.ts';
import type { Container } from './rows.ts';

/** Writes the rows of an export into one file. */
export interface RowWriter {
  write(row: object): void;
  close(): Promise<{ readonly bytes: number; readonly sha256: string }>;
  abandon(): void;
}

const EXTENSIONS: Readonly<Record<string, Container>> = {
  '.jsonl': 'jsonl',
  '.json': 'json',
  '.csv': 'csv',
  '.parquet': 'parquet',
};
export const extensionOf = (container: Container): string => `.${container}`;
export const ENCODING_FORMATS: Readonly<Record<Container, string>> = {
  jsonl: 'application/jsonlines',
  json: 'application/json',
  csv: 'text/csv',
  parquet: 'application/x-parquet',
};

/** The container that a file's name asks for, if the layout can be written so; undefined where the name is a folder's. */
export function containerFor(out: string, layout: Layout & { readonly write: Writer }): Container | undefined {
  const extension = extname(out);
  const container = own(EXTENSIONS, extension);
  if (container === undefined) {
    if (/^\.[a-z]{2,8}$/.test(extension))
      throw new UsageError(
        'out',
        `${out}: expected ${Object.keys(EXTENSIONS).join(', ')} or a folder, got ${extension}`,
      );
    return undefined;
  }
  const { write } = layout;
  if (container === write.container) return container;
  if (container === 'csv' || container === 'parquet') {
    if (typeof write.columns === 'function') return container;
    throw new UsageError('out', `${out}: ${layout.id} cannot be written as ${extension}: ${write.columns.not}`);
  }
  throw new UsageError('out', `${out}: ${layout.id} is written as ${extensionOf(write.container)}, not ${extension}`);
}

/** Half a character pair: JSON can escape it, UTF-8 text cannot hold it. */
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Why a row cannot be a row of raw UTF-8, or undefined. */
export const utf8Problem = (row: object): string | undefined =>
  Object.values(row).some((value) => typeof value === 'string' && LONE_SURROGATE.test(value))
    ? 'a lone surrogate, which is no Unicode text'
    : undefined;

const CSV_BATCH = 50;

function csvWriter(path: string, columns: readonly Column[], durable: boolean): RowWriter {
  const file = textWriter(path, { durable });
  const names = columns.map(({ name }) => name);
  let rows: object[] = [];
  let header = true;
  const flush = () => {
    // Every text is quoted, so that no content can be taken for a separator or an absent cell.
    const cast = { boolean: (value: boolean) => String(value), string: asCell };
    file.write(stringify(rows, { columns: names, header, quoted_string: true, cast }));
    header = false;
    rows = [];
  };
  return {
    write(row) {
      rows.push(row);
      if (rows.length >= CSV_BATCH) flush();
    },
    async close() {
      if (rows.length > 0 || header) flush();
      return file.close();
    },
    abandon: () => file.abandon(),
  };
}

async function digestFile(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return { bytes: statSync(path).size, sha256: hash.digest('hex') };
}

/** Opens a file for rows in a container; `columns` are needed for the flat ones. */
export function rowWriter(
  path: string,
  container: Container,
  { columns, durable }: { readonly columns: readonly Column[]; readonly durable: boolean },
): RowWriter {
  if (container === 'csv') return csvWriter(path, columns, durable);
  if (container === 'parquet') {
    const file = parquetWriter(path, columns);
    return {
      write: (row) => file.write(row),
      async close() {
        file.close();
        onPath(path, () => {
          const written = openSync(path, 'r');
          if (durable) fsyncSync(written);
          closeSync(written);
        });
        return digestFile(path);
      },
      abandon: () => {},
    };
  }
  const file = textWriter(path, { durable });
  let first = true;
  return {
    write(row) {
      if (container === 'jsonl') file.write(`${JSON.stringify(row)}\n`);
      else file.write(`${first ? '[' : ','}\n${JSON.stringify(row)}`);
      first = false;
    },
    async close() {
      if (container === 'json') file.write(first ? '[]\n' : '\n]\n');
      return file.close();
    },
    abandon: () => file.abandon(),
  };
}
