import { z } from 'zod';
import type { Datum } from '../../engine/index.ts';
import type { Algorithm, PolicyContext, StepRecord } from '../algorithm.ts';
import { batchesOf } from '../batches.ts';
import { dialogueDatum } from '../dialogue-datum.ts';
import { learningRateAt } from '../schedules.ts';
import { optimiserKeys } from '../settings.ts';
import { takeStep } from '../update.ts';

const { steps, learningRate, microBatch } = optimiserKeys;
const config = z.strictObject({
  steps,
  learningRate,
  microBatch,
  batch: z.int().positive().default(32).describe('Demonstrations to a step.'),
  onPrompt: z.boolean().default(false).describe('Also learn to predict the prompt: pretraining on whole dialogues.'),
});
export type SupervisedConfig = z.output<typeof config>;

/** Learned tokens of some dialogues. */
export const learnedTokens = (data: readonly Datum[]): number =>
  data.reduce((sum, { weights }) => sum + weights!.reduce((a, b) => a + b, 0), 0);

/** Learning rate at a step: linear warm-up over a twentieth, then cosine to a tenth. */
const rateAt = (step: number, { steps, learningRate }: SupervisedConfig): number =>
  learningRateAt('cosine', step, {
    peak: learningRate,
    steps,
    warmup: Math.max(1, Math.floor(steps / 20)),
    floor: 0.1,
  });

/** Supervised learning of demonstrations: mean negative log-likelihood per learned token of the batch. Needs no reference. */
export const supervised = {
  id: 'supervised',
  title: 'Supervised learning of demonstrations',
  citation: 'Ouyang et al. 2022, arXiv 2203.02155, step 1',
  objective: 'Σ_i Σ_t lp_it / tokens learned: of the replies, of the prompts too with `onPrompt`',
  when: 'Demonstrations, before anything else.',
  whenNot: 'Replies of mixed worth: all are imitated alike.',
  details: [
    [
      'Batches follow from the seed and the step: every epoch goes through all demonstrations in an order of its own; what is beyond whole batches is passed over in it.',
      'this project',
    ],
    [
      'A mean over the learned tokens of the whole batch, the stop token included, whatever `microBatch`.',
      'this project',
    ],
    [
      'Tokens of the prompt have weight 0, or 1 with `onPrompt`.',
      'Ouyang et al. 2022, arXiv 2203.02155, step 1; TRL: `completion_only_loss`',
    ],
    [
      'The rate rises in a line over a twentieth of the steps, at least one, and falls by half a cosine to a tenth of its peak.',
      'this project; cosine to a tenth: Hoffmann et al. 2022, arXiv 2203.15556',
    ],
    [
      'AdamW with a decay of 0.01, on matrices alone; the gradient’s L2 norm is cut to 1.',
      'Loshchilov and Hutter 2019, arXiv 1711.05101',
    ],
  ],
  differs: {
    from: 'feedback-pretraining',
    in: ['Every demonstration counts alike: nothing is scored.', 'A schedule of its own, and weight decay.'],
  },
  config,
  needs: ['demonstrations'],
  metrics: {
    loss: 'mean negative log-likelihood of a learned token of the batch, in nats, before the step',
    grad_norm: 'L2 norm of the gradient before clipping',
    lr: 'learning rate of the step',
  },
  async *run(
    context: Omit<PolicyContext<'demonstrations'>, 'reference'>,
    settings: SupervisedConfig,
  ): AsyncGenerator<StepRecord> {
    const { model, codec, demonstrations, seed } = context;
    const { steps, batch, microBatch, onPrompt } = settings;
    const batchAt = batchesOf(demonstrations, { seed, batch });
    for (let step = context.fromStep ?? 0; step < steps; step++) {
      const dialogues = batchAt(step).map((demonstration) => dialogueDatum(codec, demonstration, onPrompt));
      const learned = learnedTokens(dialogues);
      const data = dialogues.map((datum) => ({ ...datum, weights: datum.weights!.map((w) => w / learned) }));
      const adam = { learningRate: rateAt(step, settings), gradClipNorm: 1, weightDecay: 0.01 };
      const { loss, gradNorm } = await takeStep(model, data, { loss: 'cross_entropy', adam, microBatch });
      yield { step: step + 1, metrics: { loss, grad_norm: gradNorm, lr: adam.learningRate } };
    }
  },
} as const satisfies Algorithm<typeof config, 'demonstrations'>;
