import { z } from 'zod';
import { mean, standardDeviation } from '../../stats/index.ts';
import { defineMonitor, type MonitorPoint } from './monitor.ts';

/** Mean over prompts of what was lost since a point, and its standard error; prompts that could not be scored are left out. */
function lossSince(peak: MonitorPoint, now: MonitorPoint): { mean: number; error: number } {
  const losses = peak.independent!.map((value, i) => value - now.independent![i]!).filter(Number.isFinite);
  return { mean: mean(losses), error: standardDeviation(losses) / Math.sqrt(losses.length) };
}

/**
 * Stops when a reward that nothing is optimised against, fitted to the judgments of other raters, has fallen from its peak by
 * more than its noise. Of all rules the nearest to the truth: both rewards would have to be wrong in the same way.
 */
export const independent = defineMonitor({
  id: 'independent',
  title: 'Fall of an independent reward',
  citation: 'Gao et al. 2022, arXiv 2210.10760, with a second proxy in the place of gold',
  config: z.strictObject({
    /** Least fall, in standard errors over prompts. Eleven looks at a plateau stop at 2 in 48 of 100 paths, at 3 in 8, at 4 in 1. */
    errors: z.number().nonnegative().default(3),
  }),
  needs: ['independent'],
  watches: { signal: 'independent', threshold: ({ errors }) => errors },
  decide(points, { errors }) {
    const known = points.filter((point) => point.independent !== undefined);
    const now = known.at(-1);
    if (now === undefined || known.length < 2) return 'go';
    const worth = (point: MonitorPoint) => mean(point.independent!.filter(Number.isFinite));
    const peak = known.reduce((best, point) => (worth(point) > worth(best) ? point : best));
    const fall = lossSince(peak, now);
    if (peak === now || !(fall.mean > errors * fall.error)) return 'go';
    return {
      stop: `the independent reward fell by ${fall.mean.toPrecision(3)} (standard error ${fall.error.toPrecision(2)}) from step ${peak.step} to step ${now.step}`,
      backTo: peak.step,
    };
  },
});
