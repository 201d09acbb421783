import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from './errors.ts';
import { own } from './own.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder; check the path',
  EACCES: 'no permission; choose another place or change its permissions',
  EPERM: 'no permission; choose another place or change its permissions',
  EROFS: 'the file system is read-only; choose another place',
  ENOSPC: 'the disk is full; free some space and run again',
  ENOTDIR: 'a file stands where a folder is needed; choose another place',
  EISDIR: 'a folder stands where a file is needed; name a file',
};

/** A file-system error as one line for the user; other errors pass through. */
export function fileError(path: string, error: unknown): Error {
  const reason = own(REASONS, (error as NodeJS.ErrnoException).code ?? '');
  return reason === undefined ? (error as Error) : new UsageError('file', `${path}: ${reason}`, { cause: error });
}

/** Runs an effect on a path and turns a refusal of the file system into one line. */
export function onPath<T>(path: string, effect: () => T): T {
  try {
    return effect();
  } catch (error) {
    throw fileError(path, error);
  }
}

/** Makes a rename last: on POSIX the folder's own entry reaches the disk only with this. Windows has no such call. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** A write of more than 2^31 − 1 bytes is refused by the system. */
const WRITE_BYTES = 1 << 30;

/**
 * Writes a file whole or not at all: a temporary neighbour, fsync, rename, fsync of the folder. Parts follow each other. `mode`
 * narrows what the process's mask leaves.
 */
export function writeFileAtomic(
  path: string,
  data: string | Uint8Array | Iterable<Uint8Array>,
  { mode = 0o666 }: { readonly mode?: number } = {},
): void {
  const partial = `${path}.partial-${process.pid}`;
  onPath(path, () => {
    mkdirSync(dirname(path), { recursive: true });
    try {
      const file = openSync(partial, 'w', mode);
      try {
        const parts = typeof data === 'string' ? [Buffer.from(data)] : data instanceof Uint8Array ? [data] : data;
        for (const bytes of parts)
          for (let at = 0; at < bytes.length; )
            at += writeSync(file, bytes, at, Math.min(WRITE_BYTES, bytes.length - at));
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(partial, path);
      syncFolder(dirname(path));
    } catch (error) {
      rmSync(partial, { force: true });
      throw error;
    }
  });
}

/**
 * Creates the folder of a run, or of what else is known by a file of that name. A folder with other content is refused; an
 * unfinished run there is resumed by asking for it.
 */
export function createRunFolder(path: string, options: { resume: boolean }, mark = 'run.json'): void {
  onPath(path, () => {
    const entries = existsSync(path) ? readdirSync(path) : [];
    const isRun = entries.includes(mark);
    if (entries.length > 0 && !isRun) {
      throw new UsageError(
        'out',
        `${path}: expected an empty or new folder, got ${entries.length} entries; choose another --out`,
      );
    }
    if (isRun && !options.resume) {
      throw new UsageError('out', `${path}: holds a run already; continue it with --resume, or choose another --out`);
    }
    mkdirSync(path, { recursive: true });
  });
}

/** Removes what processes that no longer run left half-written below a folder (`x.partial-<pid>`, `x.old-<pid>`). */
export function removeLeftovers(folder: string): void {
  onPath(folder, () => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (/\.(partial|old)-\d+$/.test(entry.name)) rmSync(path, { recursive: true, force: true });
      else if (entry.isDirectory()) removeLeftovers(path);
    }
  });
}

/** Where reusable results (a trained base model) are kept between runs. */
export function cacheFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  return environment.GOODHART_CACHE ?? join(environment.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'goodhart');
}

/** Every regular file below a folder, as sorted relative paths with forward slashes. */
export function filesBelow(folder: string, prefix = ''): string[] {
  return readdirSync(resolve(folder, prefix), { withFileTypes: true })
    .flatMap((entry) => {
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      return entry.isDirectory() ? filesBelow(folder, path) : entry.isFile() ? [path] : [];
    })
    .sort();
}
