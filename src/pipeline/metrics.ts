import { existsSync } from 'node:fs';
import { z } from 'zod';
import { readGrowingLines } from '../run/node.ts';

/** One row of `metrics.jsonl`: the figures of one step of one stage's training. */
export const metricsRowSchema = z.object({
  /** Stage of the run; the policy's where none is named. */
  stage: z.string().min(1).max(100).default('policy'),
  step: z.number(),
  /** Figures by name; one that was not finite stands as null. */
  metrics: z.record(z.string().max(200), z.number().nullable()),
});

export type MetricsRow = z.infer<typeof metricsRowSchema>;

/** Figures as they were when they were logged: one that was not finite stands as null. */
export const asLogged = (metrics: MetricsRow['metrics']): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value ?? Number.NaN]));

/** Points (step, value) in order of the file: stage → metric → points. */
export type MetricSeries = ReadonlyMap<string, ReadonlyMap<string, [step: number, value: number][]>>;

/** Every curve that a metrics file holds so far, also while a run appends to it; none where there is no file. */
export async function readSeries(path: string): Promise<MetricSeries> {
  const series = new Map<string, Map<string, [number, number][]>>();
  if (!existsSync(path)) return series;
  for await (const { stage, step, metrics } of readGrowingLines(path, metricsRowSchema)) {
    const curves = series.get(stage) ?? new Map<string, [number, number][]>();
    series.set(stage, curves);
    for (const [metric, value] of Object.entries(metrics)) {
      if (value === null) continue;
      const points = curves.get(metric);
      if (points === undefined) curves.set(metric, [[step, value]]);
      else points.push([step, value]);
    }
  }
  return series;
}
