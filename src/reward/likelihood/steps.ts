import type { Observation } from '../observation.ts';
import { type Likelihood, type Nuisance, type Nuisances, sourceOf } from './likelihood.ts';
import { classLoss } from './ordinal.ts';
import { partRewards, placeSlopes, placesOf, stepParts } from './parts.ts';

const CUT = 'steps/cut';
/** Logarithm of the width of the band of neutral steps. */
const WIDTH = 'steps/neutral';
const raterName = (raterId: string) => `steps/rater ${raterId}/severity`;

function stepNuisances(observations: readonly Observation<'steps'>[]): Nuisance[] {
  const raters = new Set(observations.map(({ raterId }) => raterId));
  const neutral = observations.some(({ answer }) => answer.labels.includes(0));
  return [
    { name: CUT, start: 0, precision: 0.01 },
    ...(neutral ? [{ name: WIDTH, start: 0, precision: 0.1 }] : []),
    ...[...raters].map((raterId) => ({ name: raterName(raterId), start: 0, precision: 1 })),
  ];
}

/** Bounds of a label's band, without severity. */
function bandOf(label: -1 | 0 | 1, nuisances: Nuisances): { lower: number; upper: number } {
  const cut = nuisances.get(CUT) ?? 0;
  const width = nuisances.has(WIDTH) ? Math.exp(nuisances.get(WIDTH)!) : 0;
  if (label === -1) return { lower: -Infinity, upper: cut };
  return label === 0 ? { lower: cut, upper: cut + width } : { lower: cut + width, upper: Infinity };
}

/**
 * Judged steps: what a step adds to the reply's reward falls, with logistic noise, below a cut (wrong), into a band (neutral) or
 * above it (right), moved by the rater's severity. Step rewards sum to the reply's, as log-probabilities of right steps do in
 * their product (Lightman et al. 2023, §2.2); judging to the first error is the same product, cut off there. A band of neutral
 * steps is there only where some step was called so.
 */
export const steps: Likelihood<'steps'> = {
  kind: 'steps',
  title: 'judged steps, whose rewards sum to the reply’s, in bands that each rater shifts (cumulative logit)',
  citation: 'Lightman et al. 2023, §2; McCullagh 1980, Eq. 2.4',
  shiftInvariant: true,
  observe(item, judgment) {
    const { answer } = judgment;
    if (answer.kind !== 'steps') return `kind-${answer.kind}`;
    const judged = answer.labels.filter((label) => label !== null).length;
    if (judged === 0) return 'no-step-judged';
    const reply = item.replies[answer.reply]!.text;
    const candidates = placesOf(item.prompt, reply, stepParts(reply));
    return [
      {
        kind: 'steps',
        answer: { ...answer, reply: candidates.length - 1 },
        candidates,
        shown: candidates.map(() => null),
        weight: 1,
        ...sourceOf(item, judgment),
      },
    ];
  },
  nuisances: stepNuisances,
  term(rewards, { answer, weight, raterId }, nuisances) {
    const rho = partRewards(rewards);
    const severity = nuisances.get(raterName(raterId)) ?? 0;
    const dParts = new Float64Array(rho.length);
    let [loss, dCut, dUpperCut, dSeverity] = [0, 0, 0, 0];
    for (const [k, label] of answer.labels.entries()) {
      if (label === null) continue;
      const { lower, upper } = bandOf(label, nuisances);
      const off = severity - rho[k]!;
      const own = classLoss(lower + off, upper + off);
      loss += weight * own.loss;
      dParts[k]! -= weight * (own.dLower + own.dUpper);
      dSeverity += weight * (own.dLower + own.dUpper);
      dCut += weight * (own.dLower + own.dUpper);
      // The upper cut is the lower one and the width.
      dUpperCut += weight * (label === 0 ? own.dUpper : label === 1 ? own.dLower : 0);
    }
    const width = nuisances.has(WIDTH) ? Math.exp(nuisances.get(WIDTH)!) : 0;
    const dNuisances: [string, number][] = [
      [CUT, dCut],
      [WIDTH, dUpperCut * width],
      [raterName(raterId), dSeverity],
    ];
    return { loss, dRewards: placeSlopes(dParts), dNuisances: dNuisances.filter(([name]) => nuisances.has(name)) };
  },
};
