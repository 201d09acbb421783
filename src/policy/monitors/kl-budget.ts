import { z } from 'zod';
import { defineMonitor, lastBefore } from './monitor.ts';

/** Stops when the policy has gone further from the base than was allowed, or draws it back to where it is allowed. */
export const klBudget = defineMonitor({
  id: 'kl-budget',
  title: 'KL budget',
  citation: 'Gao et al. 2022, arXiv 2210.10760, §4: early stopping by KL',
  config: z.strictObject({
    /** Most nats a reply. */
    nats: z.number().positive().default(5),
    /** What happens beyond: the optimisation ends, or goes on from weights on the line to the base's, as near as the budget wants. */
    action: z.enum(['stop', 'project']).default('stop'),
  }),
  needs: [],
  watches: { signal: 'kl', threshold: ({ nats }) => nats },
  decide(points, { nats, action }) {
    const { kl, step } = points.at(-1)!;
    if (kl <= nats) return 'go';
    if (action === 'project') return { within: nats };
    return {
      stop: `KL ${kl.toFixed(2)} nats at step ${step} is above the budget of ${nats}`,
      backTo: lastBefore(points, (point) => point.kl <= nats),
    };
  },
});
