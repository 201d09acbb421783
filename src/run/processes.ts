import { type ChildProcess, type ForkOptions, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Starts a module beside the caller's as a process of its own: the built one, or, where the caller itself runs unbuilt
 * (tests), its source behind the loader. `from` is the caller's `import.meta.url`, `name` the module without its ending.
 *
 * What may run out of memory belongs into a process and not into a thread: the limit of a thread ends it while its objects
 * grow little by little, but one allocation beyond the limit (a list joined, a text unpacked) makes V8 end the whole process.
 */
export function startProcess(
  from: string,
  name: string,
  { heapMb, env }: { readonly heapMb: number; readonly env: NodeJS.ProcessEnv },
): ChildProcess {
  const unbuilt = from.endsWith('.ts');
  const execArgv = [`--max-old-space-size=${heapMb}`, ...(unbuilt ? ['--import', import.meta.resolve('tsx')] : [])];
  // Of a group of its own: a key that stops the server in its terminal does not cut short what is being written.
  const options: ForkOptions & { windowsHide: boolean } = {
    ...{ execArgv, env, detached: true, windowsHide: true },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  };
  return fork(fileURLToPath(new URL(`./${name}.${unbuilt ? 'ts' : 'js'}`, from)), [], options);
}
