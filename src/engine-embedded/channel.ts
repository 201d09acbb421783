import { EngineError } from '../run/index.ts';
import { startThread, type ThreadCalls, threadCalls } from '../run/node.ts';
import type { EngineSettings } from './sessions.ts';

const closed = () => new EngineError('closed', 'the engine was closed; create a new one');

/** A call of the worker's backend by name. */
export interface Call {
  readonly method: string;
  readonly args: readonly unknown[];
}

/** Calls into the worker, in order, each answered once. */
export class Channel {
  readonly #thread: ThreadCalls<Call>;

  constructor(settings: EngineSettings) {
    // What it held ends with the worker: another one could not go on.
    let begun = false;
    this.#thread = threadCalls(() => {
      if (begun) throw closed();
      begun = true;
      return startThread(import.meta.url, 'worker', { workerData: settings });
    }, closed);
  }

  call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    return this.callWith([], method, ...args);
  }

  /** A call that hands buffers over instead of copying them; they are empty here afterwards. */
  async callWith<T>(transfer: readonly ArrayBuffer[], method: string, ...args: readonly unknown[]): Promise<T> {
    return this.#thread.call<T>({ method, args }, transfer);
  }

  close = (): Promise<void> => this.#thread.end({ method: 'close', args: [] });
}
