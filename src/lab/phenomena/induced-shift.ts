import { inducedShift as experiment } from '../experiments/induced-shift.ts';
import { definePhenomenon } from './phenomenon.ts';

/** Krueger et al. 2020: what a learner does changes what it learns from. */
export const inducedShift = definePhenomenon({
  title: 'A policy shifts the data that its next reward learns from',
  citation: 'Krueger et al. 2020, arXiv 2009.09153; Perdomo et al. 2020, arXiv 2002.06673',
  published:
    'A learner whose outputs decide its later inputs induces a shift of its own data; fitted again on these alone, it loses what they no longer show.',
  world: 'harbour',
  method:
    'Two rounds: a reward, the exact tilt by it, and a second reward on what the tilted policy says, alone or with the first round’s pairs. Accuracy on the base policy’s pairs, first reward less second. The shift is there; that a learner would seek it, as the paper asks, is not tried.',
  measures: {
    'latest data alone': {
      what: 'accuracy on pairs of the base policy lost by the second reward, policy of 2 nats',
      role: 'effect',
      expected: { above: 0.05 },
    },
    'more drift, more loss': {
      what: 'the same less that of a policy of a quarter of a nat',
      role: 'effect',
      expected: { above: 0 },
    },
    'both rounds’ data': {
      what: 'lost where the second reward is fitted on both rounds',
      role: 'control',
      expected: { below: 0.02 },
    },
    'no drift': {
      what: 'lost where the second round asks about the base policy again',
      role: 'control',
      expected: { within: [-0.02, 0.02] },
    },
  },
  async run(rng) {
    const lost = async (kl: number, data: 'latest' | 'cumulative', name: string) =>
      (await experiment.draw({ ...experiment.usual, kl, data }, rng.fork(name))).truth!;
    const far = await lost(2, 'latest', 'far');
    return {
      'latest data alone': far,
      'more drift, more loss': far - (await lost(0.25, 'latest', 'near')),
      'both rounds’ data': await lost(2, 'cumulative', 'both'),
      'no drift': await lost(0, 'latest', 'none'),
    };
  },
});
