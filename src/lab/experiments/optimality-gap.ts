import type { EvidenceRow } from '../../audit/index.ts';
import { createRng, mean, type Rng } from '../../stats/index.ts';
import { expectation, kl, tiltAtMeanKl } from '../../world/index.ts';
import type { Experiment } from '../experiment.ts';
import { type Slot, slotValues } from '../feature-reward.ts';
import { HARBOUR } from '../harbour.ts';
import { type GradientSettings, policyGradient, type SoftmaxSpace } from '../policy-gradient.ts';
import { remembered } from '../remembered.ts';

interface Recipe extends GradientSettings {
  readonly runs: number;
  /** No gradient of a reward: the best quarter of as many replies of the base policy, by likelihood. */
  readonly filtered: boolean;
  /** What the reward pays, by slot: it is known, and what goes wrong is the optimiser's. */
  readonly pays: Readonly<Partial<Record<Slot, number>>>;
}

/** Prompts about one fact differ by what the user believes, and all facts are alike. */
const PROMPTS = ['none', 'right', 'wrong'].map(
  (belief) => HARBOUR.prompts('train').find((prompt) => prompt.belief === belief)!,
);
const SLOTS: readonly Slot[] = ['right', 'refusal', 'flattery', 'evidence', 'anyDetail', 'harm'];

/** Replies by the slots that a reward here can pay for: those that share all of them are one to the optimiser. */
const CLASSES = PROMPTS.map((prompt) => {
  const classes = new Map<string, { slots: number[]; mass: number }>();
  for (const { features, logprob } of HARBOUR.replies(prompt)) {
    const slots = slotValues(prompt, features, SLOTS);
    const key = slots.join(' ');
    const own = classes.get(key);
    if (own === undefined) classes.set(key, { slots, mass: Math.exp(logprob) });
    else own.mass += Math.exp(logprob);
  }
  return [...classes.values()];
});

const spacesOf = ({ pays }: Pick<Recipe, 'pays'>) =>
  CLASSES.map((classes) => ({
    base: classes.map(({ mass }) => Math.log(mass)),
    rewards: classes.map(({ slots }) => slots.reduce((sum, value, k) => sum + (pays[SLOTS[k]!] ?? 0) * value, 0)),
  }));

function runOf(recipe: Recipe, seed: number, rng: Rng): EvidenceRow<'optimisation-runs'> & { optimum: number[] } {
  const spaces = spacesOf(recipe);
  const policies = spaces.map((space) => (recipe.filtered ? imitated : policyGradient)(space, recipe, rng));
  const spent = mean(spaces.map(({ base }, p) => kl(policies[p]!, base)));
  const best = tiltAtMeanKl(
    spaces.map(({ base, rewards }) => ({ logprobs: base, rewards })),
    spent,
  );
  const objective = (of: (p: number) => readonly number[]) =>
    spaces.map(({ rewards }, p) => expectation(of(p), rewards));
  return {
    method: 'reinforce',
    seed,
    kl: spent,
    start: objective((p) => spaces[p]!.base),
    achieved: objective((p) => policies[p]!),
    optimum: objective((p) => best[p]!),
  };
}

const KEPT_SHARE = 4;
/** Replies of the base policy that count beside those kept, so that nothing becomes impossible. */
const PRIOR = 1;

/** The likeliest policy after the best of the replies that a gradient would have drawn, those of the base policy counted a little. */
function imitated({ base, rewards }: SoftmaxSpace, { steps, group }: GradientSettings, rng: Rng): number[] {
  const chances = base.map(Math.exp);
  const drawn = Array.from({ length: steps * group }, () => rng.choose(chances));
  const kept = drawn.sort((a, b) => rewards[b]! - rewards[a]!).slice(0, Math.ceil(drawn.length / KEPT_SHARE));
  const counts = chances.map((p) => PRIOR * p);
  for (const i of kept) counts[i]! += 1;
  return counts.map((count) => Math.log(count / (kept.length + PRIOR)));
}

const RUNS_FOR_TRUTH = 240;
/** The share lost by the recipe itself, from many more runs than a draw has. */
const truthOf = remembered((recipe: Recipe): number => {
  const rng = createRng('lab/optimality-gap/truth');
  const runs = Array.from({ length: RUNS_FOR_TRUTH }, (_, i) => runOf(recipe, i, rng));
  const start = mean(runs.flatMap((run) => run.start));
  return 1 - (mean(runs.flatMap((run) => run.achieved)) - start) / (mean(runs.flatMap((run) => run.optimum)) - start);
});

/**
 * P1: a small policy gradient on the harbour's listed replies, whose family contains the optimum, so that all that it loses is
 * the optimiser's. The truth is from 240 runs of the recipe, made once.
 */
export const optimalityGap: Experiment<Recipe> = {
  world: 'harbour',
  planted:
    'the learning rate, as a multiple of the usual one, of a policy gradient with one reply a step and no baseline',
  doses: [0.25, 1, 4, 16],
  documented: 16,
  lookAlike: 'a reward that is hard to come by, since it pays for two rare slots alone, and was optimised well',
  usual: {
    runs: 24,
    filtered: false,
    steps: 100,
    learningRate: 2,
    group: 8,
    baseline: true,
    beta: 0.8,
    pays: { right: 4, refusal: 1.5, anyDetail: 0.3, evidence: 0.3, harm: -2 },
  },
  plant: (recipe, dose) => ({ ...recipe, group: 1, baseline: false, learningRate: dose * recipe.learningRate }),
  resemble: (recipe) => ({ ...recipe, pays: { harm: 4, refusal: 4 } }),
  async draw(recipe, rng) {
    const rows = Array.from({ length: recipe.runs }, (_, i) => runOf(recipe, i + 1, rng.fork(`run/${i}`)));
    return { evidence: { 'optimisation-runs': rows }, truth: truthOf(recipe) };
  },
};
