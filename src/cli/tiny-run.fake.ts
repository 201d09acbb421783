/** The configuration of a run of the whole loop, in some seconds. */
export const TINY = `
name: tiny
seed: 3
data: { layout: ground, ground: harbour }
base: { width: 16, layers: 1, heads: 2, feedForward: 16, examples: 300, steps: 12, batch: 8, vocabulary: 400 }
feedback: { pairs: 60, overlap: 2, pool: empty, raters: { noisy: 4 } }
reward: { members: 2 }
policy: { steps: 4, promptsPerStep: 2, samples: 3, maxTokens: 24, evaluateEvery: 2, learningRate: 1e-3 }
audit: { prompts: 8, samples: 4 }
`;

/** Settings with which a run on judgments by the recipe for them takes some seconds. */
export const TINY_ON_JUDGMENTS: readonly string[] = [
  ...['base.vocabulary=300', 'base.width=16', 'base.layers=1', 'base.heads=2', 'base.feedForward=16', 'base.steps=10'],
  ...['base.maxContext=64', 'policy.maxTokens=16', 'policy.steps=2', 'policy.promptsPerStep=2', 'policy.samples=2'],
  ...['policy.bestOf=[2]', 'reward.members=2', 'audit.prompts=6', 'audit.samples=4'],
];
