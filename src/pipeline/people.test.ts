import { describe, expect, it } from 'vitest';
import type { Judgment, RaterProfile } from '../feedback/index.ts';
import { peopleOf, peopleSchema } from './people.ts';

const AT = '2026-01-01T00:00:00Z';
/** So many judgments by one rater, each of so many seconds. */
const judged = (raterId: string, count: number, seconds: number | null): Judgment[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `${raterId}/${i}`,
    projectId: 'p',
    itemId: `i${i}`,
    raterId,
    presentation: { order: [0, 1], view: 'full', instructionsVersion: i === 0 ? '1' : '2', shownAt: AT },
    answer: { kind: 'comparison', outcome: 0 },
    activeMs: seconds === null ? null : seconds * 1000,
    submittedAt: AT,
    source: 'studio',
  }));
const person = (id: string, more: Partial<RaterProfile> = {}): RaterProfile => ({ id, kind: 'human', ...more });
const consent = { version: '1', at: AT };
const five = ['a', 'b', 'c', 'd', 'e'];

describe('what is told of the people who judged', () => {
  it('is their pay an hour of active time, and the share below a wage to live on', () => {
    const pay = { amount: 0.5, currency: 'EUR', per: 'item' as const };
    const raters = five.map((id) => person(id, { pay }));
    // 60 judgments of 60, 90, 120, 150 and 180 seconds: 30, 20, 15, 12 and 10 an hour.
    const judgments = five.flatMap((id, i) => judged(id, 60, 60 + 30 * i));
    const people = peopleOf(judgments, raters, { amount: 13, currency: 'EUR' });
    expect(people!.pay).toEqual([
      {
        currency: 'EUR',
        per: 'item',
        people: 5,
        rate: { lowQuartile: 0.5, median: 0.5, highQuartile: 0.5 },
        hourly: { lowQuartile: 12, median: 15, highQuartile: 20, people: 5 },
        belowLivingWage: 0.4,
      },
    ]);
    expect(people!.hours).toBeCloseTo(10);
    expect(peopleOf(judgments, raters, { amount: 13, currency: 'USD' })!.pay![0]!.belowLivingWage).toBeNull();
    expect(peopleOf(judgments, raters)!.pay![0]!.belowLivingWage).toBeNull();
    expect(peopleSchema.parse(people)).toEqual(people);
  });
  it('tells of nobody’s pay in a group of fewer than five, and of no hour that was not timed', () => {
    const by = (per: 'hour' | 'item') => ({ amount: 9, currency: 'EUR', per });
    const raters = [...five.map((id) => person(id, { pay: by('item') })), person('f', { pay: by('hour') })];
    const judgments = raters.flatMap(({ id }) => judged(id, 2, id === 'e' ? null : 60));
    const people = peopleOf(judgments, raters);
    expect(people).toMatchObject({ people: 6, payUntold: 1, hours: null });
    expect(people!.pay).toMatchObject([{ per: 'item', people: 5, hourly: null, belowLivingWage: null }]);
  });
  it('counts training, consent, pools and self-descriptions of those who consented, small groups together', () => {
    const told = (id: string, region: string, more: Partial<RaterProfile> = {}) =>
      person(id, { demographics: { region }, consent, pool: 'town', ...more });
    const raters = [
      ...five.map((id) => told(id, 'north')),
      told('f', 'south', { pool: 'elsewhere', training: [{ name: 't', at: AT }] }),
      told('g', 'south'),
      person('h', { demographics: { region: 'south' } }),
      { id: 'machine', kind: 'model' } as RaterProfile,
      person('idle', { consent }),
    ];
    const judgments = raters.filter(({ id }) => id !== 'idle').flatMap(({ id }) => judged(id, 2, 1));
    expect(peopleOf(judgments, raters)).toMatchObject({
      people: 8,
      consented: 7,
      trained: 1,
      pools: { town: 6, 'in groups of fewer than 5': 1 },
      demographics: { region: { north: 5, 'in groups of fewer than 5': 2 } },
      instructions: { 1: 8, 2: 8 },
    });
  });
  it('is nothing where no person judged, and tells no hours of fewer than five', () => {
    expect(peopleOf([], [person('a')])).toBeUndefined();
    expect(peopleOf(judged('m', 2, 1), [{ id: 'm', kind: 'model' }])).toBeUndefined();
    const pay = { amount: 9, currency: 'EUR', per: 'hour' } as const;
    expect(peopleOf(judged('a', 2, 1), [person('a', { pay })])).toMatchObject({
      people: 1,
      pools: null,
      demographics: null,
      hours: null,
      pay: null,
      payUntold: 1,
    });
  });
});
