/** File effects of the project, behind one door: durable writes, robust reading of lines, and the run's log. */
export * from './files.ts';
export * from './lines.ts';
export * from './record-log.ts';
