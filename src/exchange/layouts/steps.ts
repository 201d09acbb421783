import { stepsOf } from '../../text/index.ts';
import { RowError } from './layout.ts';

/** A label of one step, as people give it. */
export type StepLabel = -1 | 0 | 1 | null;

/**
 * A reply as judged steps: lines up to and with a labelled one belong together, so that a step of several lines is one
 * again. `rest` is what follows the last judged line.
 */
export function splitSteps(
  text: string,
  labels: readonly StepLabel[],
): { steps: { text: string; label: -1 | 0 | 1 }[]; rest: string } {
  const steps: { text: string; label: -1 | 0 | 1 }[] = [];
  let lines: string[] = [];
  let next = 0;
  for (const line of text.split('\n')) {
    lines.push(line);
    if (line.trim() === '') continue;
    const label = labels[next++];
    if (label === null || label === undefined) continue;
    steps.push({ text: lines.join('\n'), label });
    lines = [];
  }
  return { steps, rest: lines.join('\n') };
}

/**
 * Steps as one reply: they are joined by newlines, and the label of a step of several lines stands at its last line,
 * `null` at the ones before, since steps of a reply are its non-empty lines.
 */
export function joinSteps<T>(steps: readonly string[], labels: readonly T[]): { text: string; labels: (T | null)[] } {
  const perLine = steps.flatMap((step, i) => {
    const lines = stepsOf(step).length;
    if (lines === 0) throw new RowError(`step ${i + 1}`, 'an empty step');
    return [...new Array<null>(lines - 1).fill(null), labels[i]!];
  });
  return { text: steps.join('\n'), labels: perLine };
}
