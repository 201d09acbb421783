/** File effects of the exchange part, behind one door: imports, exports, project folders. */
export * from './export.ts';
export * from './import.ts';
export { PARQUET_LIMITS } from './parquet-check.ts';
export { type ProjectData, readProject } from './project-reader.ts';
export { RAW_CHARACTERS, type Reject, rejectText } from './rejects.ts';
export { ENCODING_FORMATS, type RowWriter, rowWriter } from './row-writer.ts';
export { type Rejected, readLayout, type SourceOptions } from './source.ts';
export { isUnfinished } from './staging.ts';
