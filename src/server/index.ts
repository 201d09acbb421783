export * from './client.ts';
export type { ProjectTable, RunTable, TableFormat } from './contract/index.ts';
export type { MadeFile } from './file-answer.ts';
export type { PageName, PageQueries } from './project-pages.ts';
export type { Page, ProjectReader, WantedFile } from './project-reader.ts';
export type { RunFile, RunRow, RunService } from './runs.ts';
export type { Services, StudioEvent } from './services.ts';
