import { describeAlgorithm } from '../../src/policy/algorithm.contract.ts';
import { describeGround } from '../../src/world/ground.contract.ts';
import { createColours } from './colours.ts';
import { reinforce } from './reinforce.ts';

/** Extensions as somebody else would write them: one file each, held to the same promises as the project's own. */
describeGround('colours', createColours);
describeAlgorithm(reinforce, {
  settings: { steps: 12, promptsPerStep: 2, samples: 8, learningRate: 0.02, maxTokens: 4, missingEosPenalty: 0 },
});
