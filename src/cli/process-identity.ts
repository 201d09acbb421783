import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** A process of this machine: a number alone may be anybody's by now, with the moment of its start it is one process. */
export const processSchema = z.strictObject({
  /** Never 0 or negative: these stand for groups of processes, the asker's own among them. */
  pid: z.int().positive(),
  /** When it started, in whatever words the machine has for it. */
  started: z.string().min(1),
});
export type ProcessIdentity = Readonly<z.infer<typeof processSchema>>;

/** Linux: clock ticks since the machine began, and which beginning that was. A zombie no longer runs. */
function startOnLinux(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name of the program stands in brackets and may hold anything; fields are counted behind it.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z' || state === 'X') return undefined;
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[18]}`;
}

/** Other systems of the family: the date in the words of `ps`. */
const startByPs = (pid: number): string | undefined =>
  execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim() || undefined;

/** The process that has a number now; undefined where there is none, or where the system does not say when it started. */
export function processOf(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  try {
    const started = process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid);
    return started === undefined ? undefined : { pid, started };
  } catch {
    return undefined;
  }
}

/** Whether a process still runs: not only its number. */
export const isRunning = (identity: ProcessIdentity): boolean => processOf(identity.pid)?.started === identity.started;

/** Asks a process to end, if it still runs. */
export function interrupt(identity: ProcessIdentity): boolean {
  if (!isRunning(identity)) return false;
  try {
    return process.kill(identity.pid, 'SIGINT');
  } catch {
    return false;
  }
}
