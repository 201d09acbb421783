/** Other implementations on the same labels: crowd-kit where it can be installed, else our own numpy reference. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PeerRun {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMB: number;
  readonly implementation: string;
  readonly posteriors: Float64Array;
}

export interface Peer {
  readonly name: 'crowd-kit' | 'own numpy reference';
  /** Runs a method for a number of iterations on the columns in a folder; or says why it could not. */
  run(folder: string, method: string, iterations: number): PeerRun | { readonly skipped: string };
}

export type PeerOrReason = Peer | { readonly name: Peer['name']; readonly skipped: string };

const peersFolder = join(dirname(fileURLToPath(import.meta.url)), 'peers');
const LIMIT_MS = 15 * 60_000;

/** The last line that a failed command wrote, without addresses and paths. */
function reasonOf(child: { stderr: string | null; error?: Error | undefined }): string {
  const lines = (child.stderr ?? '').split('\n').filter((line) => line.trim() !== '' && !line.includes('[notice]'));
  const last = lines.at(-1) ?? child.error?.message ?? 'no message';
  return last
    .replace(/https?:\/\/\S+/g, '…')
    .replace(/(?<![\w.])\/\S+/g, '…')
    .slice(0, 200);
}

function runScript(
  python: string,
  script: string,
  [folder, method, iterations]: [string, string, number],
  more: string[],
) {
  const child = spawnSync(
    python,
    [join(peersFolder, script), folder, method, '--iterations', String(iterations), ...more],
    // One core, as ours.
    { encoding: 'utf8', timeout: LIMIT_MS, env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' } },
  );
  if (child.status !== 0)
    return { skipped: child.error === undefined ? reasonOf(child) : `stopped: ${child.error.message}` };
  const bytes = readFileSync(join(folder, 'posteriors.f64'));
  const posteriors = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return { ...(JSON.parse(child.stdout) as Omit<PeerRun, 'posteriors'>), posteriors };
}

/** Makes a virtual environment in `scratch` and installs crowd-kit; the numpy reference uses the system's Python. */
export function peers(scratch: string): PeerOrReason[] {
  const environment = join(scratch, 'venv');
  const crowdKit = ((): PeerOrReason => {
    const name = 'crowd-kit' as const;
    const made = spawnSync('python3', ['-m', 'venv', environment], { encoding: 'utf8', timeout: LIMIT_MS });
    if (made.status !== 0) return { name, skipped: `no virtual environment: ${reasonOf(made)}` };
    const python = join(environment, 'bin', 'python');
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '1', 'crowd-kit'];
    const installed = spawnSync(python, pip, { encoding: 'utf8', timeout: LIMIT_MS });
    if (installed.status !== 0) return { name, skipped: `pip could not install it: ${reasonOf(installed)}` };
    return { name, run: (...request) => runScript(python, 'truth_peer.py', request, []) };
  })();
  const numpy = ((): PeerOrReason => {
    const name = 'own numpy reference' as const;
    const found = spawnSync('python3', ['-c', 'import numpy, scipy'], { encoding: 'utf8' });
    if (found.status !== 0) return { name, skipped: `python3 with numpy and scipy is needed: ${reasonOf(found)}` };
    return { name, run: (...request) => runScript('python3', 'truth_numpy.py', request, ['--tolerance', '-1']) };
  })();
  return [crowdKit, numpy];
}
