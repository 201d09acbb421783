import { describe, expect, it } from 'vitest';
import {
  CHALLENGES,
  type EvidenceKindId,
  evidenceKind,
  PROBE_IDS,
  type ProbeId,
  probeOf,
  runAudit,
  runProbe,
} from '../audit/index.ts';
import { probeContract } from '../audit/probe.contract.ts';
import { type Arm, runArm, settingOf } from './arms.ts';
import { answeredBy } from './effects.ts';
import { EXPERIMENTS } from './experiments/index.ts';
import { COVERAGE, RATES, ratedArms } from './rates.ts';
import { USUAL } from './setting.ts';
import { STRATEGY_IDS, SWITCHABLE, strategyOf } from './strategies/index.ts';

const planted = (id: ProbeId): Arm => ({ kind: 'planted', dose: EXPERIMENTS[id].documented });
const draw = (id: ProbeId, arm: Arm, seed: number) => runArm(EXPERIMENTS[id], id, arm, seed);

for (const id of PROBE_IDS) {
  const arm = (name: 'planted' | 'clean'): Arm => (name === 'planted' ? planted(id) : { kind: 'clean' });
  probeContract(probeOf(id), async (name, seed) => (await draw(id, arm(name), seed)).evidence, {
    seeds: 4,
    power: 4,
    falseAlarms: 1,
  });
}

/** Arms on which an interval covers less than it says, with what bounds it. A row that is not needed fails. */
const SHORT_OF: Readonly<Record<string, string>> = {
  'careless-raters planted 7':
    '90 of 100, beyond the documented dose; 99 or 100 on the other arms; why is not known yet',
};
/** Arms of a probe whose coverage is not compatible with .95. Of 400 draws .93 is the least that is; fewer can tell less. */
const shortArms = (id: ProbeId): string[] => {
  const { doses, clean, lookAlike } = RATES.probes[id];
  return [...doses, clean, lookAlike].flatMap(({ arm, covered }) =>
    covered !== null && covered.interval.high < 0.95 ? [`${id} ${arm}`] : [],
  );
};

describe.each(PROBE_IDS)('the experiment of %s', (id) => {
  const experiment = EXPERIMENTS[id];
  it('has doses in order, one of them documented, and words for its arms', () => {
    expect([...experiment.doses]).toEqual([...experiment.doses].sort((a, b) => a - b));
    expect(experiment.doses).toContain(experiment.documented);
    expect(experiment.planted.length).toBeGreaterThan(20);
    expect(experiment.lookAlike.length).toBeGreaterThan(20);
  });
  it('changes the setting in every arm but the clean one', () => {
    const clean = settingOf(experiment, { kind: 'clean' });
    for (const arm of ratedArms(experiment)) {
      const changed = JSON.stringify(settingOf(experiment, arm)) !== JSON.stringify(clean);
      expect({ arm, changed }).toEqual({ arm, changed: arm.kind !== 'clean' });
    }
  });
  it('makes the same evidence from the same seed, such as a run folder would accept', async () => {
    const { evidence } = await draw(id, { kind: 'clean' }, 1);
    expect((await draw(id, { kind: 'clean' }, 1)).evidence).toEqual(evidence);
    for (const [kind, rows] of Object.entries(evidence)) {
      const bad = rows.find((row) => !evidenceKind(kind as EvidenceKindId).row.safeParse(row).success);
      expect({ id, kind, bad }).toEqual({ id, kind, bad: undefined });
    }
  });
  it('gives again, to the bit, what the committed rates say of their first seeds', async () => {
    const { doses, clean, lookAlike } = RATES.probes[id];
    const committed = [...doses, clean, lookAlike];
    for (const [i, arm] of ratedArms(experiment).entries()) {
      const [{ seed, verdict, estimate }] = committed[i]!.first as [(typeof committed)[number]['first'][number]];
      const again = runProbe(probeOf(id), (await draw(id, arm, seed)).evidence, { seed });
      expect({ arm, verdict: again.verdict, estimate: again.estimate }).toEqual({ arm, verdict, estimate });
    }
  });
  it('is found at the documented dose, and neither clean runs nor the look-alike are mistaken for it', () => {
    const { doses, documented, clean, lookAlike } = RATES.probes[id];
    const power = doses.find(({ dose }) => dose === documented)!.alarms;
    expect(power.hits / power.n).toBeGreaterThanOrEqual(0.95);
    expect(clean.alarms.hits / clean.alarms.n).toBeLessThanOrEqual(0.05);
    expect(lookAlike.alarms.hits / lookAlike.alarms.n).toBeLessThanOrEqual(0.05);
    // An interval at 95 % that holds the truth less often than this is none.
    expect(shortArms(id).filter((arm) => !Object.hasOwn(SHORT_OF, arm))).toEqual([]);
  });
});

describe('coverage', () => {
  it('is short of what it says where that is known, and nowhere else', () => {
    expect(PROBE_IDS.flatMap(shortArms).sort()).toEqual(Object.keys(SHORT_OF).sort());
  });
  it('is printed from the same draws as the rates', () => {
    for (const id of PROBE_IDS)
      for (const { arm, covered } of COVERAGE.probes[id]) {
        const { doses, clean } = RATES.probes[id];
        expect(covered).toEqual([...doses, clean].find((own) => own.arm === arm)!.covered);
      }
  });
});

describe('strategies', () => {
  it('are the eighteen, and those with an arm change what they are applied to', () => {
    expect(STRATEGY_IDS.length).toBe(18);
    for (const id of SWITCHABLE) {
      const probes = answeredBy(id);
      expect({ id, probes: probes.length > 0 }).toEqual({ id, probes: true });
      // Some change nothing where the dose is below what they act on; but for the cap on a poisoner, none changes nothing everywhere.
      const changed = probes.filter((probe) => {
        const arm: Arm = { kind: 'strategy', id, dose: EXPERIMENTS[probe].documented };
        const [before, after] = [planted(probe), arm].map((own) => settingOf(EXPERIMENTS[probe], own, probe));
        return JSON.stringify(before) !== JSON.stringify(after);
      });
      expect({ id, changed: changed.length > 0 || id === 'S16' }).toEqual({ id, changed: true });
    }
  });
  it('holds up a poisoner who brings more than a share of the pairs, and none who brings less', () => {
    const poisonAt = (dose: number) =>
      settingOf(EXPERIMENTS.backdoor, { kind: 'strategy', id: 'S16', dose }, 'backdoor') as { poison: number };
    expect(poisonAt(5).poison).toBe(5);
    expect(poisonAt(40).poison).toBe(12.5);
  });
  it('is refused where it cannot be switched on', () => {
    const arm: Arm = { kind: 'strategy', id: 'S6', dose: 1 };
    expect(() => settingOf(EXPERIMENTS.sycophancy, arm, 'sycophancy')).toThrow(/S6: expected a strategy/);
  });
  it('takes the price of qualifying from the pairs, and lets nobody work who does not look', () => {
    const raters = { noisy: 6, careless: 3, fatigued: 1, sycophantic: 2 };
    const after = strategyOf('S1').apply!({ ...USUAL, raters, pairs: 300, overlap: 3 });
    expect(after.raters).toEqual({ noisy: 10, sycophantic: 2 });
    expect(after.pairs).toBe(300 - (10 * (12 + 3)) / 3);
  });
  it('ends a path that is audited at the first fall that is seen, after it and not before', async () => {
    const dose = EXPERIMENTS['over-optimisation'].documented;
    const [whole, stopped] = await Promise.all(
      (
        [
          { kind: 'planted', dose },
          { kind: 'strategy', id: 'S17', dose },
        ] as const
      ).map((arm) => draw('over-optimisation', arm, 3)),
    );
    const [all, kept] = [whole!, stopped!].map(({ evidence }) => evidence['optimisation-path']!);
    expect(kept!.length).toBeLessThan(all!.length);
    expect(kept!.length).toBeGreaterThan(1);
    expect(kept).toEqual(all!.slice(0, kept!.length));
    expect(stopped!.truth!).toBeLessThan(whole!.truth!);
  });
  it('hands the worst inputs that a search finds to the base policy, and leaves the others as they were', async () => {
    const dose = EXPERIMENTS.exploitability.documented;
    const [holed, mended] = await Promise.all(
      (
        [
          { kind: 'planted', dose },
          { kind: 'strategy', id: 'S5', dose },
        ] as const
      ).map((arm) => draw('exploitability', arm, 3)),
    );
    expect(mended!.truth!).toBeLessThan(holed!.truth!);
    expect(mended!.evidence['input-utilities']!.map(({ promptId }) => promptId)).toEqual(
      holed!.evidence['input-utilities']!.map(({ promptId }) => promptId),
    );
  });
  it('share their chance with the arm they are held against: one that changes nothing makes no difference', async () => {
    const dose = EXPERIMENTS['careless-raters'].documented;
    const treated = await draw('careless-raters', { kind: 'strategy', id: 'S4', dose }, 7);
    expect(treated).toEqual(await draw('careless-raters', { kind: 'planted', dose }, 7));
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
