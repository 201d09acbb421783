import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One run of a peer on the comparisons in a folder. */
export interface PeerRun {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMB: number;
  readonly implementation: string;
  readonly strengths: Float64Array;
}

export interface Peer {
  readonly name: string;
  run(folder: string, ridge: number): PeerRun | { readonly skipped: string };
}

const here = dirname(fileURLToPath(import.meta.url));
/** Longest wait for one run of a peer, in milliseconds. */
const PATIENCE = 15 * 60_000;
const lastLine = (text: string | null) => (text ?? '').trim().split('\n').at(-1) ?? '';

function peer(name: string, python: string, script: string): Peer {
  return {
    name,
    run(folder, ridge) {
      const child = spawnSync(python, [join(here, 'peers', script), folder, String(ridge)], {
        encoding: 'utf8',
        timeout: PATIENCE,
        env: {
          ...process.env,
          PYTHONDONTWRITEBYTECODE: '1',
          OMP_NUM_THREADS: '1',
          OPENBLAS_NUM_THREADS: '1',
          MKL_NUM_THREADS: '1',
        },
      });
      if (child.error) return { skipped: `no answer within ${PATIENCE / 60_000} minutes` };
      if (child.status !== 0) return { skipped: lastLine(child.stderr) };
      const answer = JSON.parse(child.stdout) as Omit<PeerRun, 'strengths'> | { skipped: string };
      if ('skipped' in answer) return answer;
      const bytes = readFileSync(join(folder, 'theirs.f64'));
      return {
        ...answer,
        strengths: new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)),
      };
    },
  };
}

/** choix in a virtual environment made with pip, and our own scipy reference; each with the reason where it is not to be had. */
export function peers(scratch: string): (Peer | { readonly name: string; readonly skipped: string })[] {
  const found: (Peer | { name: string; skipped: string })[] = [];
  const venv = join(scratch, 'venv');
  const python = join(venv, 'bin', 'python');
  const made = spawnSync('python3', ['-m', 'venv', venv], { encoding: 'utf8' });
  if (made.status !== 0) found.push({ name: 'choix', skipped: `no virtual environment: ${lastLine(made.stderr)}` });
  else {
    const install = spawnSync(
      python,
      ['-m', 'pip', 'install', '--quiet', '--retries', '1', '--timeout', '10', 'choix'],
      {
        encoding: 'utf8',
      },
    );
    if (install.status === 0 && existsSync(python)) found.push(peer('choix', python, 'strength_choix.py'));
    else found.push({ name: 'choix', skipped: `pip cannot install it: ${lastLine(install.stderr)}` });
  }
  const scipy = spawnSync('python3', ['-c', 'import scipy'], { encoding: 'utf8' });
  if (scipy.status === 0) found.push(peer('scipy reference (ours)', 'python3', 'strength_scipy.py'));
  else found.push({ name: 'scipy reference (ours)', skipped: lastLine(scipy.stderr) || 'python3 cannot be run' });
  return found;
}
