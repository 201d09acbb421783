import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const COMMAND = fileURLToPath(new URL('../../bin/goodhart.js', import.meta.url));
const servingSchema = z.object({ type: z.literal('serving'), url: z.string(), setupUrl: z.string().nullable() });

/** The Studio as people start it: `goodhart studio` in a process of its own. */
export interface StudioProcess {
  readonly url: string;
  /** The link of the first start, as the terminal prints it. */
  readonly setupUrl: string | null;
  /** Ends the process, and waits until it is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

export async function startStudioProcess(folder: string, port: number): Promise<StudioProcess> {
  const args = [COMMAND, 'studio', '--json', '--port', String(port)];
  const child: ChildProcess = spawn(
    process.execPath,
    [...args, '--store', join(folder, 'studio.db'), '--runs', join(folder, 'runs')],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, GOODHART_CACHE: join(folder, 'cache') } },
  );
  let said = '';
  child.stderr!.on('data', (data) => {
    said += String(data);
  });
  const serving = await new Promise<z.output<typeof servingSchema>>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const parsed = servingSchema.safeParse(JSON.parse(line));
      if (parsed.success) resolve(parsed.data);
    });
    child.once('exit', (code) => reject(new Error(`goodhart studio ended with code ${code}: ${said}`)));
  });
  return {
    ...serving,
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    },
  };
}
