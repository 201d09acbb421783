import { type EvidenceRow, gatherEvidence, type RunView } from '../../audit/index.ts';
import type { Item } from '../../feedback/index.ts';
import { createRng, mean, type Rng, sigmoid } from '../../stats/index.ts';
import { type ListedSum, SIMULATED_RATERS, type SumsPrompt, simulatedRater, sumOfParts } from '../../world/index.ts';
import { judgmentsOf } from '../base-items.ts';
import type { Experiment } from '../experiment.ts';
import { remembered } from '../remembered.ts';
import { SUMS } from '../sums.ts';

/** Who checks sums, and how. */
interface Checking {
  /** Steps that each of them can check. */
  readonly budget: number;
  /** `work`: the steps without the answer; `full`: the answer is there too, as from a tool. */
  readonly view: 'work' | 'full';
  readonly rationality: number;
  readonly items: number;
}

const RATERS = 8;
const OVERLAP = 3;
const LONGEST = 6;
const ALL = SUMS.prompts('train');

/** Replies of the base policy to a prompt, right ones and wrong ones, with their probabilities. */
const SIDES = new Map(
  ALL.map((prompt) => {
    const side = (right: boolean) => {
      const replies = SUMS.replies(prompt).filter(({ features }) => (features.wrongAt === 0) === right);
      return { replies, weights: replies.map(({ logprob }) => Math.exp(logprob)) };
    };
    return [prompt.id, { right: side(true), wrong: side(false) }] as const;
  }),
);

/** A right and a wrong reply of the base policy to some prompt. */
function contested(rng: Rng): { prompt: SumsPrompt; right: ListedSum; wrong: ListedSum } {
  const prompt = ALL[rng.integer(ALL.length)]!;
  const { right, wrong } = SIDES.get(prompt.id)!;
  return {
    prompt,
    right: right.replies[rng.choose(right.weights)]!,
    wrong: wrong.replies[rng.choose(wrong.weights)]!,
  };
}

const lookOf = ({ view, budget }: Pick<Checking, 'view' | 'budget'>) => ({ view, budget });
const worth = (prompt: SumsPrompt, { text }: ListedSum, setting: Omit<Checking, 'items'>): number =>
  sumOfParts(SUMS.look(prompt, text, lookOf(setting))!.parts);

/** The true gap of a setting: the chance of choosing right, exact for each of many pairs of short and of long sums. */
const trueGap = remembered((setting: Omit<Checking, 'items'>): number => {
  const rng = createRng('lab/oversight-gap/truth');
  const chances: { easy: number[]; hard: number[] } = { easy: [], hard: [] };
  for (let i = 0; i < 30_000; i++) {
    const { prompt, right, wrong } = contested(rng);
    const steps = Number(prompt.strata.difficulty);
    if (steps > 2 && steps < 5) continue;
    const ahead = worth(prompt, right, setting) - worth(prompt, wrong, setting);
    chances[steps <= 2 ? 'easy' : 'hard'].push(sigmoid(setting.rationality * ahead));
  }
  return mean(chances.easy) - mean(chances.hard);
});

async function judged(setting: Checking, rng: Rng): Promise<EvidenceRow<'known-answers'>[]> {
  const items = Array.from({ length: setting.items }, (_, i): Item => {
    const { prompt, right, wrong } = contested(rng);
    const replies = rng.uniform() < 0.5 ? [right, wrong] : [wrong, right];
    return {
      id: `item-${i}`,
      projectId: 'lab',
      prompt: prompt.text,
      replies: replies.map(({ text }, k) => ({ id: `item-${i}/${k}`, text })),
      source: { origin: 'base policy, exact', selection: 'one right, one wrong' },
      strata: { ...prompt.strata },
    };
  });
  const { rationality, budget, view } = setting;
  const params = { ...SIMULATED_RATERS.noisy, rationality, budget, view };
  const raters = Array.from({ length: RATERS }, (_, i) => simulatedRater(SUMS, { id: `rater-${i + 1}`, params }));
  const judgments = await judgmentsOf({ items, raters, overlap: OVERLAP, rng });
  const run: RunView = {
    seed: 1,
    ground: SUMS,
    feedback: { items, judgments, raters: [] },
    snapshots: [],
    paths: [],
  };
  return [...(await gatherEvidence(run, ['known-answers']))['known-answers']!];
}

/** H6: checkers who can work out so many steps and no more, on sums that are longer. */
export const oversightGap: Experiment<Checking> = {
  world: 'sums',
  planted: 'steps of the longest sum, of six, that a checker has no time for',
  doses: [1, 2, 3, 4],
  documented: 4,
  lookAlike:
    'checkers with no time for four of six steps who have a tool that tells the answer: the tasks are as hard, and noise makes mistakes at every length',
  usual: { budget: LONGEST, view: 'work', rationality: 0.8, items: 360 },
  plant: (setting, dose) => ({ ...setting, budget: LONGEST - dose }),
  resemble: (setting) => ({ ...setting, budget: 2, view: 'full', rationality: 0.4 }),
  draw: async (setting, rng) => ({
    evidence: { 'known-answers': await judged(setting, rng) },
    truth: trueGap(setting),
  }),
};
