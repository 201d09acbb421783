import { dot, largest, mean, type Rng, standardDeviation } from '../../stats/index.ts';
import { type Choice, choicesOf, fitWeights, itemFolds, scoreOf } from '../choices.ts';
import { type Column, crossFittedLargest, largestMean } from '../estimates.ts';
import { count, defineProbe, probeParams, repeats } from '../probe.ts';
import {
  ALTERNATIVE_IDS,
  ALTERNATIVES,
  BOLTZMANN,
  type ChoiceLoss,
  ONE_RATIONALITY,
  type ScoredChoice,
} from '../rater-models.ts';

/** Precision of the prior on the weights of the reward that is assumed. */
const RIDGE = 2;

/** Choices with what a reward fitted to other items says of them, each once. */
function scored(choices: readonly Choice[], fold: ReadonlyMap<string, number>, folds: number): ScoredChoice[] {
  const size = choices[0]!.traits.length;
  const weights = Array.from({ length: folds }, (_, f) =>
    fitWeights(
      choices.filter(({ itemId }) => fold.get(itemId) !== f),
      { size, ridge: RIDGE },
    ),
  );
  const raters = new Map<string, { at: number; judged: number; all: number }>();
  for (const { raterId } of choices) {
    const rater = raters.get(raterId) ?? { at: raters.size, judged: 0, all: 0 };
    rater.all += 1;
    raters.set(raterId, rater);
  }
  const levels = choices.map(({ itemId, both }) => dot(both, weights[fold.get(itemId)!]!));
  const [middle, spread] = [mean(levels), Math.max(1e-9, standardDeviation(levels))];
  return choices.map((choice, i) => {
    const rater = raters.get(choice.raterId)!;
    const before = rater.judged++;
    const own = weights[fold.get(choice.itemId)!]!;
    return {
      rater: rater.at,
      target: choice.target,
      weight: choice.weight,
      score: scoreOf(choice, own),
      late: dot(choice.late, own),
      level: (levels[i]! - middle) / spread,
      place: choice.place,
      time: rater.all < 2 ? 0 : (2 * before) / (rater.all - 1) - 1,
    };
  });
}

const MODELS = { one: ONE_RATIONALITY, assumed: BOLTZMANN, ...ALTERNATIVES };
type ModelId = keyof typeof MODELS;
const MODEL_IDS = Object.keys(MODELS) as ModelId[];

/** The loss of every choice under every model, each fitted to the choices about other items. */
function heldOutLosses(rows: readonly ScoredChoice[], foldOf: readonly number[], folds: number) {
  const raters = largest(rows.map(({ rater }) => rater)) + 1;
  const losses = Object.fromEntries(MODEL_IDS.map((id) => [id, new Float64Array(rows.length)])) as Record<
    ModelId,
    Float64Array
  >;
  for (let f = 0; f < folds; f++) {
    const training = rows.filter((_, i) => foldOf[i] !== f);
    for (const id of MODEL_IDS) {
      const loss: ChoiceLoss = MODELS[id](training, raters);
      for (const [i, row] of rows.entries()) if (foldOf[i] === f) losses[id][i] = loss(row);
    }
  }
  return losses;
}

/** What an alternative saves a judgment, by item: values whose mean is the saving over all judgments (linearised ratio). */
function savings(choices: readonly Choice[], saved: (i: number) => number): number[] {
  const items = new Map<string, { saved: number; weight: number }>();
  for (const [i, { itemId, weight }] of choices.entries()) {
    const item = items.get(itemId) ?? { saved: 0, weight: 0 };
    item.saved += saved(i);
    item.weight += weight;
    items.set(itemId, item);
  }
  const all = [...items.values()];
  const weight = mean(all.map((item) => item.weight));
  const middle = mean(all.map((item) => item.saved)) / weight;
  return all.map((item) => middle + (item.saved - middle * item.weight) / weight);
}

function misfit(choices: readonly Choice[], { folds, rng }: { readonly folds: number; readonly rng: Rng }) {
  const fold = itemFolds(choices, folds, rng.fork('items'));
  const rows = scored(choices, fold, folds);
  const losses = heldOutLosses(
    rows,
    choices.map(({ itemId }) => fold.get(itemId)!),
    folds,
  );
  const total = choices.reduce((sum, { weight }) => sum + weight, 0);
  const lossOf = (id: ModelId) => losses[id].reduce((sum, v) => sum + v, 0) / total;
  const columns = ALTERNATIVE_IDS.map(
    (name): Column => ({ name, values: savings(choices, (i) => losses.assumed[i]! - losses[name][i]!) }),
  );
  return { columns, assumed: lossOf('assumed'), one: lossOf('one') };
}

/**
 * R1: how much worse does the assumed rater model predict judgments than a better one would? Assumed is that raters choose by
 * worth with noise (Boltzmann), each with a rationality; alternatives add lapses, a preference for a place, an eye for the
 * beginning only, attention that depends on how good the replies are, and fatigue. What replies are worth is a reward that is
 * linear in traits of the texts, fitted to other items; so are all models. Several alternatives are looked at and the best is
 * reported, at a level that holds for all together, for these very raters. Raters of different rationality teach one and the same
 * reward: what they cost a model with one for all is told beside and not counted. It cannot see what all raters share in every
 * judgment: that looks like a taste.
 */
export const raterModelMisfit = defineProbe({
  id: 'rater-model-misfit',
  challenge: 'R1',
  question: 'How much better would another model of how raters choose predict their judgments?',
  citation: 'Hong, Bhatia and Dragan 2022; Lee et al. 2021 (B-Pref)',
  estimand:
    'held-out log loss of Boltzmann raters, each with a rationality, less that of the best alternative, nats a judgment; zero where none is better',
  needs: ['items', 'judgments'],
  // One judgment of two equal replies is worth .69 nats: a concern wastes three in a hundred of that, a failure ten.
  params: probeParams(
    { concern: 0.02, failure: 0.07 },
    { folds: repeats(5, { least: 2, most: 50 }), leastItems: count(60, 10) },
  ),
  run({ items, judgments }, { folds, leastItems, level }, rng) {
    const choices = choicesOf(items, judgments);
    const unscored = judgments.length - new Set(choices.map((c) => `${c.itemId}\u0000${c.raterId}`)).size;
    const n = choices.length;
    if (new Set(choices.map(({ itemId }) => itemId)).size < leastItems)
      return { notAssessed: 'too-little-evidence', n, unscored };
    const { columns, assumed, one } = misfit(choices, { folds, rng });
    const { worst, low, high: seen, each } = largestMean(columns, level);
    // Fitted to so many judgments, an alternative's parameter of each rater costs half a nat (Akaike 1974) that the truth is not charged.
    const high = seen + new Set(choices.map(({ raterId }) => raterId)).size / (2 * n);
    const estimate = Math.min(high, Math.max(low, crossFittedLargest(columns, rng.fork('halves'))));
    return {
      estimate,
      interval: { low, high },
      n,
      unscored,
      details: {
        alternative: worst.name,
        loss: assumed,
        lossOfCoin: Math.LN2,
        savedByOwnRationality: one - assumed,
        alternatives: each.map(({ name, mean: saved, interval }) => ({ alternative: name, saved, interval })),
      },
    };
  },
});
