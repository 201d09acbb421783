import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EndpointError } from '../endpoint/index.ts';
import { type AnswerFile, openAnswerFile } from '../endpoint/node.ts';
import { UsageError } from '../run/index.ts';
import { onPath, writeFileAtomic } from '../run/node.ts';
import type { Terminal } from './terminal.ts';

const ANSWERS = 'answers.jsonl';

/** A folder that a command fills from an endpoint: answers as they come, everything else when all are there. */
export interface AskedFolder {
  readonly answers: AnswerFile;
  /** Writes rows as JSON Lines, whole or not at all. */
  lines(file: string, rows: readonly unknown[]): void;
  json(file: string, value: unknown): void;
}

/**
 * Opens a new folder, or one that was begun before, and closes it whatever happens. What was answered is kept, so that the same
 * command goes on where it was stopped.
 */
export async function inAskedFolder<T>(
  folder: string,
  terminal: Terminal,
  use: (asked: AskedFolder) => Promise<T>,
): Promise<T> {
  const entries = onPath(folder, () => (existsSync(folder) ? readdirSync(folder) : []));
  if (entries.length > 0 && !entries.includes(ANSWERS))
    throw new UsageError(
      'out',
      `${folder}: expected a new or empty folder, or one that this command began (with ${ANSWERS}); choose another --out`,
    );
  onPath(folder, () => mkdirSync(folder, { recursive: true }));
  const answers = openAnswerFile(join(folder, ANSWERS));
  const again = `answers are kept in ${join(folder, ANSWERS)}; the same command asks only what is left`;
  terminal.afterInterrupt(again);
  try {
    return await use({
      answers,
      lines: (file, rows) =>
        writeFileAtomic(join(folder, file), rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
      json: (file, value) => writeFileAtomic(join(folder, file), `${JSON.stringify(value, null, 2)}\n`),
    });
  } catch (error) {
    if (error instanceof EndpointError)
      throw new UsageError('endpoint', `${error.message} (${again})`, { cause: error });
    throw error;
  } finally {
    answers.close();
    terminal.afterInterrupt('');
  }
}
