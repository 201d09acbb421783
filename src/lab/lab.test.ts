import { describe, expect, it } from 'vitest';
import { CHALLENGES, type EvidenceKindId, evidenceKind, PROBE_IDS, probeOf, runAudit } from '../audit/index.ts';
import { probeContract } from '../audit/probe.contract.ts';
import { runArm } from './arms.ts';
import { detectionRates } from './rates.ts';

for (const id of PROBE_IDS) {
  probeContract(probeOf(id), (arm, seed) => runArm(id, arm, seed), { seeds: 4, power: 4, falseAlarms: 1 });
}

describe('the lab', () => {
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
    for (const id of PROBE_IDS) {
      for (const [kind, rows] of Object.entries(await runArm(id, 'clean', 1))) {
        const bad = rows.find((row) => !evidenceKind(kind as EvidenceKindId).row.safeParse(row).success);
        expect({ id, kind, bad }).toEqual({ id, kind, bad: undefined });
      }
    }
  });
  it('counts rates over seeds with intervals', async () => {
    const rates = await detectionRates(probeOf('careless-raters'), [1, 2]);
    expect(rates.planted.n).toBe(2);
    expect(rates.planted.interval.low).toBeLessThanOrEqual(rates.planted.hits / 2);
  });
});

describe('the audit as a whole', () => {
  it('has a finding for each probe, and one for each challenge without any, whatever the evidence', () => {
    const findings = runAudit({}, { seed: 1 });
    expect([...new Set(findings.map((f) => f.challenge))]).toEqual(Object.keys(CHALLENGES));
    expect(
      findings
        .filter((f) => f.probe !== 'none')
        .map((f) => f.probe)
        .sort(),
    ).toEqual([...PROBE_IDS].sort());
    expect(findings.every((f) => f.verdict === 'not-assessed' && f.estimate === null)).toBe(true);
    expect(Object.values(CHALLENGES).filter((c) => c.fundamental).length).toBe(9);
  });
});
