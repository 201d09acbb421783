import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The Python side of the interop scripts. */

const MOST_BYTES = 2 ** 28;

/** Why a Python cannot be asked; undefined where it is there and has the modules. */
export function missing(python: string, modules: readonly string[]): string | undefined {
  const probe = spawnSync(python, ['-c', `import ${modules.join(', ')}`], { encoding: 'utf8' });
  if (probe.status === 0) return undefined;
  const reason = probe.error?.message ?? probe.stderr.trim().split('\n').at(-1);
  return `${python} cannot import ${modules.join(', ')} (${reason})`;
}

export interface Answers<A> {
  readonly versions: Readonly<Record<string, string>>;
  /** One for each case of the request, in its order. */
  readonly answers: readonly A[];
}

/** Gives a script of this folder a request as JSON, and says which versions answered. */
export function askPython<A>(python: string, script: string, request: unknown): Answers<A> {
  const run = spawnSync(python, [fileURLToPath(new URL(script, import.meta.url))], {
    input: JSON.stringify(request),
    encoding: 'utf8',
    maxBuffer: MOST_BYTES,
  });
  if (run.status !== 0) throw new Error(`${python}: ${run.error?.message ?? run.stderr}`);
  // Libraries may print before it.
  const answers = JSON.parse(run.stdout.trim().split('\n').at(-1)!) as Answers<A>;
  process.stdout.write(`against ${Object.entries(answers.versions).flat().join(' ')}\n`);
  return answers;
}
