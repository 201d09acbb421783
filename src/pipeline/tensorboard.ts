import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { trlTag } from '../policy/index.ts';
import { onPath } from '../run/node.ts';
import { eventRecord, fileHeader, readEvents } from './event-file.ts';

/** The one file of a folder; TensorBoard looks for `tfevents` in names. */
export const EVENT_FILE = 'events.out.tfevents.0.goodhart';

/** Curves of a training as TensorBoard reads them, appended while it goes on. */
export interface EventLog {
  /** The last step that the file holds; 0 where it holds none. */
  lastStep(): number;
  /** Figures of a step under the names of TRL. What the file says of this step and later ones goes: training went back. */
  append(step: number, metrics: Readonly<Record<string, number | null>>): void;
}

/**
 * Opens the event file of a folder, or goes on with the one that is there; a tail that a kill tore is cut off. `now` is in seconds
 * since 1970.
 */
export function openEventLog(folder: string, now: () => number): EventLog {
  const path = join(folder, EVENT_FILE);
  onPath(folder, () => mkdirSync(folder, { recursive: true }));
  const known = existsSync(path) ? readEvents(onPath(path, () => readFileSync(path))) : [];
  const ends = known.map(({ event, end }) => ({ step: event.step, end }));
  if (ends.length === 0) {
    const header = fileHeader(now());
    onPath(path, () => writeFileSync(path, header));
    ends.push({ step: 0, end: header.length });
  } else onPath(path, () => truncateSync(path, ends.at(-1)!.end));
  return {
    lastStep: () => ends.at(-1)!.step,
    append(step, metrics) {
      const kept = ends.filter((own, i) => i === 0 || own.step < step);
      if (kept.length < ends.length) {
        ends.length = kept.length;
        onPath(path, () => truncateSync(path, ends.at(-1)!.end));
      }
      const finite = Object.entries(metrics).filter((row): row is [string, number] => Number.isFinite(row[1]));
      const scalars = new Map(finite.map(([name, value]) => [trlTag(name), value]));
      const record = eventRecord({ step, wallTime: now(), scalars });
      onPath(path, () => appendFileSync(path, record));
      ends.push({ step, end: ends.at(-1)!.end + record.length });
    },
  };
}
