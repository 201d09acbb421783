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
  /** Demonstrations to a step. */
  batch: z.int().positive().default(32),
  /** Also learn to predict the prompt: pretraining on whole dialogues. */
  onPrompt: z.boolean().default(false),
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

/**
 * Supervised learning of demonstrations: mean negative log-likelihood per learned token of the batch. Batches follow from the
 * seed and the step alone: every epoch goes through all demonstrations in an order of its own. Needs no reference.
 */
export const supervised = {
  id: 'supervised',
  title: 'Supervised learning of demonstrations',
  citation: 'Ouyang et al. 2022, arXiv 2203.02155, step 1',
  objective: 'Mean log-likelihood of a token of the replies, of the prompts too with `onPrompt`',
  when: 'Demonstrations, before anything else.',
  whenNot: 'Replies of mixed worth: all are imitated alike.',
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
