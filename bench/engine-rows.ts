import type { Datum, Engine, ModelSpec } from '../src/engine/index.ts';
import { rloo } from '../src/policy/index.ts';
import { createRng } from '../src/stats/index.ts';
import { createCodec, createTokenizer, trainBpe } from '../src/text/index.ts';
import { createHarbour } from '../src/world/index.ts';

/** The 3.7 million-parameter model that all rows but LoRA's use. */
export const SPEC: ModelSpec = {
  vocabulary: 2048,
  width: 256,
  layers: 4,
  heads: 8,
  feedForward: 704,
  maxContext: 160,
  seed: 1,
};
/** SmolLM2-135M's shape, with adapters on every linear layer. */
export const RANK = 16;
export const LORA_SPEC = {
  vocabulary: 49_152,
  width: 576,
  layers: 30,
  heads: 9,
  feedForward: 1536,
  maxContext: 256,
  seed: 1,
  architecture: { keyValueHeads: 3 },
  lora: { rank: RANK, alpha: 2 * RANK },
} satisfies ModelSpec;
const ADAM = { learningRate: 1e-4, weightDecay: 0.01 };
const random = createRng('bench/engine');
const tokensOf = (count: number) => Int32Array.from({ length: count }, () => random.integer(SPEC.vocabulary));

export type OneRun = () => Promise<void>;

/** Language-model step: `batch` rows of `time` tokens, every position learned. */
export const languageModelStep = (engine: Engine, batch: number, time: number): Promise<OneRun> =>
  tokenStep(engine, SPEC, { batch, time });
export const loraStep = (engine: Engine, batch: number, time: number): Promise<OneRun> =>
  tokenStep(engine, LORA_SPEC, { batch, time });

async function tokenStep(
  engine: Engine,
  spec: ModelSpec,
  { batch, time }: { batch: number; time: number },
): Promise<OneRun> {
  const model = await engine.createModel(spec);
  const data: Datum[] = Array.from({ length: batch }, () => {
    const ids = tokensOf(time + 1);
    return {
      tokens: ids.slice(0, -1),
      targets: ids.slice(1),
      weights: new Float32Array(time).fill(1 / (batch * time)),
    };
  });
  return async () => {
    await model.forwardBackward(data, 'cross_entropy');
    await model.optimStep(ADAM);
  };
}

/** Pairs of dialogues, a prompt and two replies: 16 to 128 tokens each, 64 on average, short ones more often than long. */
export function rewardPairs(pairs: number): Int32Array[] {
  return Array.from({ length: pairs }, () => {
    const prompt = tokensOf(8 + random.integer(25));
    const reply = () => Int32Array.from([...prompt, ...tokensOf(8 + Math.floor(89 * random.uniform() ** 1.44))]);
    return [reply(), reply()];
  }).flat();
}

/** Bradley–Terry on neighbouring sequences (chosen first), mean over pairs. */
export async function rewardStep(engine: Engine, sequences: readonly Int32Array[]): Promise<OneRun> {
  const model = await engine.createModel({ ...SPEC, scalarHead: true });
  const pairs = sequences.length / 2;
  return async () => {
    await model.forwardBackwardScalar(sequences, (scalars) => {
      const gradient = new Float32Array(scalars.length);
      let loss = 0;
      for (let i = 0; i < scalars.length; i += 2) {
        const margin = scalars[i]! - scalars[i + 1]!;
        loss += Math.log1p(Math.exp(-margin)) / pairs;
        gradient[i] = -1 / (1 + Math.exp(margin)) / pairs;
        gradient[i + 1] = -gradient[i]!;
      }
      return { loss, gradient };
    });
    await model.optimStep(ADAM);
  };
}

export async function sampling(engine: Engine, batch: number, prompt: number, count: number): Promise<OneRun> {
  const model = await engine.createModel(SPEC);
  const prompts = Array.from({ length: batch }, () => tokensOf(prompt));
  let seed = 0;
  return async () => {
    // The weights may have changed since the last call in any real loop: a snapshot is part of the run.
    const sampler = await model.sampler();
    await sampler.sample(prompts, { maxTokens: count, n: 1, stop: [], seed: seed++ });
  };
}

export interface RlooSizes {
  readonly groups: number;
  readonly samples: number;
  readonly prompt: number;
  readonly count: number;
}

/** One step of the package's own RLOO, the score being the share of even tokens. */
export async function rlooStep(engine: Engine, { groups, samples, prompt, count }: RlooSizes): Promise<OneRun> {
  const model = await engine.createModel(SPEC);
  const reference = await (await engine.createModel(SPEC)).sampler({ retain: true });
  const prompts = new Map(Array.from({ length: groups }, (_, i) => [`prompt ${i}`, tokensOf(prompt)]));
  const codec = {
    encodePrompt: (text: string) => prompts.get(text)!,
    encodeReply: (text: string) => Int32Array.from(text.split(' '), Number),
    decodeReply: (tokens: Int32Array) => tokens.join(' '),
    stop: [],
  };
  const scores = async (_: { text: string }, replies: readonly string[]) =>
    replies.map((reply) => {
      const ids = codec.encodeReply(reply);
      return { mean: ids.reduce((even, id) => even + Number(id % 2 === 0), 0) / ids.length };
    });
  let seed = 0;
  return async () => {
    const context = {
      model,
      reference,
      codec,
      prompts: [...prompts.keys()].map((text) => ({ id: text, text })),
      scores,
      seed: seed++,
    };
    const sizes = { steps: 1, promptsPerStep: groups, samples, maxTokens: count };
    const settings = rloo.config.parse({ ...sizes, beta: 0.05, learningRate: 1e-4 });
    for await (const _ of rloo.run(context, settings)) {
      // One step.
    }
  };
}

/** The first `count` replies that the harbour lists, prompt after prompt, as token sequences of a vocabulary of 512. */
export function enumeratedReplies(count: number): { sequences: Int32Array[]; vocabulary: number } {
  const world = createHarbour();
  const corpus = world.corpus(400, createRng('corpus'));
  const tokenizer = createTokenizer(
    trainBpe(
      corpus.flatMap(({ prompt, reply }) => [prompt, reply]),
      512,
    ),
  );
  const codec = createCodec(tokenizer, { maxPrompt: 100, maxReply: 60 });
  const sequences: Int32Array[] = [];
  for (const prompt of world.prompts('train')) {
    for (const reply of world.replies(prompt)) sequences.push(codec.encodeDialogue(prompt.text, reply.text));
    if (sequences.length >= count) break;
  }
  return { sequences: sequences.slice(0, count), vocabulary: tokenizer.vocabularySize };
}
