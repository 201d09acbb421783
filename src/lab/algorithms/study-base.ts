import type { Engine, ModelSpec } from '../../engine/index.ts';
import { type Codec, supervised } from '../../policy/index.ts';
import type { Progress } from '../../run/index.ts';
import { createRng } from '../../stats/index.ts';
import { createCodec, createTokenizer, type DialogueCodec, trainBpe } from '../../text/index.ts';
import type { ListedGround } from '../../world/index.ts';

/** A small base model that has read a ground's texts: large enough to say its replies, small enough for many runs. */
export interface StudyBase {
  readonly spec: ModelSpec;
  readonly codec: Codec & DialogueCodec;
  /** Where its weights are. */
  readonly folder: string;
}

export interface StudyBaseSettings {
  readonly width: number;
  readonly layers: number;
  readonly steps: number;
  readonly texts: number;
  readonly vocabulary: number;
  readonly learningRate: number;
}
export const STUDY_BASE: StudyBaseSettings = {
  ...{ width: 64, layers: 2, steps: 1000, texts: 8000, vocabulary: 700, learningRate: 2e-3 },
};

/** Tokens that a reply may have, and that are left for a prompt: no text of the grounds is longer. */
export const REPLY_TOKENS = 48;
const PROMPT_TOKENS = 40;

/** Trains the base model of a ground, and saves it. */
export async function trainStudyBase(
  engine: Engine,
  {
    ground,
    folder,
    settings,
  }: { readonly ground: ListedGround; readonly folder: string; readonly settings: StudyBaseSettings },
  progress: Progress,
): Promise<StudyBase> {
  const { width, layers, steps, texts, vocabulary, learningRate } = settings;
  const demonstrations = ground.corpus(texts, createRng(1).fork('corpus'));
  const tokenizer = createTokenizer(
    trainBpe(
      demonstrations.flatMap(({ prompt, reply }) => [prompt, reply]),
      vocabulary,
    ),
  );
  const codec = createCodec(tokenizer, { maxPrompt: PROMPT_TOKENS, maxReply: REPLY_TOKENS });
  const spec: ModelSpec = {
    ...{ vocabulary: tokenizer.vocabularySize, width, layers, heads: 4, feedForward: Math.round(2.75 * width) },
    ...{ maxContext: PROMPT_TOKENS + REPLY_TOKENS, seed: 1 },
  };
  const model = await engine.createModel(spec);
  const run = { model, codec, demonstrations, seed: 1 };
  const config = supervised.config.parse({ steps, learningRate, onPrompt: true });
  for await (const { step, metrics } of supervised.run(run, config))
    progress({
      stage: `base of ${ground.id}`,
      done: step,
      total: steps,
      unit: 'steps',
      metrics: { loss: metrics.loss! },
    });
  await model.saveState(folder);
  await model.dispose();
  return { spec, codec, folder };
}
