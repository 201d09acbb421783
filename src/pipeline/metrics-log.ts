import { createHash } from 'node:crypto';
import { appendFileSync, existsSync } from 'node:fs';
import { parseJson } from '../run/index.ts';
import { linesOfFile, onPath, writeFileAtomic } from '../run/node.ts';
import { type MetricsRow, metricsRowSchema } from './metrics.ts';

/**
 * `metrics.jsonl`: what training says of itself, appended while it happens. A stage that goes back to an earlier step (a
 * checkpoint, after a kill) drops what it had said from there on, so that the file is that of a run left alone.
 */
export interface MetricsLog {
  append(stage: string, step: number, metrics: Readonly<Record<string, number>>): void;
  /** Drops what a stage said, before it starts anew. */
  drop(stage: string): void;
  /** Rows of a stage, as they stand. */
  rowsOf(stage: string): readonly MetricsRow[];
  /** The step up to which every step of a stage is there. */
  lastStep(stage: string): number;
  /** SHA-256 of a stage's rows; undefined where it has none. */
  digestOf(stage: string): string | undefined;
  /** Brings stages into order, for one that was run again after others. */
  settle(stages: readonly string[]): void;
}

/** The largest file of curves that is read. */
export const METRICS_BYTES = 256 * 1024 * 1024;

/** Whole rows of the file; a last line without an end was torn by a kill. */
function readRows(path: string): { rows: MetricsRow[]; whole: boolean } {
  if (!existsSync(path)) return { rows: [], whole: true };
  const lines = linesOfFile(path, METRICS_BYTES);
  const rows = lines.slice(0, -1).flatMap((line): MetricsRow[] => {
    try {
      return [metricsRowSchema.parse(parseJson(line))];
    } catch {
      return [];
    }
  });
  return { rows, whole: lines.at(-1) === '' && rows.length === lines.length - 1 };
}

const lineOf = (row: MetricsRow): string => `${JSON.stringify(row)}\n`;

/** Opens the file of a run. Nothing is written before something is said; then a torn tail is cut off. */
export function openMetricsLog(path: string): MetricsLog {
  let { rows, whole } = readRows(path);
  const rewrite = () => {
    writeFileAtomic(path, rows.map(lineOf).join(''));
    whole = true;
  };
  const keep = (wanted: (row: MetricsRow) => boolean) => {
    const kept = rows.filter(wanted);
    if (kept.length === rows.length) return;
    rows = kept;
    rewrite();
  };
  const rowsOf = (stage: string) => rows.filter((row) => row.stage === stage);
  return {
    append(stage, step, metrics) {
      const last = rows.at(-1);
      // Nearly always the last row is the step before; only then nothing has to be looked for.
      if (last === undefined || last.stage !== stage || last.step >= step)
        keep((row) => row.stage !== stage || row.step < step);
      if (!whole) rewrite();
      const row = { stage, step, metrics: nameable(metrics) };
      rows.push(row);
      onPath(path, () => appendFileSync(path, lineOf(row)));
    },
    drop: (stage) => keep((row) => row.stage !== stage),
    rowsOf,
    lastStep(stage) {
      const said = new Set(rowsOf(stage).map(({ step }) => step));
      let last = 0;
      while (said.has(last + 1)) last += 1;
      return last;
    },
    digestOf(stage) {
      const own = rowsOf(stage);
      return own.length === 0 ? undefined : createHash('sha256').update(own.map(lineOf).join('')).digest('hex');
    },
    settle(stages) {
      const place = new Map(stages.map((stage, i) => [stage, i]));
      const order = (row: MetricsRow) => place.get(row.stage) ?? stages.length;
      const sorted = [...rows].sort((a, b) => order(a) - order(b));
      if (whole && sorted.every((row, i) => row === rows[i])) return;
      rows = sorted;
      rewrite();
    },
  };
}

/** JSON has no name for numbers that are not finite. */
const nameable = (metrics: Readonly<Record<string, number>>): MetricsRow['metrics'] =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, Number.isFinite(value) ? value : null]));
