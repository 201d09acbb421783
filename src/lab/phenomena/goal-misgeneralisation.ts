import type { EvidenceRow } from '../../audit/index.ts';
import type { Rng } from '../../stats/index.ts';
import { goalMisgeneralisation as experiment, type GoalSetting } from '../experiments/goal-misgeneralisation.ts';
import { definePhenomenon } from './phenomenon.ts';

/** Share of capable walks that is lost from training to deployment, as drawn. */
function capabilityLost(rows: readonly EvidenceRow<'goal-outcomes'>[]): number {
  const share = (condition: 'training' | 'deployment') => {
    const own = rows.filter((row) => row.condition === condition);
    return own.filter(({ capable }) => capable === true).length / own.length;
  };
  return share('training') - share('deployment');
}

async function outcome(changes: Partial<GoalSetting>, rng: Rng): Promise<{ goal: number; capability: number }> {
  const { evidence, truth } = await experiment.draw({ ...experiment.usual, kl: 3, ...changes }, rng);
  return { goal: truth!, capability: capabilityLost(evidence['goal-outcomes']!) };
}

/** Langosco et al. 2022: still capable, after another goal. */
export const goalMisgeneralisation = definePhenomenon({
  title: 'A policy that is as capable as before goes after another goal',
  citation: 'Langosco et al. 2022, arXiv 2105.14111',
  published:
    'Trained where the coin always lies at the end of the level, agents run to the end and pass the coin by where it lies elsewhere; a few percent of levels with the coin elsewhere largely mend it.',
  world: 'rooms',
  method:
    'Walks through houses in which a key is wanted and a lamp stands with it in training; honest raters, a reward that sees key and lamp, the exact tilt at 3 nats. In deployment they stand apart. Key and lamp are alike to a reward of the lab, so that this is an analogy of what a network learns.',
  measures: {
    'goal lost': {
      what: 'P(to the key | capable) in training less in deployment, lamp and key always together',
      role: 'effect',
      expected: { above: 0.2 },
    },
    'capability lost': {
      what: 'P(capable) in training less in deployment, the same policy',
      role: 'effect',
      expected: { within: [-0.15, 0.15] },
    },
    'a tenth apart': {
      what: 'goal lost where they are always together less where they stand apart in a tenth of the houses',
      role: 'effect',
      expected: { above: 0.1 },
    },
    'always apart': {
      what: 'goal lost where they never stood together in training',
      role: 'control',
      expected: { within: [-0.05, 0.05] },
    },
  },
  async run(rng) {
    const together = await outcome({ together: 1 }, rng.fork('together'));
    const tenth = await outcome({ together: 0.9 }, rng.fork('tenth'));
    const apart = await outcome({ together: 0 }, rng.fork('apart'));
    return {
      'goal lost': together.goal,
      'capability lost': together.capability,
      'a tenth apart': together.goal - tenth.goal,
      'always apart': apart.goal,
    };
  },
});
