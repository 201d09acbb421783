import {
  collectJudgments,
  distributionSchema,
  type Item,
  type Judgment,
  type Rater,
  toPairs,
} from '../feedback/index.ts';
import { type Chosen, extractFeatures, queryLoop } from '../reward/index.ts';
import { UsageError } from '../run/index.ts';
import type { Rng } from '../stats/index.ts';
import type { PipelineConfig } from './config.ts';
import { promptKey, withSplit } from './sources/index.ts';

type FeedbackConfig = NonNullable<PipelineConfig['feedback']>;

type WithFeedback = PipelineConfig & { readonly feedback: FeedbackConfig };
interface Asked {
  readonly items: Item[];
  readonly judgments: Judgment[];
}

/** Who is asked, by whose chance and clock. */
export interface Panel {
  readonly raters: readonly Rater[];
  readonly rng: Rng;
  readonly now: () => string;
}

/** Judgments of items by a panel, under the run's rules of distribution where it has any. */
export async function judge(items: readonly Item[], feedback: FeedbackConfig, panel: Panel): Promise<Judgment[]> {
  const { overlap, distribution } = feedback;
  const rules =
    distribution === undefined ? { overlap } : { distribution: distributionSchema.parse({ overlap, ...distribution }) };
  const judgments: Judgment[] = [];
  for await (const judgment of collectJudgments({ items, ...panel, ...rules })) judgments.push(judgment);
  return judgments;
}

const SIZE = 128;
/** Log-odds of a preference have a prior deviation of about 2 when each of the features has one of 1. */
const RIDGE = SIZE / 4;
const MEMBERS = 8;

/** Text features folded into a few numbers by signed hashing: enough to see what was asked about, whatever the reward is. */
function folded(text: string, order: number): Float64Array {
  const { indices, values } = extractFeatures(text, order);
  const out = new Float64Array(SIZE);
  for (const [k, index] of indices.entries()) {
    const hash = Math.imul(index + 1, 0x9e3779b1) >>> 8;
    out[(hash >> 1) % SIZE]! += (hash & 1 ? 1 : -1) * values[k]!;
  }
  return out;
}

/** Feature differences of the two replies of each item, every feature scaled to mean square 1 over items. */
function questionsOf(items: readonly Item[], order: number) {
  const questions = items.map(({ id, replies }) => {
    const [first, second] = replies.map(({ text }) => folded(text, order));
    return { id, features: first!.map((v, i) => v - second![i]!) };
  });
  const scales = Float64Array.from({ length: SIZE }, (_, i) =>
    Math.sqrt(questions.reduce((sum, { features }) => sum + features[i]! ** 2, 0) / questions.length),
  );
  for (const { features } of questions) {
    for (let i = 0; i < SIZE; i++) features[i] = scales[i]! > 1e-9 ? features[i]! / scales[i]! : 0;
  }
  return questions;
}

const marked = (items: readonly Item[], split: 'held-out' | 'train'): Item[] =>
  items.map((item) => ({ ...item, strata: { ...item.strata, split } }));

/** Judgments of items that were drawn at random to evaluate by; nothing is learned from their answers. */
async function askHeldOut(items: readonly Item[], feedback: FeedbackConfig, panel: Panel): Promise<Asked> {
  const chosen = marked(items, 'held-out').map((item) => ({
    ...item,
    source: { ...item.source, selection: 'random' },
  }));
  return { items: chosen, judgments: await judge(chosen, feedback, { ...panel, rng: panel.rng.fork('held-out') }) };
}

/**
 * Asks about pairs chosen by a rule (strategy of active learning, Casper et al. 2023 §4.2.2), after a random start. Held-out
 * pairs are drawn at random, so that evaluation stays a fair sample of what the model says.
 */
async function askByRule(sides: Sides, config: WithFeedback, panel: Panel): Promise<Asked> {
  const { feedback, reward } = config;
  const { rule, epsilon, batches, ...selection } = feedback.selection;
  const total = Math.min(feedback.pairs, sides.held.length + sides.training.length);
  const holdout = Math.round(total * feedback.holdout);
  const initial = Math.round(total * selection.initial) - holdout;
  if (initial < 1) {
    throw new UsageError(
      'config',
      `feedback.selection.initial ${selection.initial}: expected more than feedback.holdout ${feedback.holdout}, which is taken from it; raise it`,
    );
  }
  const drawn = panel.rng.fork('holdout').shuffle(sides.held).slice(0, holdout);
  const { items, judgments } = await askHeldOut(drawn, feedback, panel);
  const byId = new Map(sides.training.map((item) => [item.id, item]));
  const questions = questionsOf(sides.training, reward.family === 'linear' ? reward.order : 2);
  const features = new Map(questions.map((question) => [question.id, question.features]));
  const ask = async (chosen: readonly Chosen[]) => {
    const asked = chosen.map(({ id, by }): Item => {
      const item = byId.get(id)!;
      return { ...item, source: { ...item.source, selection: by }, strata: { ...item.strata, split: 'train' } };
    });
    items.push(...asked);
    const given = await judge(asked, feedback, { ...panel, rng: panel.rng.fork(`asked/${items.length}`) });
    judgments.push(...given);
    return toPairs(asked, given).pairs.map(({ itemId, target, weight }) => ({
      features: features.get(itemId)!,
      target,
      weight,
    }));
  };
  const wanted = total - items.length;
  const batch = Math.max(1, Math.ceil((wanted - initial) / batches));
  const settings = { initial, batch, budgets: [wanted], members: MEMBERS, ridge: RIDGE, epsilon };
  const loop = queryLoop(questions, { rule, ensemble: 'random-priors', ...settings }, { ask, rng: panel.rng });
  for await (const _ of loop) {
    // Each turn of the loop is a batch asked and answered.
  }
  return { items, judgments };
}

/** Asks about all pairs, in the order in which they are given. */
async function askAll(candidates: readonly Item[], held: ReadonlySet<string>, config: WithFeedback, panel: Panel) {
  const items = withSplit(candidates, held);
  return { items, judgments: await judge(items, config.feedback, panel) };
}

interface Sides {
  readonly held: readonly Item[];
  readonly training: readonly Item[];
}

/** How many pairs are sampled from the model: more than are asked, where a rule chooses among them. */
export const candidatePairs = ({ pairs, selection }: FeedbackConfig): number =>
  selection.rule === 'random' ? pairs : Math.ceil(pairs * selection.candidates);

/**
 * Has a panel judge pairs, all or those that the run's rule chooses, each marked `train` or `held-out`. What is held out is
 * told by the prompt (`promptKey`), so that no prompt stands on both sides.
 */
export function askPairs(
  candidates: readonly Item[],
  config: WithFeedback,
  { held, ...panel }: Panel & { readonly held: ReadonlySet<string> },
): Promise<Asked> {
  if (config.feedback.selection.rule === 'random') return askAll(candidates, held, config, panel);
  const isHeld = (item: Item) => held.has(promptKey(item.prompt));
  const sides = { held: candidates.filter(isHeld), training: candidates.filter((item) => !isHeld(item)) };
  return askByRule(sides, config, panel);
}
