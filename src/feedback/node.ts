/** File effects of the feedback part, behind one door: imports, exports, project folders. */
export * from './exchange/export.ts';
export * from './exchange/import.ts';
export { PARQUET_LIMITS } from './exchange/parquet-check.ts';
export { type ProjectData, readProject } from './exchange/project-reader.ts';
export { RAW_CHARACTERS, type Reject, rejectText } from './exchange/rejects.ts';
export { ENCODING_FORMATS, type RowWriter, rowWriter } from './exchange/row-writer.ts';
export { type Rejected, readLayout, type SourceOptions } from './exchange/source.ts';
export { isUnfinished } from './exchange/staging.ts';
