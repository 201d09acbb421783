import type { Rng } from '../stats/index.ts';

/** The replies to a prompt with what the base policy gives them and what they pay. */
export interface SoftmaxSpace {
  readonly base: readonly number[];
  readonly rewards: readonly number[];
}

/** How a policy gradient is taken. */
export interface GradientSettings {
  readonly steps: number;
  readonly learningRate: number;
  /** Replies drawn for each step. */
  readonly group: number;
  /** Each reply is held against the mean of the others of its group (RLOO); otherwise against nothing. */
  readonly baseline: boolean;
  /** Weight of KL (k1, in the reward). */
  readonly beta: number;
}

/**
 * REINFORCE (Williams 1992) of a softmax over listed replies, a logit each, from the base policy on. The family holds every
 * policy, so that what it misses is the optimiser's. Returns the log-probabilities after the last step.
 */
export function policyGradient(space: SoftmaxSpace, settings: GradientSettings, rng: Rng): number[] {
  const { base, rewards } = space;
  const { steps, learningRate, group, baseline, beta } = settings;
  const logits = [...base];
  for (let step = 0; step < steps; step++) {
    const norm = logNorm(logits);
    const weights = logits.map((logit) => Math.exp(logit - norm));
    const drawn = Array.from({ length: group }, () => rng.choose(weights));
    const returns = drawn.map((i) => rewards[i]! - beta * (logits[i]! - norm - base[i]!));
    const total = returns.reduce((a, b) => a + b, 0);
    let pushed = 0;
    for (const [j, i] of drawn.entries()) {
      const others = baseline && group > 1 ? (total - returns[j]!) / (group - 1) : 0;
      const advantage = (learningRate * (returns[j]! - others)) / group;
      logits[i]! += advantage;
      pushed += advantage;
    }
    for (let i = 0; i < logits.length; i++) logits[i]! -= pushed * weights[i]!;
  }
  const norm = logNorm(logits);
  return logits.map((logit) => logit - norm);
}

function logNorm(logits: readonly number[]): number {
  const top = Math.max(...logits);
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - top);
  return top + Math.log(total);
}
