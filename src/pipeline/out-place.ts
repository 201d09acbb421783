import { existsSync, readdirSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { UsageError } from '../run/index.ts';
import { onPath } from '../run/node.ts';

/** Refuses a place in a run: a sealed folder takes no other files. */
export function requireOutside(folder: string, out: string): void {
  if (`${resolve(out)}${sep}`.startsWith(`${resolve(folder)}${sep}`))
    throw new UsageError('out', `${out}: expected a place outside the run; choose another --out`);
}

/** Refuses a folder that holds something, or lies in the run. */
export function requireFree(folder: string, out: string): void {
  requireOutside(folder, out);
  if (existsSync(out) && onPath(out, () => readdirSync(out)).length > 0)
    throw new UsageError('out', `${out}: expected an empty or new folder; choose another --out`);
}
