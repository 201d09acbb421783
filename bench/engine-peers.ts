import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Seconds of the clock and of the processor, all threads together. */
export interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
}
/** One side of a row, warmed up and ready to run. */
export interface Side {
  readonly name: string;
  run(): Promise<Run>;
  /** Largest resident memory of its process so far. */
  peakMB?(): Promise<number>;
  close(): Promise<void>;
}
export type Skipped = { readonly skipped: string };

const here = dirname(fileURLToPath(import.meta.url));
/** Longest wait for one answer of a peer, in milliseconds. */
const PATIENCE = 4 * 60_000;
const lastLine = (text: string | null) => (text ?? '').trim().split('\n').at(-1) ?? '';

/** A Python process that prepares a row once and then runs it on demand. */
class PythonSide implements Side {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(name: string, child: ChildProcess, lines: AsyncIterator<string>) {
    this.name = name;
    this.#child = child;
    this.#lines = lines;
  }

  async ask<T>(line: string): Promise<T> {
    this.#child.stdin!.write(`${line}\n`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE / 60_000} minutes`)), PATIENCE);
    });
    const { value, done } = await Promise.race([this.#lines.next(), late]).finally(() => clearTimeout(timer));
    if (done) throw new Error('the peer ended');
    return JSON.parse(value) as T;
  }

  run = () => this.ask<Run>('run');
  peakMB = async () => (await this.ask<{ peakMB: number }>('peak')).peakMB;
  async close(): Promise<void> {
    this.#child.stdin!.end();
    this.#child.kill();
  }
}

export interface Peer {
  readonly name: string;
  prepare(request: Readonly<Record<string, unknown>>): Promise<Side | Skipped>;
}

function pythonPeer(name: string, python: string, script: string): Peer {
  return {
    name,
    async prepare(request) {
      const child = spawn(python, [join(here, 'peers', script)], {
        env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      let errors = '';
      child.stderr.on('data', (chunk) => {
        errors += chunk;
      });
      child.on('error', (error) => {
        errors += error.message;
      });
      const side = new PythonSide(name, child, createInterface({ input: child.stdout })[Symbol.asyncIterator]());
      try {
        const { ready, skipped } = await side.ask<{ ready?: string; skipped?: string }>(JSON.stringify(request));
        if (skipped === undefined) return Object.assign(side, { name: `${name}: ${ready}` });
        await side.close();
        return { skipped };
      } catch (error) {
        await side.close();
        return { skipped: lastLine(errors) || (error as Error).message };
      }
    },
  };
}

/** The first interpreter that has torch, and why the others were passed over. */
function findTorch(candidates: readonly string[]): string | Skipped {
  const tried: string[] = [];
  for (const python of candidates) {
    const answer = spawnSync(python, ['-c', 'import torch'], { encoding: 'utf8' });
    if (answer.status === 0) return python;
    tried.push(`${python}: ${answer.error?.message ?? lastLine(answer.stderr)}`);
  }
  return { skipped: tried.join('; ') };
}

/** A virtual environment with what pip can get; the reason where it cannot. */
function pipEnvironment(folder: string, packages: readonly string[]): string | Skipped {
  const python = join(folder, 'bin', 'python');
  const made = spawnSync('python3', ['-m', 'venv', folder], { encoding: 'utf8' });
  if (made.status !== 0) return { skipped: `no virtual environment: ${lastLine(made.stderr) || made.error?.message}` };
  const options = ['--quiet', '--retries', '0', '--timeout', '10', '--disable-pip-version-check'];
  const install = spawnSync(python, ['-m', 'pip', 'install', ...options, ...packages], { encoding: 'utf8' });
  return install.status === 0 ? python : { skipped: `pip cannot install it: ${lastLine(install.stderr)}` };
}

export interface Peers {
  /** Eager PyTorch in loops of our own. */
  readonly torch: Peer | Skipped;
  /** transformers, TRL and PEFT. */
  readonly hugging: Peer | Skipped;
}

export function findPeers(scratch: string): Peers {
  const environment = pipEnvironment(join(scratch, 'venv'), ['torch', 'transformers', 'trl', 'peft', 'datasets']);
  const installed = typeof environment === 'string' ? [environment] : [];
  const torch = findTorch([...installed, 'python3', '/usr/bin/python3']);
  const loops = 'PyTorch, our own loop';
  return {
    torch: typeof torch === 'string' ? pythonPeer(loops, torch, 'engine_torch.py') : torch,
    hugging:
      typeof environment === 'string' ? pythonPeer('transformers/TRL', environment, 'engine_hugging.py') : environment,
  };
}
