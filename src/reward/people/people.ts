import { z } from 'zod';
import { sigmoid } from '../../stats/index.ts';
import type { Observation } from '../observation.ts';
import type { FittedRaters } from './fit-raters.ts';
import { hearingOf, isChoice, type Population, TRAITS, type Trait, type Traits } from './rater-model.ts';

const estimateSchema = z.strictObject({ value: z.number(), low: z.number(), high: z.number() });
const spreadSchema = z.strictObject({ mean: z.number(), deviation: z.number().nonnegative() });
const byTrait = <S extends z.ZodType>(schema: S) =>
  ({ rationality: schema, position: schema, length: schema, lapse: schema }) satisfies Record<Trait, S>;

/** The people behind some answers, as they were fitted beside the reward. Plain JSON. */
export const peopleSchema = z.strictObject({
  /**
   * Over raters: factor on the reward (1 is typical), log-odds of standing first, log-odds of a reply twice as long beside what the
   * reward gives it, and the log-odds of an answer without a look.
   */
  population: z.strictObject(byTrait(spreadSchema)),
  /** 95 % intervals; a lapse is a probability here. Null where no answer speaks of it. */
  raters: z.array(
    z.strictObject({ raterId: z.string(), answers: z.int().positive(), ...byTrait(estimateSchema.nullable()) }),
  ),
  /** Whether the intervals take the reward as known: they are too narrow then where few others judged the same. */
  rewardHeld: z.boolean(),
});
export type People = Readonly<z.infer<typeof peopleSchema>>;
export type TraitEstimate = Readonly<z.infer<typeof estimateSchema>>;

/** Two-sided 95 % of a normal distribution. */
const Z95 = 1.959963984540054;

export interface PeopleParts {
  readonly raterIds: readonly string[];
  readonly observations: readonly Observation[];
  readonly fitted: FittedRaters;
  /** What all raters give to standing first. */
  readonly position: number;
  /** Standard deviation of each rater's traits, the third one of what is given to standing first in all. */
  readonly deviations: readonly Float64Array[];
  readonly rewardHeld: boolean;
}

/** Estimates out of what was fitted. */
export function peopleOf({ raterIds, observations, fitted, position, deviations, rewardHeld }: PeopleParts): People {
  const { population, traits } = fitted;
  const answers = new Map<string, number>();
  for (const { raterId } of observations) answers.set(raterId, (answers.get(raterId) ?? 0) + 1);
  const chose = observations.some(isChoice);
  const spoken: Readonly<Record<Trait, boolean>> = {
    rationality: true,
    position: observations.some((own) => isChoice(own) && own.shown.includes(0)),
    length: chose,
    lapse: chose,
  };
  const shift = (k: number) => (TRAITS[k] === 'position' ? position : 0);
  const estimate = (h: number, k: number): TraitEstimate => {
    const centre = traits[h]![k]! + shift(k);
    const half = Z95 * deviations[h]![k]!;
    const on = TRAITS[k] === 'lapse' ? sigmoid : (value: number) => value;
    return { value: on(centre), low: on(centre - half), high: on(centre + half) };
  };
  const byName = <V>(made: (k: number) => V) =>
    Object.fromEntries(TRAITS.map((name, k) => [name, made(k)])) as Record<Trait, V>;
  return {
    population: byName((k) => ({
      mean: population.mean[k]! + shift(k),
      deviation: Math.sqrt(population.variance[k]!),
    })),
    raters: raterIds.map((raterId, h) => ({
      raterId,
      answers: answers.get(raterId)!,
      ...byName((k) => (spoken[TRAITS[k]!] ? estimate(h, k) : null)),
    })),
    rewardHeld,
  };
}

/** The population as it was fitted, standing first apart from what all raters give to it. */
export const populationOfPeople = ({ population }: People): Population => ({
  mean: Float64Array.from(TRAITS, (name) => (name === 'position' ? 0 : population[name].mean)),
  variance: Float64Array.from(TRAITS, (name) => population[name].deviation ** 2),
});

/** Traits by rater. */
function traitsOf(people: People): Map<string, Traits> {
  const { mean } = populationOfPeople(people);
  const { position } = people.population;
  const logit = (p: number) => Math.log(p / (1 - p));
  return new Map(
    people.raters.map((own) => {
      const given = Float64Array.from(TRAITS, (name, k) => {
        const value = own[name]?.value;
        if (value === undefined) return mean[k]!;
        return name === 'lapse' ? logit(value) : name === 'position' ? value - position.mean : value;
      });
      return [own.raterId, given];
    }),
  );
}

/** Observations as their raters hear them; those of raters who are not known, as one of the population does. */
export function heardBy(observations: readonly Observation[], people: People): Observation[] {
  const known = traitsOf(people);
  const { mean } = populationOfPeople(people);
  return observations.map((own) => ({ ...own, hearing: hearingOf(own, known.get(own.raterId) ?? mean) }));
}
