import type { ColumnMetaData, Compressors, FileMetaData, SchemaElement } from 'hyparquet';
import { parquetSchema } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { decompressPage } from 'hyparquet/src/datapage.js';
import { getMaxDefinitionLevel, getMaxRepetitionLevel, getSchemaPath } from 'hyparquet/src/schema.js';
import { readVarInt } from 'hyparquet/src/thrift.js';
import { DataError } from '../run/index.ts';

/**
 * What reading Parquet refuses, before it is decoded: the decoder believes the counts that a file states, and a few bytes
 * can state billions of values.
 */
export const PARQUET_LIMITS = {
  footerBytes: 16 * 1024 * 1024,
  /** Uncompressed, of one row group: what is held in memory at a time. */
  rowGroupBytes: 512 * 1024 * 1024,
  rowGroupRows: 1_000_000,
  pageBytes: 128 * 1024 * 1024,
  /** Values of one column of a row group, entries of lists included. */
  values: 10_000_000,
} as const;

const ENCODINGS = ['PLAIN', 'PLAIN_DICTIONARY', 'RLE_DICTIONARY', 'RLE'];

const refuse = (path: string, what: string): never => {
  throw new DataError('parquet', `${path}: ${what}`);
};

/** Checks a row group’s stated sizes against the limits. */
export function checkRowGroup(path: string, metadata: FileMetaData, index: number): void {
  const group = metadata.row_groups[index]!;
  const { rowGroupBytes, rowGroupRows } = PARQUET_LIMITS;
  const bytes = group.columns.reduce((sum, column) => sum + Number(column.meta_data?.total_uncompressed_size ?? 0), 0);
  const rows = Number(group.num_rows);
  if (!(rows >= 0 && rows <= rowGroupRows))
    refuse(path, `expected row groups of at most ${rowGroupRows} rows, got ${rows}; write smaller row groups`);
  if (!(bytes >= 0 && bytes <= rowGroupBytes))
    refuse(
      path,
      `expected row groups of at most ${rowGroupBytes} bytes unpacked, got ${bytes}; write smaller row groups`,
    );
}

interface Reader {
  readonly view: DataView;
  offset: number;
}

/** Runs of a level or dictionary-index stream: together no more than `count` values, padding of the last run aside. */
function checkRuns(path: string, reader: Reader, options: { width: number; count: number; end: number }): void {
  const { width, count, end } = options;
  const valueBytes = (width + 7) >> 3;
  let seen = 0;
  while (seen < count) {
    if (reader.offset >= end) refuse(path, 'a page with fewer values than it states; the file is damaged');
    const header = readVarInt(reader);
    const groups = header >>> 1;
    const values = header & 1 ? groups * 8 : groups;
    if (values <= 0 || values > count - seen + 7)
      refuse(path, 'a page whose runs exceed its values; the file is damaged');
    reader.offset += header & 1 ? groups * width : valueBytes;
    if (reader.offset > end + width) refuse(path, 'a page with runs past its end; the file is damaged');
    seen += values;
  }
}

const bitWidth = (value: number) => 32 - Math.clz32(value);
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Page by page of one column chunk: sizes and counts within the limits and within what the chunk states. */
export function checkColumn(
  path: string,
  chunk: Uint8Array,
  column: { readonly meta: ColumnMetaData; readonly metadata: FileMetaData; readonly compressors: Compressors },
): void {
  const { meta, metadata, compressors } = column;
  const { pageBytes, values: maxValues } = PARQUET_LIMITS;
  const schemaPath = getSchemaPath(metadata.schema as SchemaElement[], meta.path_in_schema);
  const levels = [getMaxRepetitionLevel(schemaPath), getMaxDefinitionLevel(schemaPath)];
  const stated = Number(meta.num_values);
  if (!(stated >= 0 && stated <= maxValues))
    refuse(
      path,
      `expected columns of at most ${maxValues} values in a row group, got ${stated}; write smaller row groups`,
    );
  const reader: Reader = { view: viewOf(chunk), offset: 0 };
  let values = 0;
  // As the decoder does, a last odd byte is no page.
  while (reader.offset < chunk.length - 1) {
    const header = parquetHeader(reader);
    const [packed, unpacked] = [header.compressed_page_size, header.uncompressed_page_size];
    if (!(packed >= 0 && packed <= chunk.length - reader.offset))
      refuse(path, 'a page past the end of its column; the file is damaged');
    if (!(unpacked >= 0 && unpacked <= pageBytes))
      refuse(path, `expected pages of at most ${pageBytes} bytes unpacked, got ${unpacked}; write smaller pages`);
    const bytes = chunk.subarray(reader.offset, reader.offset + packed);
    reader.offset += packed;
    const dictionary = header.dictionary_page_header;
    if (header.type === 'DICTIONARY_PAGE') {
      const count = dictionary?.num_values ?? -1;
      if (!(count >= 0 && count <= unpacked))
        refuse(path, 'a dictionary of more values than bytes; the file is damaged');
      continue;
    }
    const page = header.type === 'DATA_PAGE' ? header.data_page_header : header.data_page_header_v2;
    if (page === undefined) refuse(path, `a page of type ${header.type}, which is not read here`);
    const count = page!.num_values;
    values += count;
    if (!(count > 0 && values <= stated)) refuse(path, 'pages of more values than their column; the file is damaged');
    if (!ENCODINGS.includes(page!.encoding))
      refuse(path, `encoding ${page!.encoding} is not read here; write the file with plain or dictionary encoding`);
    checkPage(path, { bytes, header, levels, meta, compressors });
  }
  if (values !== stated)
    refuse(path, `expected ${stated} values in column ${meta.path_in_schema.join('.')}, got ${values}`);
}

function checkPage(
  path: string,
  page: {
    readonly bytes: Uint8Array;
    readonly header: ReturnType<typeof parquetHeader>;
    readonly levels: readonly number[];
    readonly meta: ColumnMetaData;
    readonly compressors: Compressors;
  },
): void {
  const { bytes, header, levels, meta, compressors } = page;
  const v2 = header.type === 'DATA_PAGE' ? undefined : header.data_page_header_v2!;
  const { num_values: count, encoding } = v2 ?? header.data_page_header!;
  const unpack = (packed: Uint8Array, length: number) => decompressPage(packed, length, meta.codec, compressors);
  let values: Reader;
  let end: number;
  if (v2 === undefined) {
    const whole = unpack(bytes, header.uncompressed_page_size);
    values = { view: viewOf(whole), offset: 0 };
    end = whole.length;
    for (const max of levels) {
      if (max === 0) continue;
      const length = values.view.getUint32(values.offset, true);
      values.offset += 4;
      const stop = values.offset + length;
      if (stop > end) refuse(path, 'levels past the end of their page; the file is damaged');
      checkRuns(path, values, { width: bitWidth(max), count, end: stop });
      values.offset = stop;
    }
  } else {
    const lengths = [v2.repetition_levels_byte_length, v2.definition_levels_byte_length];
    const total = lengths[0]! + lengths[1]!;
    const nulls = v2.num_nulls;
    if (!(lengths.every((n) => n >= 0) && total <= bytes.length && nulls >= 0 && nulls <= count))
      refuse(path, 'levels past the end of their page; the file is damaged');
    const reader: Reader = { view: viewOf(bytes), offset: 0 };
    for (const [i, max] of levels.entries()) {
      const stop = reader.offset + lengths[i]!;
      if (max > 0) checkRuns(path, reader, { width: bitWidth(max), count, end: stop });
      reader.offset = stop;
    }
    const rest = bytes.subarray(total);
    const unpacked = v2.is_compressed === false ? rest : unpack(rest, header.uncompressed_page_size - total);
    values = { view: viewOf(unpacked), offset: 0 };
    end = unpacked.length;
  }
  if (encoding === 'PLAIN' || end === 0) return;
  if (meta.type === 'BOOLEAN') {
    values.offset += 4;
    checkIndices(path, values, { width: 1, count, end });
    return;
  }
  if (encoding === 'RLE') refuse(path, 'run-length encoding of values that are not true or false');
  const width = values.view.getUint8(values.offset++);
  if (width > 32) refuse(path, 'a dictionary index of more than 32 bits; the file is damaged');
  // A null has no index, so there may be fewer; runs of none are stated as nothing.
  if (width > 0) checkIndices(path, values, { width, count, end });
}

/** Dictionary indices stop at the end of the page: nulls have none. */
function checkIndices(path: string, reader: Reader, options: { width: number; count: number; end: number }): void {
  const { width, count, end } = options;
  let seen = 0;
  while (reader.offset < end && seen < count) {
    const header = readVarInt(reader);
    const groups = header >>> 1;
    const values = header & 1 ? groups * 8 : groups;
    if (values <= 0 && reader.offset < end) continue;
    if (values > count - seen + 7) refuse(path, 'a page whose runs exceed its values; the file is damaged');
    reader.offset += header & 1 ? groups * width : (width + 7) >> 3;
    seen += values;
  }
}

/** Whether the schema is one the reader understands at all; a tree that refers past itself is damaged. */
export function checkSchema(path: string, metadata: FileMetaData): void {
  const tree = parquetSchema(metadata);
  if (tree.children.length === 0 || tree.children.length > 1000)
    refuse(path, `expected 1 to 1000 columns, got ${tree.children.length}`);
}
