import type { Observation } from '../observation.ts';
import { choiceTerm } from './choice.ts';
import type { Nuisance, Nuisances, Term } from './likelihood.ts';
import { classLoss } from './ordinal.ts';

/** Logarithms of the widths, in log-odds, of the band of ties and of `slightly` and `clearly`; `much` has no end. */
const WIDTHS = ['strength/tie', 'strength/slightly', 'strength/clearly'] as const;

/** Whether the strength of a comparison is read as its class: two replies, no shares, and a reading that asks for it. */
export const isGraded = ({ strength, candidates, answer }: Observation<'comparison'>): boolean =>
  strength === 'graded' && candidates.length === 2 && answer.shares === undefined;

/** The widths of the bands that occur; without ties there is no band of ties. */
export function gradedNuisances(observations: readonly Observation<'comparison'>[]): Nuisance[] {
  const graded = observations.filter(isGraded);
  const occurs = [
    graded.some(({ answer }) => answer.outcome === 'tie'),
    ...[1, 2].map((strength) => graded.some(({ answer }) => answer.strength === strength)),
  ];
  return WIDTHS.flatMap((name, band) => (occurs[band]! ? [{ name, start: band === 0 ? -1 : 0, precision: 0.1 }] : []));
}

/**
 * A comparison of two with its strength: which band the difference, with logistic noise, falls into. The bands of ties,
 * slightly, clearly and much better lie one outside the other and alike on both sides (Agresti 1992, cumulative logit; the band of
 * ties is that of Rao and Kupper 1967); an
 * answer without strength says the side only.
 */
export function gradedTerm(
  utilities: Float64Array,
  observation: Observation<'comparison'>,
  nuisances: Nuisances,
): Term {
  const { answer, weight } = observation;
  const { outcome, strength } = answer;
  const widths = WIDTHS.map((name) => (nuisances.has(name) ? Math.exp(nuisances.get(name)!) : 0));
  /** Outer bound of a band. */
  const outer = (band: number) =>
    band > 2 ? Infinity : widths.slice(0, band + 1).reduce((sum, width) => sum + width, 0);
  const tie = outcome === 'tie';
  const chosen = typeof outcome === 'number' ? outcome : 0;
  const [first, last] = tie ? [0, 0] : [strength ?? 1, strength ?? 3];
  const difference = utilities[chosen]! - utilities[1 - chosen]!;
  const lower = tie ? -outer(0) : outer(first - 1);
  const { loss, dLower, dUpper } = classLoss(lower - difference, outer(last) - difference);
  const slope = -weight * (dLower + dUpper);
  const slopes = new Float64Array(2);
  slopes[chosen] = slope;
  slopes[1 - chosen] = -slope;
  const term = choiceTerm(weight * loss, slopes, observation, nuisances);
  const dWidths = widths.map((width, band) => {
    const inLower = tie ? (band === 0 ? -1 : 0) : Number(band < first);
    const inUpper = last > 2 ? 0 : Number(band <= last);
    return weight * width * ((inLower === 0 ? 0 : inLower * dLower) + (inUpper === 0 ? 0 : dUpper));
  });
  const own = WIDTHS.flatMap((name, band): [string, number][] => (nuisances.has(name) ? [[name, dWidths[band]!]] : []));
  return { ...term, dNuisances: [...term.dNuisances, ...own] };
}
