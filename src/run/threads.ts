import { type MessagePort, type Transferable, Worker, type WorkerOptions } from 'node:worker_threads';
import {
  CheckError,
  DataError,
  EngineError,
  GoodhartError,
  NumericsError,
  type NumericsPlace,
  UsageError,
} from './errors.ts';
import { closeObjectPrototype } from './prototype.ts';

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

/** An error as data: what can be told of it in another thread. */
export interface CarriedError extends NumericsPlace {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly code?: string;
  readonly tensor?: string;
  readonly detail?: string;
}

export function carryError(error: unknown): CarriedError {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  return {
    name,
    message,
    stack,
    ...(error instanceof GoodhartError && { code: error.code }),
    ...(error instanceof NumericsError && {
      tensor: error.tensor,
      detail: error.detail,
      step: error.step,
      operator: error.operator,
    }),
  };
}

/** The error again, of the class that it had where that is one of the project's. */
export function revivedError({ name, message, stack, code = '', tensor = '', detail = '', ...place }: CarriedError) {
  const known = { UsageError, DataError, CheckError, EngineError, GoodhartError };
  const error =
    name === 'NumericsError'
      ? new NumericsError(tensor, detail, place)
      : Object.hasOwn(known, name)
        ? new known[name as keyof typeof known](code, message)
        : new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

interface Question {
  readonly id: number;
  readonly request: unknown;
}
type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: CarriedError });

/** Calls into a thread. */
export interface ThreadCalls<Request> {
  /** `moved` is handed over instead of copied: empty here afterwards. */
  call<T>(request: Request, moved?: readonly Transferable[]): Promise<T>;
  /** Ends the thread, whatever it does; where it runs and there is a last request, after its answer. */
  end(last?: Request): Promise<void>;
}

/**
 * Calls into a thread that is started when first asked. Should it end, whoever waits hears of it, and the next call starts
 * another. An idle thread does not keep the process alive; a waiting caller does.
 */
export function threadCalls<Request>(start: () => Worker, ended: () => Error): ThreadCalls<Request> {
  interface Waiting {
    readonly resolve: (value: never) => void;
    readonly reject: (error: Error) => void;
  }
  let running: { worker: Worker; waiting: Map<number, Waiting> } | undefined;
  let last = 0;
  const begin = () => {
    const worker = start();
    const waiting = new Map<number, Waiting>();
    worker.unref();
    const end = (error: Error) => {
      if (running?.worker === worker) running = undefined;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    };
    worker.on('message', (answer: Answer) => {
      const call = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (waiting.size === 0) worker.unref();
      if ('value' in answer) call?.resolve(answer.value as never);
      else call?.reject(revivedError(answer.error));
    });
    worker.on('error', (error) => end(error as Error));
    worker.on('exit', () => end(ended()));
    return { worker, waiting };
  };
  const call = <T>(request: Request, moved: readonly Transferable[] = []) => {
    running ??= begin();
    const { worker, waiting } = running;
    last += 1;
    const question: Question = { id: last, request };
    return new Promise<T>((resolve, reject) => {
      if (waiting.size === 0) worker.ref();
      waiting.set(question.id, { resolve, reject });
      worker.postMessage(question, moved);
    });
  };
  return {
    call,
    async end(request) {
      if (running !== undefined && request !== undefined) await call(request);
      // Whoever waits for the end keeps the process alive until it has come.
      const ending = running;
      ending?.worker.ref();
      await ending?.worker.terminate();
      // Somebody may have asked again meanwhile.
      if (running === ending) running = undefined;
    },
  };
}

/** The thread's side: answers calls as they come, with the prototype of all objects closed as in the command. `movedOf` says what of an answer is handed over instead of copied. */
export function answerCalls<Request, T>(
  port: MessagePort,
  handle: (request: Request) => Promise<T>,
  movedOf: (value: T) => readonly Transferable[] = () => [],
): void {
  closeObjectPrototype();
  port.on('message', async ({ id, request }: Question) => {
    try {
      const value = await handle(request as Request);
      port.postMessage({ id, value } satisfies Answer, movedOf(value));
    } catch (error) {
      port.postMessage({ id, error: carryError(error) } satisfies Answer);
    }
  });
}
