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
    const people = peopleOf(judgments, raters, { wage: { amount: 13, currency: 'EUR' } });
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
    // A form with two questions is sent at once: one task, paid and timed once.
    const doubled = judgments.flatMap((one) => [one, { ...one, id: `${one.id}/second`, questionId: 'second' }]);
    expect(peopleOf(doubled, raters)).toMatchObject({
      hours: people!.hours,
      pay: [{ hourly: people!.pay![0]!.hourly }],
    });
    expect(peopleOf(judgments, raters, { wage: { amount: 13, currency: 'USD' } })!.pay![0]!.belowLivingWage).toBeNull();
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
  it('tells how long people work without a break, and how often they take one', () => {
    const at = (raterId: string, minutes: number[]) =>
      minutes.map((minute, i) => ({
        ...judged(raterId, i + 1, 60).at(-1)!,
        submittedAt: new Date(Date.parse(AT) + minute * 60_000).toISOString(),
      }));
    // Each takes a minute a task. A gap of four minutes is none, one of five is: 11 minutes, a break, then 1 minute.
    const worked = five.flatMap((id) => at(id, [1, 6, 11, 17]));
    const people = peopleOf(
      worked,
      five.map((id) => person(id)),
    );
    expect(people!.breaks).toMatchObject({ minutes: 5, people: 5 });
    expect(people!.breaks!.longestStretch.median).toBeCloseTo(11 / 60);
    expect(people!.breaks!.perHour.median).toBeCloseTo(1 / (4 / 60));
    expect(
      peopleOf(
        worked,
        five.slice(1).map((id) => person(id)),
      )!.breaks,
    ).toBeNull();
    const untimed = worked.map((one) => (one.raterId === 'a' ? { ...one, submittedAt: '' } : one));
    expect(
      peopleOf(
        untimed,
        five.map((id) => person(id)),
      )!.breaks,
    ).toBeNull();
  });
  it('puts groups beside the population, small ones in no number, and says what nobody was asked', () => {
    const raters = Array.from({ length: 20 }, (_, i) =>
      person(`r${i}`, {
        consent,
        demographics: { region: i < 14 ? 'north' : i < 17 ? 'south' : 'west', ...(i < 3 && { age: 'old' }) },
      }),
    );
    const shares = { north: 0.5, south: 0.25, west: 0.25 };
    const population = { region: shares, age: { old: 0.5, young: 0.5 }, language: { en: 1 } };
    const { represented } = peopleOf(
      raters.flatMap(({ id }) => judged(id, 1, 1)),
      raters,
      { population },
    )!;
    expect(represented).toMatchObject({ age: 'fewer than 5', language: 'not collected' });
    const region = represented!.region as Exclude<(typeof represented & object)[string], string>;
    expect([region.said, Object.keys(region.groups)]).toEqual([20, ['north']]);
    const { people, share, difference } = region.groups.north!;
    expect([people, share]).toEqual([14, 0.7]);
    expect(difference.value).toBeCloseTo(0.2);
    // Wilson at 14 of 20 is .481 to .855, as published tables have it.
    expect(difference.low).toBeCloseTo(0.481 - 0.5, 3);
    expect(difference.high).toBeCloseTo(0.8545 - 0.5, 3);
  });
  it('is nothing where no person judged, and tells no hours of fewer than five', () => {
    expect(peopleOf([], [person('a')])).toBeUndefined();
    expect(peopleOf(judged('m', 2, 1), [{ id: 'm', kind: 'model' }])).toBeUndefined();
    const pay = { amount: 9, currency: 'EUR', per: 'hour' } as const;
    expect(peopleOf(judged('a', 2, 1), [person('a', { pay })])).toMatchObject({
      people: 1,
      pools: null,
      demographics: 'not collected',
      represented: null,
      breaks: null,
      hours: null,
      pay: null,
      payUntold: 1,
    });
  });
});
