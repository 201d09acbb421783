import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createRng } from '../stats/index.ts';

/** A training in a process of its own: `steps` in all, a checkpoint after each `every`, in `folder`. */
export interface Training {
  readonly folder: string;
  readonly steps: number;
  readonly every: number;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
let built = false;
/** The processes run what is compiled, which starts many times faster: it is brought up to date once. */
function build(): void {
  if (built) return;
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'src/engine-embedded'], { cwd: ROOT });
  built = true;
}

/** What the compiled engine prints in a program given on the command line, as a module: its status and all its output. */
export function runInline(program: string): { status: number | null; output: string } {
  build();
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

interface Ended {
  /** Digest of the final log-probabilities and of every loss; absent where the process was killed. */
  readonly final: string | undefined;
  readonly passedOver: number;
  /** Time from the first step to the end or the kill. */
  readonly workedMs: number;
}

/** Runs a training, killed `killAfterMs` after its first step where that is given. */
function runTraining(training: Training, killAfterMs?: number): Promise<Ended> {
  build();
  const child = spawn(process.execPath, ['scripts/engine-trainer.js', JSON.stringify(training)], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [final, passedOver, began, complaint]: [string | undefined, number, number, string] = [undefined, 0, 0, ''];
  let timer: NodeJS.Timeout | undefined;
  child.stderr.on('data', (data: Buffer) => {
    complaint += data.toString();
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'ready') {
      began = performance.now();
      if (killAfterMs !== undefined) timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    } else if (line.startsWith('passed over ')) passedOver += 1;
    else if (line.startsWith('final ')) final = line.slice('final '.length);
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code !== 0 && signal !== 'SIGKILL') reject(new Error(`the training ended with ${code}: ${complaint}`));
      else resolve({ final, passedOver, workedMs: performance.now() - began });
    });
  });
}

/** Damages the newest checkpoint as a lost write would: cut short, or a byte turned. False where there is only one. */
function tear(folder: string, cut: boolean, place: number): boolean {
  const steps = existsSync(folder) ? readdirSync(folder).filter((name) => /^step-\d+$/.test(name)) : [];
  steps.sort((a, b) => Number(b.slice(5)) - Number(a.slice(5)));
  if (steps.length < 2) return false;
  const path = join(folder, steps[0]!);
  const binary = readdirSync(path).find((file) => file.endsWith('.bin'));
  if (binary === undefined) return false;
  const file = join(path, binary);
  const bytes = readFileSync(file);
  const at = Math.floor(place * bytes.length);
  if (cut) truncateSync(file, at);
  else {
    bytes[at]! ^= 1;
    writeFileSync(file, bytes);
  }
  return true;
}

export interface TrainingCrashReport {
  readonly kills: number;
  /** Trainings that came to their end after the kills, each compared with the one that nobody killed. */
  readonly finished: number;
  /** Checkpoints damaged between a kill and the resume, and those that were passed over with a line. */
  readonly torn: number;
  readonly passedOver: number;
  readonly digest: string;
  /** What must be empty. */
  readonly faults: readonly string[];
}

/**
 * Kills a training with SIGKILL at random instants and resumes it, over and over, sometimes with its newest checkpoint damaged
 * in between: the end must be that of a training left alone, bit for bit. Trainings that finish begin again in a new folder.
 */
export async function trainingCrashTrial(
  place: string,
  options: {
    readonly kills: number;
    readonly seed: number;
    readonly steps: number;
    readonly progress?: (kills: number) => void;
  },
): Promise<TrainingCrashReport> {
  const { kills, steps } = options;
  const rng = createRng(`training-crash/${options.seed}`);
  const training = { steps, every: 3 };
  const alone = await runTraining({ ...training, folder: join(place, 'alone') });
  const faults: string[] = [];
  let [killed, finished, torn, passedOver, number] = [0, 0, 0, 0, 0];
  // Kills until there are enough, then one more process that is left to finish.
  for (let done = false; !done; ) {
    const enough = killed >= kills;
    const folder = join(place, `killed-${number}`);
    const ended = await runTraining({ ...training, folder }, enough ? undefined : rng.uniform() * alone.workedMs * 0.6);
    passedOver += ended.passedOver;
    if (ended.final === undefined) {
      killed += 1;
      options.progress?.(killed);
      if (rng.uniform() < 0.3 && tear(folder, rng.uniform() < 0.5, rng.uniform())) torn += 1;
      continue;
    }
    finished += 1;
    number += 1;
    if (ended.final !== alone.final) faults.push(`training ${number} ended in ${ended.final}, alone in ${alone.final}`);
    done = enough;
  }
  if (passedOver !== torn) faults.push(`${torn} checkpoints were damaged, ${passedOver} were passed over`);
  const digest = createHash('sha256').update(String(alone.final)).digest('hex').slice(0, 16);
  return { kills: killed, finished, torn, passedOver, digest, faults };
}
