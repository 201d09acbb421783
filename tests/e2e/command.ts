import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const COMMAND = fileURLToPath(new URL('../../bin/goodhart.js', import.meta.url));
const servingSchema = z.object({ type: z.literal('serving'), url: z.string(), setupUrl: z.string().nullable() });

/** The Studio as people start it: a command in a process of its own. */
export interface StudioProcess {
  /** Where it points to. */
  readonly url: string;
  /** The link of the first start, as the terminal prints it. */
  readonly setupUrl: string | null;
  /** The lines of JSON that it has written so far, in order. */
  readonly said: readonly { readonly type?: string }[];
  /** Resolves once it has written a line of a type. */
  heard(type: string): Promise<void>;
  /** Ends the process, and waits until it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** `goodhart studio` on a folder. */
export const startStudioProcess = (folder: string, port: number): Promise<StudioProcess> =>
  startServing(
    ['studio', '--port', String(port), '--store', join(folder, 'studio.db'), '--runs', join(folder, 'runs')],
    folder,
  );

/** A command that serves the Studio, working in a folder, where its cache is too. */
export async function startServing(args: readonly string[], folder: string): Promise<StudioProcess> {
  const child: ChildProcess = spawn(process.execPath, [COMMAND, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder,
    env: { ...process.env, GOODHART_CACHE: join(folder, 'cache') },
  });
  let errors = '';
  child.stderr!.on('data', (data) => {
    errors += String(data);
  });
  const said: { readonly type?: string }[] = [];
  const waiting = new Set<{
    readonly type: string;
    readonly done: () => void;
    readonly fail: (error: Error) => void;
  }>();
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const value = JSON.parse(line) as { readonly type?: string };
    said.push(value);
    for (const one of waiting) if (one.type === value.type) one.done();
  });
  child.once('exit', (code) => {
    for (const { fail } of waiting) fail(new Error(`goodhart ${args[0]} ended with code ${code}: ${errors}`));
  });
  const heard = (type: string) =>
    said.some((value) => value.type === type)
      ? Promise.resolve()
      : new Promise<void>((done, fail) => waiting.add({ type, done, fail }));
  await heard('serving');
  const serving = servingSchema.parse(said.find(({ type }) => type === 'serving'));
  return {
    ...serving,
    said,
    heard,
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    },
  };
}
