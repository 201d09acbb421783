import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts a module beside the caller's in a thread: the built one, or, where the caller itself runs unbuilt (tests), its
 * source behind the loader. `from` is the caller's `import.meta.url`, `name` the module without its ending. The thread
 * takes over no flag of the process, which may say how to read another program.
 */
export function startThread(from: string, name: string, options: WorkerOptions = {}): Worker {
  const own = { execArgv: [], ...options };
  if (!from.endsWith('.ts')) return new Worker(new URL(`./${name}.js`, from), own);
  const entry = JSON.stringify(new URL(`./${name}.ts`, from).href);
  const source = `import('tsx/esm/api').then(({ register }) => { register(); return import(${entry}); });`;
  return new Worker(source, { ...own, eval: true });
}
