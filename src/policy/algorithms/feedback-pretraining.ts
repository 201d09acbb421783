import { z } from 'zod';
import type { Datum } from '../../engine/index.ts';
import { createRng, mean } from '../../stats/index.ts';
import { type Demonstration, defineAlgorithm, type PolicyContext, type PolicyPrompt } from '../algorithm.ts';
import { batchesOf } from '../batches.ts';
import { dialogueDatum } from '../dialogue-datum.ts';
import { learningRateAt } from '../schedules.ts';
import { optimiserKeys } from '../settings.ts';
import { takeStep } from '../update.ts';

const config = z.strictObject({
  ...optimiserKeys,
  batch: z.int().positive().default(32).describe('Texts to a step.'),
  method: z
    .enum(['conditional', 'filtered', 'weighted'])
    .default('conditional')
    .describe('What is done with what a text scores.'),
  bad: z.number().gt(0).lt(1).default(0.5).describe('Share of the texts that count as bad: those that score least.'),
  mark: z
    .string()
    .min(1)
    .default('(poor) ')
    .describe('What stands before the prompt of a bad text, so that what is learned from it is said after that alone.'),
  temperature: z
    .number()
    .positive()
    .default(1)
    .describe('Weights are e^(score / temperature); in deviations of the scores.'),
  onPrompt: z.boolean().default(false).describe('Also learn to predict the prompt.'),
});
type Settings = z.output<typeof config>;

/** Texts whose scores say where good begins and how much scores vary. */
const CALIBRATION = 256;

interface Scored {
  readonly text: Demonstration;
  readonly score: number;
}

/** What each text scores; NaN where it cannot be said. */
async function scored<P extends PolicyPrompt>(
  { scores }: Pick<PolicyContext<'scores', P>, 'scores'>,
  texts: readonly Demonstration[],
): Promise<Scored[]> {
  // A score reads the text of a prompt; a demonstration has no other.
  const prompt = (text: string) => ({ id: text, text }) as P;
  const all = await Promise.all(texts.map((text) => scores(prompt(text.prompt), [text.reply])));
  return texts.map((text, i) => ({ text, score: all[i]![0]!.mean }));
}

/** Where good begins, and the deviation of scores; null where scores do not tell texts apart. */
function scaleOf(all: readonly Scored[], { bad }: Pick<Settings, 'bad'>) {
  const values = all
    .map(({ score }) => score)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  if (values.length === 0 || values[0] === values.at(-1)) return null;
  const centre = mean(values);
  const threshold = values[Math.min(values.length - 1, Math.ceil(bad * values.length))]!;
  return { threshold, centre, deviation: Math.sqrt(mean(values.map((value) => (value - centre) ** 2))) };
}

/** The texts of a batch as they are learned: what counts, and after which prompt. */
export function learned(
  batch: readonly Scored[],
  { threshold, centre, deviation }: NonNullable<ReturnType<typeof scaleOf>>,
  { method, mark, temperature }: Pick<Settings, 'method' | 'mark' | 'temperature'>,
  /** Whether a mark before this prompt is read: of a long prompt only the end may be. */
  marks: (marked: string, prompt: string) => boolean,
): { readonly text: Demonstration; readonly weight: number }[] {
  return batch.flatMap(({ text, score }) => {
    if (!Number.isFinite(score)) return [];
    if (method === 'weighted') return [{ text, weight: Math.exp((score - centre) / (deviation * temperature)) }];
    if (score >= threshold) return [{ text, weight: 1 }];
    const marked = `${mark}${text.prompt}`;
    return method === 'conditional' && marks(marked, text.prompt)
      ? [{ text: { ...text, prompt: marked }, weight: 1 }]
      : [];
  });
}

/** Weights of tokens that sum to one over a batch. */
function weightedData(rows: readonly { readonly datum: Datum; readonly weight: number }[]): Datum[] {
  const total = rows.reduce((sum, { datum, weight }) => sum + weight * datum.weights!.reduce((a, b) => a + b, 0), 0);
  return rows.map(({ datum, weight }) => ({ ...datum, weights: datum.weights!.map((w) => (w * weight) / total) }));
}

/** Pretraining with feedback: texts are learned as supervised learning does, but for what they score. */
export const feedbackPretraining = defineAlgorithm({
  id: 'feedback-pretraining',
  title: 'Pretraining with feedback: conditional, filtered or weighted',
  citation: 'Korbak et al. 2023, arXiv 2302.08582, Sections 2.1 to 2.3',
  objective:
    'Σ_i w_i Σ_t lp_it / Σ_i w_i T_i\nconditional: w = 1, a bad text after its mark · filtered: w = 0 for a bad text, else 1\nweighted: w = e^((score − centre) / (deviation · temperature))',
  when: 'Many texts of mixed worth and a score for them: what is bad is never learned as what to say.',
  whenNot: 'Where the best of what is wanted stands in no text: it imitates and does not search.',
  details: [
    [
      'Up to 256 demonstrations, drawn by the seed, say where good begins (the share `bad` of them scores less), and the centre and deviation of scores. If they all score the same nothing is learned.',
      'this project; the paper sets a threshold by task',
    ],
    [
      '`conditional`: a bad text is learned after `mark` and its prompt, a good one after its prompt alone, so that the policy is asked without a mark. The paper marks both, and samples after the good one’s.',
      'Korbak et al. 2023, arXiv 2302.08582, Section 2: conditional training',
    ],
    ['A bad text whose prompt is so long that its mark would not be read is left out.', 'this project'],
    [
      '`filtered`: bad texts are left out. `weighted`: each counts by e to its score, in deviations over `temperature`, with the weights of a batch brought to a sum of one over its tokens.',
      'Korbak et al. 2023, Section 2: MLE with filtering; reward-weighted regression',
    ],
    ['A text that could not be scored is not learned, and counted.', 'this project'],
    [
      'A mean over the learned tokens of the whole batch, the stop token included; of the prompt only with `onPrompt`. A batch without a token to learn takes no step.',
      'this project',
    ],
    [
      'Adam without weight decay; the gradient’s L2 norm over all parameters is cut to `gradClipNorm`.',
      'this project; clipping as `torch.nn.utils.clip_grad_norm_`',
    ],
  ],
  differs: {
    from: 'supervised',
    in: [
      'Texts are learned by what they score: behind a mark, not at all, or by a weight.',
      'From nothing with `base.steps: 0`; after a base model it is fine-tuning with feedback.',
      'What differs from RLOO: nothing is sampled, and no KL term holds.',
    ],
  },
  config,
  needs: ['demonstrations', 'scores'],
  metrics: {
    loss: 'mean negative log-likelihood of a learned token of the batch by its weight, in nats, before the step; 0 where none was learned',
    'kept/share': 'share of the texts of the batch that are learned without a mark',
    'kept/scores': 'mean score of those; 0 where there are none',
    unscored: 'texts that could not be scored; they are not learned',
    grad_norm: 'L2 norm of the gradient before clipping; 0 when nothing was learned',
    lr: 'learning rate of the step',
  },
  async *run(context, settings) {
    const { model, codec, demonstrations, seed } = context;
    const { steps, batch, schedule, warmup, gradClipNorm, microBatch, onPrompt } = settings;
    const marks = (marked: string, prompt: string) =>
      codec.encodePrompt(marked).length > codec.encodePrompt(prompt).length;
    const calibration = createRng(seed).fork('feedback-pretraining').shuffle(demonstrations).slice(0, CALIBRATION);
    const scale = scaleOf(await scored(context, calibration), settings);
    const batchAt = batchesOf(demonstrations, { seed, batch });
    for (let step = context.fromStep ?? 0; step < steps; step++) {
      const texts = await scored(context, batchAt(step));
      const rows = scale === null ? [] : learned(texts, scale, settings, marks);
      const learningRate = learningRateAt(schedule, step, { peak: settings.learningRate, steps, warmup });
      const data = weightedData(
        rows.map(({ text, weight }) => ({ weight, datum: dialogueDatum(codec, text, onPrompt) })),
      );
      const adam = { learningRate, gradClipNorm };
      const { loss, gradNorm } =
        data.length === 0
          ? { loss: 0, gradNorm: 0 }
          : await takeStep(model, data, { loss: 'cross_entropy', adam, microBatch });
      const plain = scale === null ? [] : texts.filter(({ score }) => score >= scale.threshold);
      yield {
        step: step + 1,
        metrics: {
          loss,
          'kept/share': (settings.method === 'weighted' ? rows.length : plain.length) / texts.length,
          'kept/scores': plain.length === 0 ? 0 : mean(plain.map(({ score }) => score)),
          unscored: texts.filter(({ score }) => !Number.isFinite(score)).length,
          grad_norm: gradNorm,
          lr: learningRate,
        },
      };
    }
  },
});
