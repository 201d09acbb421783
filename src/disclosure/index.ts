export * from './build.ts';
export * from './items.ts';
export { type ReportData, renderReport } from './report/render.ts';
export * from './seal.ts';
