export * from './client.ts';
export type { ProjectTable, RunTable, TableFormat } from './contract/index.ts';
export type { MadeFile } from './file-answer.ts';
export type { PageName, PageQueries } from './project-pages.ts';
export type { Page, PreviewRun, ProjectReader, WantedFile } from './project-reader.ts';
export type { RunAsk, RunFile, RunRow, RunService } from './runs.ts';
export type { Services, StudioEvent } from './services.ts';
