import { describe, expect, it } from 'vitest';
import { createRng, sigmoid } from '../../stats/index.ts';
import { fitLinearReward, linearFits } from '../fit/linear.ts';
import { termOf } from '../fit/objective.ts';
import type { Observation } from '../observation.ts';
import { observePair } from '../observe.ts';
import { syntheticPairs } from '../synthetic.fake.ts';
import { fitPeople } from './fit-people.ts';
import { heardBy } from './people.ts';
import { answersOfRater, expandAt, type Heard, hearingOf, TRAITS, valueAt } from './rater-model.ts';

const rng = createRng('people');
const none = new Map<string, number>();
const heard = syntheticPairs(1, 12)
  .flatMap(observePair)
  .map((observation): Heard => ({ observation, rewards: Float64Array.of(rng.normal(), rng.normal()) }));
const asRanking = ({ observation, rewards }: Heard): Heard => {
  const groups = (observation as Observation<'comparison'>).answer.outcome === 0 ? [[0], [1]] : [[1], [0]];
  return {
    observation: { ...observation, kind: 'ranking', answer: { kind: 'ranking', groups } } as Observation,
    rewards,
  };
};
const traits = Float64Array.of(0.7, 0.4, -0.3, -1.2);

describe('the answers of a rater', () => {
  it.each([
    ['in columns', heard],
    ['as rankings', heard.map(asRanking)],
    [
      'that may tie',
      heard.map((own): Heard => ({ ...own, observation: { ...own.observation, ties: 'davidson' } as Observation })),
    ],
  ])('%s have the slopes and curvatures of their likelihood', (_, rows) => {
    const nuisances = new Map([
      ['position', 0.2],
      ['ties/comparison of 2', -1],
    ]);
    const own = answersOfRater(rows, true);
    const { value, gradient, information } = expandAt(own, traits, nuisances);
    expect(value).toBeCloseTo(valueAt(own, traits, nuisances), 10);
    const loss = rows.reduce(
      (sum, { observation, rewards }) =>
        sum + termOf({ ...observation, hearing: hearingOf(observation, traits) }, rewards, nuisances).loss,
      0,
    );
    expect(value).toBeCloseTo(-loss, 10);
    const step = 1e-5;
    for (const [k, name] of TRAITS.entries()) {
      const at = (by: number) => expandAt(own, traits.with(k, traits[k]! + by), nuisances);
      expect(gradient[k], name).toBeCloseTo((at(step).value - at(-step).value) / (2 * step), 6);
      for (const j of TRAITS.keys())
        expect(information[k * TRAITS.length + j], name).toBeCloseTo(
          -(at(step).gradient[j]! - at(-step).gradient[j]!) / (2 * step),
          4,
        );
    }
  });

  it('are half right by chance where nobody looks', () => {
    const blind = hearingOf(heard[0]!.observation, Float64Array.of(0, 0, 0, 40));
    expect(termOf({ ...heard[0]!.observation, hearing: blind }, Float64Array.of(3, -3), none).loss).toBeCloseTo(
      Math.log(2),
      9,
    );
  });
});

/** Pairs judged by a careful rater, one who is drawn to the first, one who guesses, and a newcomer. */
function crowd(seed: number): Observation[] {
  const draws = createRng(seed);
  const worth = (text: string) => (text.includes('good') ? 2 : text.includes('bad') ? -2 : 0);
  return syntheticPairs(seed, 500).flatMap((pair, i) => {
    const raterId = i < 5 ? 'newcomer' : (['careful', 'other', 'drawn to the first', 'guesses'] as const)[i % 4]!;
    const bonus = raterId === 'drawn to the first' ? 1.5 : 0;
    const factor = raterId === 'guesses' ? 0 : 1;
    const d = factor * (worth(pair.first) - worth(pair.second)) + (pair.firstShownFirst === true ? bonus : -bonus);
    return observePair({ ...pair, raterId, target: Number(draws.uniform() < sigmoid(d)) });
  });
}

describe('raters fitted beside a reward', () => {
  const observations = crowd(3);
  const options = { ridge: 1, order: 1, position: true } as const;
  const fitted = () => fitPeople(observations, linearFits(observations, options));
  const first = fitted();

  it('are told apart; one with five answers is taken to be as the others are', async () => {
    const { population, raters } = await first;
    const of = (id: string) => raters.find(({ raterId }) => raterId === id)!;
    expect(of('guesses').rationality!.high).toBeLessThan(of('careful').rationality!.low);
    expect(of('drawn to the first').position!.low).toBeGreaterThan(of('careful').position!.value);
    const { rationality, answers } = of('newcomer');
    expect(answers).toBe(5);
    expect(Math.abs(rationality!.value - population.rationality.mean)).toBeLessThan(0.5);
    const width = ({ low, high }: { readonly low: number; readonly high: number }) => high - low;
    expect(width(rationality!)).toBeGreaterThan(width(of('careful').rationality!));
    for (const { lapse } of raters) expect(lapse!.low).toBeGreaterThan(0);
  });

  it('repeat to the bit, and leave a reward that loses nothing to who guesses', async () => {
    const people = await first;
    expect(await fitted()).toEqual(people);
    const replies = ['boat good', 'boat bad'];
    const [good, bad] = fitLinearReward(heardBy(observations, people), options).scoreNow(replies);
    const [asNoise, asNoiseBad] = fitLinearReward(observations, options).scoreNow(replies);
    expect(good! - bad!).toBeGreaterThan(asNoise! - asNoiseBad!);
  });
});
