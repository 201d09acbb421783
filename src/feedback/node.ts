/** File effects of the feedback part, behind one door: imports, exports, project folders. */
export * from './exchange/import.ts';
export { RAW_CHARACTERS, type Reject } from './exchange/rejects.ts';
