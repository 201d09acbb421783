import { DataError } from './errors.ts';

/** Most lines of a file that is held whole: in memory each takes many times the byte that an empty one takes on the disk. */
export const MOST_LINES = 4_000_000;

/** Whether a text has more lines than are held, told without holding them. */
export function hasTooManyLines(text: string): boolean {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0 && lines <= MOST_LINES; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines > MOST_LINES;
}

/** The lines of a text that is held whole; behind the last newline there is one more, empty unless it was torn. */
export function linesOfText(name: string, text: string): string[] {
  if (hasTooManyLines(text))
    throw new DataError('lines', `${name}: expected at most ${MOST_LINES} lines, got more; split it`);
  return text.split('\n');
}
