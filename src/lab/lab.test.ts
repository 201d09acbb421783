import { describe, expect, it } from 'vitest';
import { CHALLENGES, EVIDENCE_SCHEMAS, PROBES, runAudit } from '../audit/index.ts';
import { probeContract } from '../audit/probe.contract.ts';
import { EXPERIMENTS, runArm } from './arms.ts';
import { detectionRates } from './rates.ts';

for (const probe of PROBES) {
  probeContract(probe, (arm, seed) => runArm(probe.id, arm, seed), { seeds: 4, power: 4, falseAlarms: 1 });
}

describe('the lab', () => {
  it('has an experiment for every probe and no other', () => {
    expect(Object.keys(EXPERIMENTS).sort()).toEqual(PROBES.map((p) => p.id).sort());
  });
  it('plants what it says: gold falls along the planted path and rises along the clean one', async () => {
    const meanGold = async (arm: 'planted' | 'clean') =>
      (await runArm('over-optimisation', arm, 1))['optimisation-path']!.map(
        (p) => p.gold!.reduce((a, b) => a + b, 0) / p.gold!.length,
      );
    const [planted, clean] = [await meanGold('planted'), await meanGold('clean')];
    expect(planted.at(-1)!).toBeLessThan(planted[0]!);
    expect(clean.at(-1)!).toBeGreaterThan(clean[0]! + 1);
  });
  it('makes evidence that a run folder would accept', async () => {
    for (const id of Object.keys(EXPERIMENTS)) {
      for (const [kind, value] of Object.entries(await runArm(id, 'clean', 1))) {
        if (kind === 'judgments') continue;
        const { success } = EVIDENCE_SCHEMAS[kind as keyof typeof EVIDENCE_SCHEMAS].safeParse(value);
        expect({ id, kind, success }).toEqual({ id, kind, success: true });
      }
    }
  });
  it('counts rates over seeds with intervals', async () => {
    const rates = await detectionRates(PROBES.find((p) => p.id === 'careless-raters')!, [1, 2]);
    expect(rates.planted.n).toBe(2);
    expect(rates.planted.interval.low).toBeLessThanOrEqual(rates.planted.hits / 2);
  });
});

describe('the audit as a whole', () => {
  it('has one finding for each of the 23 challenges, whatever the evidence', () => {
    const findings = runAudit({}, { seed: 1 });
    expect(findings.map((f) => f.challenge)).toEqual(Object.keys(CHALLENGES));
    expect(findings.length).toBe(23);
    expect(findings.every((f) => f.verdict === 'not-assessed' && f.estimate === null)).toBe(true);
    expect(Object.values(CHALLENGES).filter((c) => c.fundamental).length).toBe(9);
  });
});
