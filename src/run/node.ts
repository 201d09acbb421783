/** File effects of the project, behind one door: durable writes, robust reading of lines, the run's log, and threads. */
export * from './archive.ts';
export * from './disk-folder.ts';
export * from './files.ts';
export * from './json-file.ts';
export * from './lines.ts';
export * from './processes.ts';
export * from './record-log.ts';
export * from './regular-file.ts';
export * from './threads.ts';
