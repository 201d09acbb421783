import { z } from 'zod';
import { defineMonitor } from '../../src/policy/index.ts';
import { mean } from '../../src/stats/index.ts';

/** A monitor: ends an optimisation whose proxy has not risen for some looks. No rule ever sees gold. */
export const patience = defineMonitor({
  id: 'patience',
  title: 'Patience',
  citation: 'Prechelt 1998',
  config: z.strictObject({ looks: z.int().positive().default(3) }),
  needs: [],
  decide(points, { looks }) {
    const best = points.reduce((a, b) => (mean(b.proxy) > mean(a.proxy) ? b : a));
    const since = points.filter(({ step }) => step > best.step).length;
    return since < looks ? 'go' : { stop: `the proxy has not risen for ${looks} looks`, backTo: best.step };
  },
});
