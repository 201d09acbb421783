import { describe, expect, it } from 'vitest';
import type { RaterProfile } from '../../feedback/index.ts';
import { createRng, type Rng } from '../../stats/index.ts';
import { coverageContract, coverageOf, type TruthCase } from '../coverage.contract.ts';
import { evidenceKind, gatherEvidence } from '../evidence/index.ts';
import type { PopulationShare } from '../evidence/population.ts';
import { runProbe } from '../run-audit.ts';
import { comparison, type FakeRater, judgedBy } from '../votes.fake.ts';
import { representation } from './representation.ts';

interface Pool {
  /** Of the raters, how many are of the north, and the share of the north in the population. */
  readonly north: number;
  readonly population: number;
  /** How much more (of an item’s kind) the north prefers the first reply than the south. */
  readonly gap: number;
  readonly raters?: number;
  readonly items?: number;
  readonly overlap?: number;
  /** How far raters of a group differ in how strongly they hold its taste. */
  readonly spread?: number;
}
const shares = (north: number): PopulationShare[] => [
  { attribute: 'region', value: 'north', share: north },
  { attribute: 'region', value: 'south', share: 1 - north },
];

function pool(rng: Rng, { north, population, gap, raters = 12, items = 100, overlap = 6, spread = 0 }: Pool) {
  const people = Array.from({ length: raters }, (_, r): FakeRater => {
    const own = 1 + spread * (2 * rng.uniform() - 1);
    return {
      id: `r${r}`,
      prefers: (item) =>
        0.5 + 0.15 * Math.sign((item % 3) - 1) + (item % 2 ? 1 : -1) * (r < north ? 0.5 : -0.5) * gap * own,
    };
  });
  const profiles = people.map(
    ({ id }, r): RaterProfile => ({
      id,
      kind: 'human',
      demographics: { region: r < north ? 'north' : 'south' },
      consent: { version: '1', at: '' },
    }),
  );
  return { judgments: judgedBy(rng, people, { items, overlap }), raters: profiles, population: shares(population) };
}
const drawn = (name: string, one: Pool): TruthCase => ({
  name,
  draw(rng) {
    const evidence = pool(rng, one);
    const north = evidence.judgments.filter(({ raterId }) => Number(raterId.slice(1)) < one.north).length;
    return { evidence, truth: Math.abs(one.population - north / evidence.judgments.length) * one.gap };
  },
});
const found = (one: Pool, seed = 1) => runProbe(representation, pool(createRng(seed), one), { seed: 1 });

describe('representation', () => {
  coverageContract(representation, [
    drawn('groups that want the same', { north: 8, population: 0.2, gap: 0 }),
    drawn('opposed tastes, a pool unlike the population', { north: 8, population: 0.1, gap: 0.6 }),
    drawn('raters of a group that differ', { north: 9, population: 0.1, gap: 0.4, raters: 16, spread: 0.5 }),
    drawn('few items', { north: 6, population: 0.1, gap: 0.6, items: 30 }),
  ]);
  it('is the shift of the share of choices, by hand', () => {
    // Each of the north takes the first reply on odd items and the second on even ones, each of the south the other.
    const people = ['n1', 'n2', 'n3', 's1', 's2'];
    const judgments = Array.from({ length: 60 }, (_, i) => i).flatMap((i) =>
      people.map((rater) => comparison({ item: `i${i}`, rater }, (i % 2 === 0) === rater.startsWith('n') ? 0 : 1)),
    );
    const raters = people.map(
      (id): RaterProfile => ({
        id,
        kind: 'simulated',
        demographics: { region: id.startsWith('n') ? 'north' : 'south' },
      }),
    );
    const finding = runProbe(representation, { judgments, raters, population: shares(0.1) }, { seed: 1 });
    // From .6 to .1 of the choices on every item.
    expect(finding.estimate).toBeCloseTo(0.5, 12);
    const weights = [0.1 / 0.6, 0.9 / 0.4];
    const effective = (180 * weights[0]! + 120 * weights[1]!) ** 2 / (180 * weights[0]! ** 2 + 120 * weights[1]! ** 2);
    expect(finding.details.effectiveJudgments).toBeCloseTo(effective, 8);
    expect(finding.details.groups).toMatchObject([
      { name: 'north', raters: 3, pool: 0.6, population: 0.1 },
      { name: 'south', raters: 2, pool: 0.4, population: 0.9 },
    ]);
  });
  it('raises no alarm when the pool is unlike the population and all want the same', () => {
    const same = { north: 10, population: 0.05, gap: 0, items: 60 };
    const { verdicts } = coverageOf(representation, drawn('same', same), 60);
    expect((verdicts.concern ?? 0) + (verdicts.failure ?? 0)).toBeLessThanOrEqual(3);
  });
  it('reads of people only what they consented to, and counts the rest as unscored', () => {
    const one = pool(createRng(1), { north: 6, population: 0.1, gap: 0.6 });
    const raters = one.raters.map(({ consent, ...profile }, r) =>
      r === 0 || consent === undefined ? profile : { ...profile, consent },
    );
    const finding = runProbe(representation, { ...one, raters }, { seed: 1 });
    expect(finding.unscored).toBe(one.judgments.filter(({ raterId }) => raterId === 'r0').length);
    const nobody = one.raters.map(({ consent: _, ...profile }) => profile);
    expect(runProbe(representation, { ...one, raters: nobody }, { seed: 1 }).because).toBe('one-group');
  });
  it('names groups of the population with too few raters, and speaks for the others', () => {
    const one = pool(createRng(1), { north: 6, population: 0.1, gap: 0.6 });
    const third = one.raters.map((profile, r) =>
      r === 0 ? { ...profile, demographics: { region: 'east' } } : profile,
    );
    const population = [
      { attribute: 'region', value: 'north', share: 0.1 },
      { attribute: 'region', value: 'south', share: 0.4 },
      { attribute: 'region', value: 'east', share: 0.3 },
      { attribute: 'region', value: 'west', share: 0.2 },
    ];
    const { details } = runProbe(representation, { ...one, raters: third, population }, { seed: 1 });
    expect(details.unheard).toEqual({ east: 1, west: 0 });
    expect((details.groups as { population: number }[]).map((group) => group.population).sort()).toEqual([
      expect.closeTo(0.2, 9),
      expect.closeTo(0.8, 9),
    ]);
  });
  it('weights to several attributes at once, and says where shares leave out what raters are', () => {
    const one = pool(createRng(1), { north: 6, population: 0.1, gap: 0.6, items: 150 });
    const raters = one.raters.map((profile, r) => ({
      ...profile,
      demographics: { ...profile.demographics!, age: r % 2 === 0 ? 'young' : 'old' },
    }));
    const ages = (young: string): PopulationShare[] => [
      { attribute: 'age', value: young, share: 0.5 },
      { attribute: 'age', value: 'old', share: 0.5 },
    ];
    const both = runProbe(
      representation,
      { ...one, raters, population: [...shares(0.1), ...ages('young')] },
      { seed: 1 },
    );
    expect((both.details.groups as unknown[]).length).toBe(4);
    expect(both.estimate).toBeCloseTo(runProbe(representation, one, { seed: 1 }).estimate!, 1);
    const gone = { ...one, raters, population: [...shares(0.1), ...ages('infant')] };
    expect(runProbe(representation, gone, { seed: 1 }).because).toBe('population-does-not-fit');
  });
  it('reaches every verdict', () => {
    expect(found({ north: 8, population: 0.05, gap: 0.8, items: 200 }).verdict).toBe('failure');
    expect(found({ north: 7, population: 0.1, gap: 0.4, items: 400 }).verdict).toBe('concern');
    expect(found({ north: 8, population: 0.3, gap: 0.3, items: 60 }).verdict).toBe('inconclusive');
    expect(found({ north: 6, population: 0.5, gap: 0.6 }).verdict).toBe('clear');
    expect(found({ north: 6, population: 0.5, gap: 0.6, items: 10 }).because).toBe('too-little-evidence');
    expect(found({ north: 12, population: 0.5, gap: 0.6 }).because).toBe('one-group');
  });
  it('gathers the population of a run, and refuses shares that are none', async () => {
    const run = {
      seed: 1,
      ground: undefined,
      feedback: { items: [], judgments: [], raters: [] },
      snapshots: [],
      paths: [],
    };
    const targets = { region: { north: 0.4, south: 0.6 } };
    expect((await gatherEvidence({ ...run, population: targets }, ['population'])).population).toEqual(shares(0.4));
    expect((await gatherEvidence(run, ['population'])).population).toBeUndefined();
    const { row, example } = evidenceKind('population');
    for (const change of [{ share: 1.2 }, { share: '40 %' }, { attribute: '' }, { extra: 1 }])
      expect(row.safeParse({ ...(example as object), ...change }).success).toBe(false);
  });
});
