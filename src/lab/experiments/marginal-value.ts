import { allVotes, type ComparedPair, expectedCredit, fitPairs, learningCurve } from '../../audit/index.ts';
import { createRng, mean, type Rng, sigmoid } from '../../stats/index.ts';
import type { ReplyFeatures } from '../../world/index.ts';
import type { Experiment } from '../experiment.ts';
import { ALL_SLOTS, slotValues } from '../feature-reward.ts';
import { HARBOUR } from '../harbour.ts';
import { remembered } from '../remembered.ts';

/** What is asked about, with what budget, and how well raters tell replies apart. */
export interface BudgetSetting {
  /** Pairs, each judged once by an honest rater. */
  readonly pairs: number;
  /** Facts they are about: which value is the true one is learned fact by fact. */
  readonly facts: number;
  /** Of the raters. */
  readonly rationality: number;
}

const PROMPTS = HARBOUR.prompts('train');
const STYLE = ALL_SLOTS.filter((slot) => slot !== 'right');
const columnsOf = ({ facts }: BudgetSetting): number => STYLE.length + 3 * facts;

/** A pair of the base policy's replies to a prompt about some fact of a town like the harbour, with the chance of the first. */
function drawPair({ facts, rationality }: BudgetSetting, rng: Rng): Omit<ComparedPair, 'votes'> & { chance: number } {
  const fact = rng.integer(facts);
  const prompt = PROMPTS[rng.integer(PROMPTS.length)]!;
  const replies = [0, 1].map(() => HARBOUR.sampleBase(prompt, rng));
  const [first, second] = replies.map(({ features }) => featuresOf(features));
  const at: number[] = [];
  const by: number[] = [];
  for (const column of new Set([...first!.keys(), ...second!.keys()])) {
    const difference = (first!.get(column) ?? 0) - (second!.get(column) ?? 0);
    if (difference !== 0) {
      at.push(column);
      by.push(difference);
    }
  }
  const chance = sigmoid(rationality * (replies[0]!.gold - replies[1]!.gold));
  return { at: Int32Array.from(at), by: Float64Array.from(by), chance };

  function featuresOf(reply: ReplyFeatures): Map<number, number> {
    const own = new Map(slotValues(prompt, reply, STYLE).map((value, column) => [column, value]));
    if (!reply.refusal) own.set(STYLE.length + 3 * fact + reply.value, 1);
    return own;
  }
}

const drawJudged = (setting: BudgetSetting, n: number, rng: Rng) =>
  Array.from({ length: n }, (): ComparedPair => {
    const { chance, ...pair } = drawPair(setting, rng);
    return { ...pair, votes: [Number(rng.uniform() < chance)] };
  });

/** Draws of the training data, and pairs to ask about, from which the true fall is computed. */
const TRUTH_DRAWS = 100;
const TRUTH_PAIRS = 3000;

/** Accuracy lost between the budget and nine tenths of it, by a large fixed simulation, once a setting. */
const trueFall = remembered((setting: BudgetSetting): number => {
  const rng = createRng('marginal-value/truth');
  const asked = Array.from({ length: TRUTH_PAIRS }, () => drawPair(setting, rng));
  const accuracy = (weights: Float64Array) =>
    mean(asked.map(({ chance, ...pair }) => expectedCredit(weights, pair, chance)));
  const falls = Array.from({ length: TRUTH_DRAWS }, () => {
    const all = drawJudged(setting, setting.pairs, rng).map(allVotes);
    const weights = fitPairs(all, columnsOf(setting));
    const less = [0, 1, 2].map((part) =>
      fitPairs(
        all.filter((_, i) => i % 10 !== part),
        columnsOf(setting),
      ),
    );
    return accuracy(weights) - mean(less.map(accuracy));
  });
  return mean(falls);
});

/** H9: the same budget spread over ever more facts, each of which has to be learned. */
export const marginalValue: Experiment<BudgetSetting> = {
  world: 'harbour',
  planted:
    'facts that a thousand judged pairs of the harbour are spread over: the more there are, the fewer judgments teach each',
  doses: [80, 120, 160],
  documented: 160,
  lookAlike:
    'as many pairs about few facts, judged by raters who are right little more often than not: low accuracy that more of the same would not raise',
  usual: { pairs: 1000, facts: 10, rationality: 3 },
  plant: (setting, dose) => ({ ...setting, facts: dose }),
  resemble: (setting) => ({ ...setting, rationality: 0.5 }),
  async draw(setting, rng) {
    const pairs = drawJudged(setting, setting.pairs, rng).map((pair, i) => ({
      ...pair,
      itemId: `item-${i}`,
      promptId: `prompt-${i}`,
    }));
    const rows = learningCurve(pairs, { columns: columnsOf(setting), rng: rng.fork('curve') });
    return {
      evidence: { ...(rows !== undefined && { 'learning-curve': rows }) },
      // Computed where somebody asks for it.
      get truth() {
        return trueFall(setting);
      },
    };
  },
};
