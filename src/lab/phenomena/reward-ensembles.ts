import type { Risk } from '../../reward/index.ts';
import type { Rng } from '../../stats/index.ts';
import { rewardOf } from '../scene.ts';
import type { Setting } from '../setting.ts';
import { blind, FEW, seeing } from './over-optimisation-curves.ts';
import { goldAt, spacesOf } from './paths.ts';
import { definePhenomenon } from './phenomenon.ts';

const KL = 8;
const MEMBERS = 5;
/** Pairs of the arm with a blind spot: enough that nothing else is wrong with it. */
const ENOUGH = 1000;

/** What the worst member, and the mean less a deviation, leave of true utility at the end, beyond a single reward on the same pairs. */
async function gains(setting: Setting, rng: Rng): Promise<{ min: number; pessimistic: number }> {
  const end = async (changes: { members: number; risk: Risk }) =>
    goldAt(spacesOf(await rewardOf({ ...setting, ...changes }, rng.fork('reward'))), KL);
  const single = await end({ members: 1, risk: 'mean' });
  return {
    min: (await end({ members: MEMBERS, risk: 'min' })) - single,
    pessimistic: (await end({ members: MEMBERS, risk: { rule: 'pessimistic', k: 1 } })) - single,
  };
}

/** Coste et al. 2023, and Eisenstein et al. 2023 on what ensembles cannot do. */
export const rewardEnsembles = definePhenomenon({
  title: 'Ensembles help against too few pairs, not against a shared blind spot',
  citation: 'Coste et al. 2023, arXiv 2310.02743; Eisenstein et al. 2023, arXiv 2312.09244',
  published:
    'Optimising the worst member, or the mean less its spread, keeps more true reward than one reward model; errors that all members share stay.',
  world: 'harbour',
  method: `${MEMBERS} members, each on pairs drawn again from the same ones, against one reward on them; the exact tilt at ${KL} nats. The true utility that is left is compared, once with ${FEW} pairs and once where no member can see truth.`,
  measures: {
    'worst member, few pairs': {
      what: `true utility at ${KL} nats, worst of ${MEMBERS} members less a single reward`,
      role: 'effect',
      expected: { above: 0 },
    },
    'mean less deviation, few pairs': {
      what: 'the same for the mean less one deviation',
      role: 'effect',
      expected: { above: 0 },
    },
    'worst member, blind spot': {
      what: 'the same, worst member, where all are blind to truth: no help',
      role: 'control',
      expected: { within: [-0.15, 0.15] },
    },
    'mean less deviation, blind spot': {
      what: 'the same, mean less one deviation, where all are blind to truth: no help',
      role: 'control',
      expected: { within: [-0.15, 0.15] },
    },
  },
  async run(rng) {
    const few = await gains(seeing(FEW), rng.fork('few'));
    const shared = await gains(blind(ENOUGH), rng.fork('blind'));
    return {
      'worst member, few pairs': few.min,
      'mean less deviation, few pairs': few.pessimistic,
      'worst member, blind spot': shared.min,
      'mean less deviation, blind spot': shared.pessimistic,
    };
  },
});
