import { z } from 'zod';
import { defineMonitor, lastBefore } from './monitor.ts';

/** Stops when the members of the ensemble no longer agree about what the policy says: it has left what they learned from. */
export const spread = defineMonitor({
  id: 'spread',
  title: 'Disagreement of the ensemble',
  citation: 'Coste et al. 2023, arXiv 2310.02743, §5: members disagree where the reward is over-optimised',
  config: z.strictObject({
    /** Most disagreement on fresh samples, as a multiple of that on the base policy's. */
    multiple: z.number().gt(1).default(2),
  }),
  needs: ['spread'],
  watches: { signal: 'spread', threshold: ({ multiple }) => multiple },
  decide(points, { multiple }) {
    const limit = multiple * points[0]!.spread;
    const { spread: now, step } = points.at(-1)!;
    // Members that agree about everything from the start say nothing about where they would not.
    if (limit === 0 || now <= limit) return 'go';
    return {
      stop: `the ensemble's spread ${now.toPrecision(3)} at step ${step} is above ${multiple} times that on the base policy`,
      backTo: lastBefore(points, (point) => point.spread <= limit),
    };
  },
});
