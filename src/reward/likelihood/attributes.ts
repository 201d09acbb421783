import { sigmoid, softplus } from '../../stats/index.ts';
import type { AttributeSeen, Observation } from '../observation.ts';
import type { Attribute } from '../reading.ts';
import type { Nuisance, Nuisances, Term } from './likelihood.ts';

type Spoken = Observation<'label' | 'spans' | 'critique'>;

const thresholdName = (kind: string, name: string) => `${kind}/${name}/threshold`;
const slopeName = (kind: string, name: string) => `${kind}/${name}/slope`;
const raterName = (kind: string, raterId: string) => `${kind}/rater ${raterId}/reluctance`;

/** Names of what an observation depends on, made once. */
interface Names {
  readonly thresholds: readonly string[];
  readonly slopes: readonly string[];
  readonly reluctance: string;
}
const namesOf = new WeakMap<Spoken, Names>();
function prepare(observation: Spoken): Names {
  const known = namesOf.get(observation);
  if (known !== undefined) return known;
  const { kind, raterId, attributes = [] } = observation;
  const names = {
    thresholds: attributes.map(({ name }) => thresholdName(kind, name)),
    slopes: attributes.map(({ name }) => slopeName(kind, name)),
    reluctance: raterName(kind, raterId),
  };
  namesOf.set(observation, names);
  return names;
}

/** Thresholds of attributes and raters; and how loudly an attribute speaks beside the first, which fixes the scale. */
export function attributeNuisances(observations: readonly Spoken[]): Nuisance[] {
  const found = new Map<string, Nuisance>();
  const add = (name: string, precision: number) => found.set(name, { name, start: 0, precision });
  const loud = observations[0]?.attributes?.[0]?.name;
  for (const { kind, raterId, attributes = [] } of observations) {
    for (const { name } of attributes) {
      add(thresholdName(kind, name), 0.01);
      if (name !== loud) add(slopeName(kind, name), 1);
    }
    add(raterName(kind, raterId), 1);
  }
  return [...found.values()];
}

/**
 * What an answer says through attributes: each is seen in a part with P = σ(±e^a·ρ − b − c_h), ρ the part's reward, for or
 * against as it was stated, b its threshold and c_h how reluctant the rater is to name any (Birnbaum 1968, two parameters).
 * The attributes of one answer share its weight, as they may exclude each other. `dRewards` are by part; a whole reply is one.
 */
export function attributeTerm(rho: Float64Array, observation: Spoken, nuisances: Nuisances): Term {
  const { weight, attributes = [] } = observation;
  const { thresholds, slopes, reluctance } = prepare(observation);
  const share = weight / attributes.length;
  const dRewards = new Float64Array(rho.length);
  const reluctant = nuisances.get(reluctance) ?? 0;
  const dNuisances: [string, number][] = [];
  let [loss, dReluctance] = [0, 0];
  for (const [a, { speaks, seen }] of attributes.entries()) {
    const [threshold, slope] = [thresholds[a]!, slopes[a]!];
    const factor = speaks * Math.exp(nuisances.get(slope) ?? 0);
    const bar = (nuisances.get(threshold) ?? 0) + reluctant;
    let [dBar, dSlope] = [0, 0];
    for (let k = 0; k < rho.length; k++) {
      const own = rho[k]!;
      const utility = factor * own - bar;
      const said = Number(seen[k]!);
      loss += share * (said === 1 ? softplus(-utility) : softplus(utility));
      const by = share * (sigmoid(utility) - said);
      dRewards[k]! += by * factor;
      dSlope += by * factor * own;
      dBar -= by;
    }
    dNuisances.push([threshold, dBar], [slope, dSlope]);
    dReluctance += dBar;
  }
  dNuisances.push([reluctance, dReluctance]);
  return { loss, dRewards, dNuisances: dNuisances.filter(([name]) => nuisances.has(name)) };
}

/** An answer about a whole reply. */
export const seenInWhole = (
  attributes: Iterable<readonly [name: string, attribute: Attribute]>,
  said: (name: string, attribute: Attribute) => boolean,
): AttributeSeen[] => Array.from(attributes, ([name, own]) => ({ name, speaks: own.speaks, seen: [said(name, own)] }));
