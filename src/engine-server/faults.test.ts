import { describe, expect, it } from 'vitest';
import { faultTrial } from './fault-trial.fake.ts';
import { FAULTS } from './faults.fake.ts';

describe('faults between client and server', () => {
  it('leave the numbers of a training as they are, or stop it with one line (more plans: scripts/engine-faults.ts)', async () => {
    const report = await faultTrial({ plans: 20, seed: 1 });
    expect(report.wrong).toEqual([]);
    expect(FAULTS.filter((fault) => !report.faults.has(fault))).toEqual([]);
    const stopped = [...report.stopped.values()].reduce((a, b) => a + b, 0);
    expect(report.same + stopped).toBe(20);
    expect([report.same > 10, stopped > 0]).toEqual([true, true]);
    // Thousands of requests, each a turn of two event loops.
  }, 600_000);
});
