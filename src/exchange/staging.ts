import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../run/index.ts';
import { onPath } from '../run/node.ts';

const MARK = '.partial-';
/** Names of unfinished work: no command takes such a folder or file for whole. */
export const isUnfinished = (path: string): boolean => /\.partial-\d+$/.test(basename(resolve(path)));

const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** Removes what killed commands left beside a place; work of a process that still runs stays. */
function sweep(path: string): void {
  const folder = dirname(path);
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const pid = name.startsWith(basename(path) + MARK) ? Number(name.slice(basename(path).length + MARK.length)) : 0;
    if (pid > 0 && pid !== process.pid && !alive(pid)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** A temporary neighbour of a place, which becomes it at the end or never. */
export interface Staging {
  /** Where to write until then. */
  readonly path: string;
  /** Puts it in its place, durably. */
  commit(): void;
  /** Removes it; nothing was there. */
  discard(): void;
}

/** What may stand in a folder that an import writes: the side file of an import that accepted nothing. */
const LEFT_OVER = ['rejected.jsonl'];

/**
 * Starts writing a folder or a file under a temporary name beside it. Refuses a folder with content and a file that
 * exists. If the process ends before `commit`, its exit removes the neighbour; if it is killed, the next command does.
 */
export function stage(out: string, kind: 'folder' | 'file', { durable = true }: { durable?: boolean } = {}): Staging {
  const place = resolve(out);
  const path = `${place}${MARK}${process.pid}`;
  onPath(out, () => {
    mkdirSync(dirname(place), { recursive: true });
    sweep(place);
    if (kind === 'file' && existsSync(place))
      throw new UsageError('out', `${out}: exists already; choose another --out or remove it`);
    const entries = kind === 'folder' && existsSync(place) ? readdirSync(place) : [];
    if (entries.some((name) => !LEFT_OVER.includes(name)))
      throw new UsageError(
        'out',
        `${out}: expected a new or empty folder, got ${entries.length} entries; choose another --out`,
      );
    rmSync(path, { recursive: true, force: true });
    if (kind === 'folder') mkdirSync(path);
  });
  const remove = () => rmSync(path, { recursive: true, force: true });
  process.once('exit', remove);
  const done = () => process.removeListener('exit', remove);
  return {
    path,
    commit() {
      onPath(out, () => {
        if (kind === 'folder') rmSync(place, { recursive: true, force: true });
        renameSync(path, place);
        if (!durable) return;
        // The rename itself must survive a power cut.
        const folder = openSync(dirname(place), 'r');
        fsyncSync(folder);
        closeSync(folder);
      });
      done();
    },
    discard() {
      remove();
      done();
    },
  };
}
