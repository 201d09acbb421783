import { Worker } from 'node:worker_threads';
import { DataError, EngineError, NumericsError, UsageError } from '../run/index.ts';
import type { EngineSettings } from './sessions.ts';
import type { Answer } from './worker.ts';

/** The built worker, or, when this file itself runs unbuilt (tests), its source behind the loader. */
function startWorker(settings: EngineSettings): Worker {
  // Not the options of the process: `--input-type` and `-e` are about its own first code, and would keep a worker from starting.
  const options = { workerData: settings, execArgv: [] };
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./worker.js', import.meta.url), options);
  const entry = JSON.stringify(new URL('./worker.ts', import.meta.url).href);
  const source = `import('tsx/esm/api').then(({ register }) => { register(); return import(${entry}); });`;
  return new Worker(source, { ...options, eval: true });
}

/** Calls into the worker, in order, each answered once. */
export class Channel {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #next = 0;
  /** Why no call can be answered any more. */
  #ended: Error | undefined;

  constructor(settings: EngineSettings) {
    this.#worker = startWorker(settings);
    this.#worker.unref();
    this.#worker.on('message', (answer: Answer) => this.#settle(answer));
    this.#worker.on('error', (error) => this.#fail(error as Error));
    this.#worker.on('exit', () => this.#fail(new EngineError('closed', 'the engine was closed; create a new one')));
  }

  call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    return this.callWith([], method, ...args);
  }

  /** A call that hands buffers over instead of copying them; they are empty here afterwards. */
  callWith<T>(transfer: readonly ArrayBuffer[], method: string, ...args: readonly unknown[]): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      // An idle worker must not keep the process alive; a waiting caller must.
      if (this.#waiting.size === 0) this.#worker.ref();
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#worker.postMessage({ id, method, args }, transfer);
    });
  }

  #settle({ id, value, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(revive(error));
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    await this.call('close');
    // Whoever waits for the end keeps the process alive until it has come.
    this.#worker.ref();
    await this.#worker.terminate();
  }
}

function revive(error: NonNullable<Answer['error']>): Error {
  if (error.name === 'NumericsError') {
    const detail = error.message.slice(error.message.indexOf(': ') + 2);
    return new NumericsError(error.tensor ?? 'tensor', detail, error);
  }
  if (error.name === 'DataError') return new DataError(error.code, error.message);
  if (error.name === 'UsageError') return new UsageError(error.code, error.message);
  const revived = new EngineError(error.code, error.message);
  if (error.stack !== undefined) revived.stack = error.stack;
  return revived;
}
