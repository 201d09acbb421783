import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesBelow } from '../run/node.ts';
import { createRng } from '../stats/index.ts';

/** A run with every stage that trains, large enough that most kills meet training. */
const CONFIG = `
name: killed
seed: 3
data: { layout: ground, ground: harbour }
base: { width: 32, layers: 2, heads: 2, feedForward: 48, examples: 600, steps: 240, batch: 16, vocabulary: 400 }
feedback: { pairs: 60, overlap: 2, pool: empty, raters: { noisy: 4 } }
reward: { family: transformer, members: 1, epochs: 1, from: base }
policy: { steps: 24, promptsPerStep: 4, samples: 4, maxTokens: 24, evaluateEvery: 3, learningRate: 1e-3 }
audit: { prompts: 8, samples: 4 }
`;
/** Files that hold the time of day, and the manifest and seal over them. */
const TIMED = /^(run\.json|records\.jsonl|disclosure\/)/;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The command as compiled: bin/ would look whether to compile at every start. */
const MAIN = `
const { main } = await import(${JSON.stringify(new URL('../../dist/cli/main.js', import.meta.url).href)});
await main(process.argv);
`;

/** Runs the command in a process of its own, killed after a while where that is given. Whether it came to its end, and how long it took. */
function command(
  main: string,
  { args, cache, killAfterMs }: { args: readonly string[]; cache: string; killAfterMs?: number | undefined },
) {
  const begin = performance.now();
  const child = spawn(process.execPath, [main, ...args], {
    cwd: ROOT,
    env: { ...process.env, GOODHART_CACHE: cache },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said += data.toString();
  });
  const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
  return new Promise<{ finished: boolean; ms: number; said: string }>((resolve, reject) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code !== 0 && signal !== 'SIGKILL') reject(new Error(`goodhart ended with ${code}: ${said}`));
      else resolve({ finished: code === 0, ms: performance.now() - begin, said });
    });
  });
}

/** Cuts the newest policy checkpoint short, as a lost write would; false where there is none before it. */
function tear(run: string, place: number): boolean {
  const folder = join(run, 'checkpoints');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^policy-\d+$/.test(name)) : [];
  const newest = names.sort((a, b) => Number(b.slice(7)) - Number(a.slice(7)))[0];
  if (names.length < 2 || newest === undefined || existsSync(join(run, 'results.json'))) return false;
  const binary = readdirSync(join(folder, newest)).find((file) => file.endsWith('.bin'))!;
  const path = join(folder, newest, binary);
  truncateSync(path, Math.floor(place * readFileSync(path).length));
  return true;
}

function digests(run: string): Map<string, string> {
  const files = filesBelow(run).filter((file) => !TIMED.test(file));
  return new Map(
    files.map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(join(run, file)))
        .digest('hex'),
    ]),
  );
}

export interface RunCrashReport {
  readonly kills: number;
  readonly finished: number;
  /** Checkpoints damaged between a kill and the resume, and how often one was passed over with a line. */
  readonly torn: number;
  readonly passedOver: number;
  /** Files of a run that were compared. */
  readonly files: number;
  readonly faults: readonly string[];
}

/**
 * Kills `goodhart run` with SIGKILL at random instants and continues it with --resume; every file that holds no time of day must
 * have the bits of a run left alone. A cache of its own for every run, so that each trains its base model.
 */
export async function runCrashTrial(
  place: string,
  options: { readonly kills: number; readonly seed: number; readonly progress?: (kills: number) => void },
): Promise<RunCrashReport> {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'src/cli'], { cwd: ROOT });
  const rng = createRng(`run-crash/${options.seed}`);
  const config = join(place, 'killed.yaml');
  writeFileSync(config, CONFIG);
  const main = join(place, 'main.mjs');
  writeFileSync(main, MAIN);
  const start = (name: string, killAfterMs?: number) => {
    const out = join(place, name);
    const resume = existsSync(join(out, 'run.json')) ? ['--resume'] : [];
    return command(main, {
      args: ['run', config, '--out', out, ...resume],
      cache: join(place, `${name}-cache`),
      killAfterMs,
    });
  };
  const alone = await start('alone');
  const wanted = digests(join(place, 'alone'));
  const faults: string[] = [];
  let [kills, finished, torn, passedOver] = [0, 0, 0, 0];
  for (let done = false; !done; ) {
    const enough = kills >= options.kills;
    const name = `killed-${finished}`;
    const ended = await start(name, enough ? undefined : rng.uniform() * alone.ms * 0.5);
    passedOver += ended.said.split('; going on from ').length - 1;
    if (!ended.finished) {
      kills += 1;
      options.progress?.(kills);
      if (rng.uniform() < 0.3 && tear(join(place, name), rng.uniform())) torn += 1;
      continue;
    }
    finished += 1;
    const got = digests(join(place, name));
    for (const file of new Set([...wanted.keys(), ...got.keys()])) {
      if (wanted.get(file) !== got.get(file)) faults.push(`${name}: ${file} differs`);
    }
    done = enough;
  }
  return { kills, finished, torn, passedOver, files: wanted.size, faults };
}
