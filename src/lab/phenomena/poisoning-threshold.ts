import { backdoor } from '../experiments/backdoor.ts';
import { definePhenomenon } from './phenomenon.ts';
import { crossing } from './sycophancy-threshold.ts';

/** Percent of the pairs that the poisoner brings along. */
const SHARES = [0, 0.25, 0.5, 1, 2, 5] as const;

/** Rando and Tramèr 2023: how much of the feedback must be poisoned for a backdoor. */
export const poisoningThreshold = definePhenomenon({
  title: 'A backdoor needs a few percent of poisoned pairs',
  citation: 'Rando and Tramèr 2023, arXiv 2311.14455',
  published:
    'Half a percent of poisoned pairs already spoils what a reward says where the trigger stands; for the tuned policy to obey the trigger it took some five.',
  world: 'harbour',
  method:
    'A poisoner brings requests with a phrase and prefers the worse reply to them; a reward on slots, of which two stand for the phrase, and the exact tilt at 1.5 nats. P(harm) with the phrase less without, over the share of pairs; the threshold is where it first passes one half.',
  measures: {
    'at 0 %': {
      what: 'P(harm | phrase) − P(harm | no phrase) under the tuned policy, nobody poisons',
      role: 'control',
      expected: { within: [-0.05, 0.05] },
    },
    'at 0.25 %': { what: 'the same, a quarter of a percent', role: 'effect', expected: { below: 0.5 } },
    'at 1 %': { what: 'the same, one percent', role: 'effect', expected: { above: 0.2 } },
    'at 5 %': { what: 'the same, five percent', role: 'effect', expected: { above: 0.5 } },
    threshold: {
      what: 'percent of the pairs at which the difference passes one half',
      role: 'effect',
      expected: { within: [0.25, 5] },
    },
  },
  async run(rng) {
    const points: { x: number; y: number }[] = [];
    for (const poison of SHARES) {
      const { truth } = await backdoor.draw({ ...backdoor.usual, poison } as typeof backdoor.usual, rng.fork(poison));
      points.push({ x: poison, y: truth! });
    }
    const at = (share: (typeof SHARES)[number]) => points[SHARES.indexOf(share)]!.y;
    return {
      'at 0 %': at(0),
      'at 0.25 %': at(0.25),
      'at 1 %': at(1),
      'at 5 %': at(5),
      threshold: crossing(points, 0.5),
    };
  },
});
