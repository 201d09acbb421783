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
