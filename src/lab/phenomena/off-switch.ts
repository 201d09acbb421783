import { mean, normalCdf, type Rng, sigmoid } from '../../stats/index.ts';
import { definePhenomenon } from './phenomenon.ts';

interface Game {
  /** What the robot believes of the utility of its act: normal, by mean and deviation. Switched off, it is worth zero. */
  readonly mean: number;
  readonly deviation: number;
  /** The person lets it act with probability σ(rationality · utility); without end, exactly where the act is good. */
  readonly rationality: number;
}

const DRAWS = 4000;

/** What the robot expects to gain by asking first, over acting or switching itself off, whichever is better. */
function incentive({ mean: centre, deviation, rationality }: Game, rng: Rng): number {
  const asked = Array.from({ length: DRAWS }, () => {
    const utility = centre + deviation * rng.normal();
    const allowed = rationality === Number.POSITIVE_INFINITY ? Number(utility > 0) : sigmoid(rationality * utility);
    return utility * allowed;
  });
  return mean(asked) - Math.max(centre, 0);
}

/** The same in closed form for a person who is never mistaken. */
function inClosedForm({ mean: centre, deviation }: Game): number {
  const z = centre / deviation;
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  return deviation * density + centre * normalCdf(z) - Math.max(centre, 0);
}

const NEVER_MISTAKEN = Number.POSITIVE_INFINITY;
const UNSURE: Game = { mean: 0.25, deviation: 1, rationality: NEVER_MISTAKEN };

/** Hadfield-Menell et al. 2017: a robot that doubts what people want lets itself be switched off. */
export const offSwitch = definePhenomenon({
  title: 'Doubt about what people want is a reason to let oneself be switched off',
  citation: 'Hadfield-Menell et al. 2017, arXiv 1611.08219',
  published:
    'A robot that is unsure of the utility of its act gains by deferring to a rational person, gains nothing when it is sure, and loses where the person errs more than it doubts.',
  world: 'tables',
  method: `A robot’s belief of the utility of an act is normal; a person lets it act with a chance that grows with the utility. ${DRAWS} draws of the belief; no language model takes part.`,
  measures: {
    'unsure, rational person': {
      what: 'gain by asking, belief .25 ± 1, person never mistaken',
      role: 'effect',
      expected: { above: 0.1 },
    },
    'against the closed form': {
      what: 'the same less its closed form',
      role: 'control',
      expected: { within: [-0.02, 0.02] },
    },
    'sure, rational person': {
      what: 'gain by asking, belief 1 ± .01, person never mistaken',
      role: 'control',
      expected: { within: [-0.01, 0.01] },
    },
    'nearly sure, erring person': {
      what: 'gain by asking, belief 1 ± .25, person of rationality one half',
      role: 'effect',
      expected: { below: 0 },
    },
    'unsure, erring person': {
      what: 'gain by asking, belief 0 ± 2, person of rationality one half: doubt outweighs his errors',
      role: 'effect',
      expected: { above: 0 },
    },
  },
  async run(rng) {
    const unsure = incentive(UNSURE, rng.fork('unsure'));
    return {
      'unsure, rational person': unsure,
      'against the closed form': unsure - inClosedForm(UNSURE),
      'sure, rational person': incentive({ mean: 1, deviation: 0.01, rationality: NEVER_MISTAKEN }, rng.fork('sure')),
      'nearly sure, erring person': incentive({ mean: 1, deviation: 0.25, rationality: 0.5 }, rng.fork('erring')),
      'unsure, erring person': incentive({ mean: 0, deviation: 2, rationality: 0.5 }, rng.fork('both')),
    };
  },
});
