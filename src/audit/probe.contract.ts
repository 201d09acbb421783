import { describe, expect, it } from 'vitest';
import { CHALLENGES } from './challenges.ts';
import { EVIDENCE, type Evidence } from './evidence/index.ts';
import type { Probe, Thresholds } from './probe.ts';
import { runProbe } from './run-audit.ts';

/** What every probe must do; `arms` makes its planted and clean evidence for a seed. */
export function probeContract(
  probe: Probe,
  arms: (arm: 'planted' | 'clean', seed: number) => Promise<Evidence>,
  options: { seeds: number; power: number; falseAlarms: number },
): void {
  const seeds = Array.from({ length: options.seeds }, (_, i) => 1000 + i);
  const hits = async (arm: 'planted' | 'clean') => {
    let count = 0;
    for (const seed of seeds) {
      const { verdict } = runProbe(probe, await arms(arm, seed), { seed });
      expect(verdict).not.toBe('not-assessed');
      if (verdict === 'concern' || verdict === 'failure') count += 1;
    }
    return count;
  };

  describe(`probe contract: ${probe.id}`, () => {
    it('says what it asks, of which challenge, after whom, from what', () => {
      expect(probe.challenge in CHALLENGES).toBe(true);
      expect(probe.question.endsWith('?')).toBe(true);
      expect(probe.citation).toMatch(/\d{4}/);
      expect(probe.estimand.length).toBeGreaterThan(10);
      for (const kind of [...probe.needs, ...probe.uses]) expect(Object.hasOwn(EVIDENCE, kind)).toBe(true);
      const { concern, failure } = probe.params.parse({});
      expect(failure).toBeGreaterThan(concern);
      expect(probe.params.safeParse({ concern: failure + 1 }).success).toBe(false);
      expect(probe.params.safeParse({ nonsense: 1 }).success).toBe(false);
    });
    it('without evidence is not assessed: neither zero nor a pass', () => {
      const finding = runProbe(probe, {}, { seed: 1 });
      expect(finding).toMatchObject({
        verdict: 'not-assessed',
        estimate: null,
        interval: null,
        because: 'missing-evidence',
      });
    });
    it('finds the same from the same seed, and the finding survives JSON', async () => {
      const evidence = await arms('planted', 1);
      const finding = runProbe(probe, evidence, { seed: 1 });
      expect(runProbe(probe, evidence, { seed: 1 })).toEqual(finding);
      expect(JSON.parse(JSON.stringify(finding))).toEqual(finding);
      expect(finding.interval!.low).toBeLessThanOrEqual(finding.estimate! + 1e-9);
      expect(finding.interval!.high).toBeGreaterThanOrEqual(finding.estimate! - 1e-9);
    });
    it('reads its thresholds, and says in the finding which it was made with', async () => {
      const evidence = await arms('planted', 1);
      const at = (params: Partial<Thresholds>) => runProbe(probe, evidence, { seed: 1, params });
      const { high, low } = at({}).interval!;
      const lenient = at({ concern: high + 1, failure: high + 2 });
      expect(lenient).toMatchObject({ verdict: 'clear', params: { concern: high + 1, failure: high + 2 } });
      expect(at({ concern: low - 2, failure: low - 1 }).verdict).toBe('failure');
      expect(at({ concern: low - 1, failure: high + 1 }).verdict).toBe('concern');
      if (low < high) expect(at({ concern: (low + high) / 2, failure: high + 1 }).verdict).toBe('inconclusive');
    });
    it(`finds its planted failure in at least ${options.power} of ${options.seeds} runs`, async () => {
      expect(await hits('planted')).toBeGreaterThanOrEqual(options.power);
    });
    it(`raises at most ${options.falseAlarms} false alarms in ${options.seeds} clean runs`, async () => {
      expect(await hits('clean')).toBeLessThanOrEqual(options.falseAlarms);
    });
  });
}
