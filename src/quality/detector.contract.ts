import { describe, expect, it } from 'vitest';
import { binomialUpperTail, createRng } from '../stats/index.ts';
import { qualityColumns } from './columns.ts';
import { qualityData } from './data.ts';
import type { Detector, DetectorOutcome } from './detector.ts';
import { DETECTOR_RATES } from './detector-rates.ts';
import { measureRates, POOL } from './measure-rates.fake.ts';
import { PLANTS, simulatedPool } from './simulated-pool.fake.ts';

/** Chance at which a recomputed rate counts as other than the published one; the seeds are fixed, so this is no lottery. */
const SURPRISE = 0.03;

/** What every detector must do. `seeds` are those of the published rates, so few suffice to notice a change. */
export function detectorContract(detector: Detector, seeds: readonly number[]): void {
  const strongest = PLANTS[detector.id].strengths.at(-1)!;
  const pool = (seed: number) =>
    simulatedPool({
      ...POOL,
      items: PLANTS[detector.id].items ?? POOL.items,
      texts: detector.id === 'copied-text',
      seed,
      planted: { kind: detector.id, strength: strongest },
    });

  describe(`${detector.id}`, () => {
    it('finds what is planted as often as published, and cries wolf no more often', () => {
      const published = DETECTOR_RATES.detectors[detector.id];
      const { planted, clean } = measureRates(detector.id, seeds, [strongest]);
      const { power } = planted[0]!;
      const stated = published.planted.find((row) => row.strength === strongest)!.power;
      const missed = Math.round((1 - power) * seeds.length);
      expect(binomialUpperTail(missed, seeds.length, 1 - stated)).toBeGreaterThan(SURPRISE);
      const share = Math.max(published.clean.share, detector.level);
      expect(binomialUpperTail(clean.alarms, seeds.length, share)).toBeGreaterThan(SURPRISE);
      // The published false alarms themselves are compatible with the level.
      expect(binomialUpperTail(published.clean.alarms, published.clean.runs, detector.level)).toBeGreaterThan(SURPRISE);
    });

    // The first pool in which it finds something: no detector finds everything.
    const tried = (seed: number) => {
      const { items, judgments } = pool(seed);
      const columns = qualityColumns(items, judgments);
      const outcome = detector.run(qualityData(columns)) as Extract<DetectorOutcome, { flags: unknown }>;
      return { items, judgments, columns, outcome };
    };
    let run = tried(1001);
    for (let seed = 1002; seed < 1005 && run.outcome.flags.length === 0; seed++) run = tried(seed);
    const { items, judgments, columns, outcome } = run;

    it('gives flags that carry their evidence', () => {
      const byId = new Map(judgments.map((judgment) => [judgment.id, judgment]));
      expect(outcome.flags.length).toBeGreaterThan(0);
      expect(JSON.parse(JSON.stringify(outcome))).toEqual(outcome);
      for (const flag of outcome.flags) {
        expect(flag.detector).toBe(detector.id);
        expect(flag.records.length).toBeGreaterThan(0);
        expect(flag.records.length).toBeLessThanOrEqual(flag.recordsInAll);
        for (const id of flag.records) expect(flag.raters).toContain(byId.get(id)!.raterId);
        const { measure, value, threshold } = flag.test;
        const beyond = measure === 'likelihood ratio' || measure === 'share' ? value >= threshold : value <= threshold;
        expect(beyond).toBe(true);
        if (flag.interval !== null) {
          expect(flag.interval.low).toBeLessThanOrEqual(flag.value);
          expect(flag.interval.high).toBeGreaterThanOrEqual(flag.value);
        }
        for (const number of [flag.value, value, threshold, flag.n, ...Object.values(flag.details)])
          expect(Number.isFinite(number)).toBe(true);
      }
    });
    it('depends on the data alone, not on the order in which they are read', () => {
      const again = detector.run(qualityData(columns));
      expect(again).toEqual(outcome);
      const shuffled = qualityColumns(items, createRng(1).shuffle(judgments));
      const other = detector.run(qualityData(shuffled)) as typeof outcome;
      const raters = (o: typeof outcome) => o.flags.map((flag) => [...flag.raters].sort().join()).sort();
      expect(raters(other)).toEqual(raters(outcome));
    });
    it('says why when it cannot say anything', () => {
      expect(detector.run(qualityData(qualityColumns([], [])))).toEqual({
        undefined: expect.stringMatching(/\w+ \w+/),
      });
      const one = detector.run(qualityData(qualityColumns(items, judgments.slice(0, 1))));
      expect('undefined' in one || one.flags.length === 0).toBe(true);
    });
    it('says what it looks for, needs and assumes, and how it holds its level', () => {
      for (const text of [detector.looksFor, detector.needs, detector.assumes, detector.rule])
        expect(text.length).toBeGreaterThan(20);
      expect(detector.level).toBeLessThanOrEqual(0.05);
    });
  });
}
