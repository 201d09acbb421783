import { describe, expect, it } from 'vitest';
import type { Monitor, MonitorPoint } from './monitor.ts';

export interface MonitorCase {
  /** An optimisation that goes well from end to end. */
  readonly sound: readonly MonitorPoint[];
  /** One that is overdone, and the step whose policy should be kept. */
  readonly overdone: readonly MonitorPoint[];
  readonly kept: number;
}

/** What every stopping rule promises. */
export function describeMonitor(monitor: Monitor, { sound, overdone, kept }: MonitorCase): void {
  describe(`the monitor ${monitor.id}`, () => {
    const settings = monitor.config.parse({});
    const decisions = (points: readonly MonitorPoint[]) =>
      points.map((_, i) => monitor.decide(points.slice(0, i + 1), settings));

    it('goes on at the base policy, and to the end of a sound optimisation', () => {
      expect(decisions(sound)).toEqual(sound.map(() => 'go'));
    });
    it('stops an overdone one, says why, and names a step that there was', () => {
      const stopped = decisions(overdone).find((decision) => decision !== 'go');
      expect(stopped).toEqual({ stop: expect.stringMatching(/\d/), backTo: kept });
      expect(overdone.map(({ step }) => step)).toContain(kept);
    });
    it('never sees gold: the truth beside the points changes nothing', () => {
      const told = overdone.map((point, i) => ({ ...point, gold: [1e6 * (i % 2)] }));
      expect(decisions(told)).toEqual(decisions(overdone));
    });
    it('does not read what it does not need', () => {
      const { needs } = monitor;
      const bare = overdone.map(({ independent, spread, ...point }) => ({
        ...point,
        spread: needs.includes('spread') ? spread : Number.NaN,
        ...(needs.includes('independent') && independent !== undefined && { independent }),
      }));
      expect(decisions(bare)).toEqual(decisions(overdone));
    });
  });
}
