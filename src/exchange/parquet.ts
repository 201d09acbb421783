import { closeSync, openSync, statSync } from 'node:fs';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import {
  asyncBufferFromFile,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  snappyUncompress,
} from 'hyparquet';
import { decompressLz4, decompressLz4Raw, decompressZstd } from 'hyparquet-compressors';
import { type ColumnSource, fileWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer';
import { DataError, own } from '../run/index.ts';
import { onPath, READ_LIMITS, type ReadOptions } from '../run/node.ts';
import type { Column } from './layouts/layout.ts';
import { checkColumn, checkRowGroup, checkSchema, PARQUET_LIMITS } from './parquet-check.ts';

const into = (length: number, unpack: (output: Uint8Array) => void): Uint8Array => {
  const output = new Uint8Array(length);
  unpack(output);
  return output;
};

/** Decompressors that never write more than the page states, which is checked before. */
const COMPRESSORS: Compressors = {
  SNAPPY: (input, length) => into(length, (output) => snappyUncompress(input, output)),
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
  ZSTD: (input, length) => into(length, (output) => decompressZstd(input, output)),
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
};

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Values as JSON has them: 64-bit integers as numbers, or as text where a number would lose digits; times as ISO 8601. */
export function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return UTF8.decode(value);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plainValue(part)]));
  return value;
}

/** A damaged file in one line; the decoder's own messages are kept as what was got. */
function asDataError(path: string, error: unknown): Error {
  if (error instanceof DataError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code.startsWith('E') && !code.startsWith('ERR_')) return error as Error;
  const got = error instanceof Error ? error.message : String(error);
  return new DataError('parquet', `${path}: expected a whole Parquet file, got one that cannot be read (${got})`, {
    cause: error,
  });
}

/**
 * Rows of a Parquet file as objects, a row group in memory at a time. Refuses what exceeds the limits and every file that
 * cannot be decoded.
 */
export async function* readParquet(path: string, options: ReadOptions = {}): AsyncGenerator<Record<string, unknown>> {
  const { unpackedBytes } = { ...READ_LIMITS, ...options.limits };
  onPath(path, () => closeSync(openSync(path, 'r')));
  const { size } = statSync(path);
  let metadata: FileMetaData;
  const file = await asyncBufferFromFile(path);
  const slice = async (start: number, end: number) => {
    if (!(start >= 0 && end >= start && end <= size))
      throw new DataError('parquet', `${path}: a column outside the file; the file is damaged`);
    return new Uint8Array(await file.slice(start, end));
  };
  try {
    if (size < 12) throw new Error('too short');
    const tail = new DataView((await slice(size - 8, size)).buffer);
    const footer = tail.getUint32(0, true);
    if (footer > PARQUET_LIMITS.footerBytes)
      throw new DataError(
        'parquet',
        `${path}: expected a footer of at most ${PARQUET_LIMITS.footerBytes} bytes, got ${footer}`,
      );
    metadata = await parquetMetadataAsync(file);
    checkSchema(path, metadata);
    if (metadata.row_groups.length === 0) throw new DataError('empty', `${path}: expected records, got an empty file`);
  } catch (error) {
    throw asDataError(path, error);
  }
  const parsers = { stringFromBytes: (bytes: Uint8Array) => bytes && UTF8.decode(bytes) };
  let [start, unpacked] = [0, 0];
  for (const [index, group] of metadata.row_groups.entries()) {
    const rows = Number(group.num_rows);
    let batch: Record<string, unknown>[];
    try {
      checkRowGroup(path, metadata, index);
      for (const { meta_data: meta } of group.columns) {
        if (meta === undefined) throw new Error('a column without metadata');
        const from = Number(meta.dictionary_page_offset || meta.data_page_offset);
        const chunk = await slice(from, from + Number(meta.total_compressed_size));
        checkColumn(path, chunk, { meta, metadata, compressors: COMPRESSORS });
        unpacked += Number(meta.total_uncompressed_size);
      }
      if (unpacked > unpackedBytes)
        throw new DataError('unpacked', `${path}: expected at most ${unpackedBytes} bytes unpacked, got more`);
      batch = await parquetReadObjects({
        file,
        metadata: { ...metadata, row_groups: [group] },
        compressors: COMPRESSORS,
        parsers,
        geoparquet: false,
      });
      if (batch.length !== rows) throw new Error(`${batch.length} of ${rows} rows`);
    } catch (error) {
      throw asDataError(path, error);
    }
    start += rows;
    options.onBytes?.(Math.floor((size * (index + 1)) / metadata.row_groups.length));
    for (const row of batch) {
      let value: Record<string, unknown>;
      try {
        value = plainValue(row) as Record<string, unknown>;
      } catch (error) {
        throw asDataError(path, error);
      }
      yield value;
    }
  }
  if (start === 0) throw new DataError('empty', `${path}: expected records, got an empty file`);
}

const TYPES = { text: 'STRING', number: 'DOUBLE', boolean: 'BOOLEAN' } as const;
/** Rows of a group are held until it is written. */
const GROUP_ROWS = 10_000;
const GROUP_CHARACTERS = 1024 * 1024;

/** Writes rows of flat columns; `null` and `undefined` are nulls. */
export function parquetWriter(path: string, columns: readonly Column[]) {
  const empty = columns.map(({ name, type }): ColumnSource => ({ name, data: [], type: TYPES[type], nullable: true }));
  const writer = new ParquetWriter({
    writer: onPath(path, () => fileWriter(path)),
    schema: schemaFromColumnData({ columnData: empty }),
    codec: 'SNAPPY',
    createdBy: 'goodhart',
  });
  let rows: Record<string, unknown>[] = [];
  let characters = 0;
  const flush = () => {
    if (rows.length === 0) return;
    const columnData = empty.map((column) => ({ ...column, data: rows.map((row) => own(row, column.name) ?? null) }));
    onPath(path, () => writer.write({ columnData, rowGroupSize: rows.length }));
    rows = [];
    characters = 0;
  };
  return {
    write(row: object): void {
      rows.push(row as Record<string, unknown>);
      for (const value of Object.values(row)) characters += typeof value === 'string' ? value.length : 8;
      if (rows.length >= GROUP_ROWS || characters >= GROUP_CHARACTERS) flush();
    },
    close(): void {
      flush();
      onPath(path, () => writer.finish());
    },
  };
}
