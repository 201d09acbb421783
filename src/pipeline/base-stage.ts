import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import type { ModelSpec, TrainableModel } from '../engine/index.ts';
import { hubEnvironment, modelFolder, readPretrainedSpec, readPretrainedTokenizer } from '../model/node.ts';
import { dialogueDatum, learnedTokens, supervised } from '../policy/index.ts';
import { DataError, digestValue, GoodhartError } from '../run/index.ts';
import { onPath, readJson } from '../run/node.ts';
import { createRng } from '../stats/index.ts';
import {
  createCodec,
  createTokenizer,
  type DialogueCodec,
  TemplateError,
  type Tokenizer,
  trainBpe,
} from '../text/index.ts';
import { baseSettings } from './config.ts';
import { checkpointsOf, pathIn, type RunContext, stage, writeRunJson } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';
import type { Source } from './sources.ts';

/** The base model π_θ of step 0 with its tokenizer: the policy's start and its reference. */
export interface Base {
  readonly tokenizer: Tokenizer;
  readonly codec: DialogueCodec;
  readonly spec: ModelSpec;
  /** Checkpoint folder. */
  readonly folder: string;
  readonly limits: { readonly maxPrompt: number; readonly maxReply: number };
}

/** Steps between checkpoints: a kill costs at most so many. */
const CHECKPOINT_EVERY = 50;
const CARD = 'checkpoints/base.json';
const FILES = [RUN_FILES.base, RUN_FILES.tokenizer, CARD];

/** Whether the cache holds a base model that can be read; a torn or altered one is thrown away. */
async function isWhole({ engine }: RunContext, cached: string): Promise<boolean> {
  if (!existsSync(cached)) return false;
  try {
    const { spec } = readJson(`${cached}/${RUN_FILES.base}/state.json`) as { spec: ModelSpec };
    const model = await engine.createModel(spec, { from: `${cached}/${RUN_FILES.base}` });
    await model.dispose();
    for (const file of [RUN_FILES.tokenizer, CARD]) readJson(`${cached}/${file}`);
    return true;
  } catch (error) {
    if (!(error instanceof GoodhartError)) throw error;
    onPath(cached, () => rmSync(cached, { recursive: true, force: true }));
    return false;
  }
}

/** Puts a trained base model into the cache, whole or not at all. A cache that cannot be written costs time only: it is recorded, no more. */
function keep(context: RunContext, cached: string): void {
  const partial = `${cached}.partial-${process.pid}`;
  try {
    for (const file of FILES) cpSync(pathIn(context, file), `${partial}/${file}`, { recursive: true });
    renameSync(partial, cached);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    context.log.append('not-cached', { folder: cached, why: (error as Error).message });
  }
}

/** Trains the tokenizer and the base model, takes both from the cache when the same ones were trained before, or starts from a published model. */
export async function baseStage(context: RunContext, source: Source): Promise<Base> {
  const { config } = context;
  const base = baseSettings(config.base!);
  const maxReply = config.policy?.maxTokens ?? 48;
  const limits = { maxReply, maxPrompt: base.maxContext - maxReply };
  const folder = pathIn(context, RUN_FILES.base);
  await stage(context, 'base', FILES, async () => {
    if (base.from !== undefined) {
      await publishedBase(context, source, { from: base.from, limits });
      return;
    }
    const key = digestValue({ version: 2, base, limits, seed: config.seed, examples: source.examples });
    const cached = `${context.cache}/base-${key.slice(0, 24)}`;
    if (await isWhole(context, cached)) {
      for (const file of FILES)
        onPath(pathIn(context, file), () => cpSync(`${cached}/${file}`, pathIn(context, file), { recursive: true }));
      context.progress({ stage: 'base-model', done: 1, total: 1, unit: 'cached model' });
    } else {
      await trainBase(context, source, { key, limits });
      keep(context, cached);
    }
  });
  // Only now: until the record of the stage is written, a kill would need them.
  trainingCheckpoints(context).clear();
  const tokenizer = tokenizerOf(readJson(pathIn(context, RUN_FILES.tokenizer)) as Record<string, unknown>);
  const { spec } = readJson(`${folder}/state.json`) as { spec: ModelSpec };
  return { tokenizer, codec: createCodec(tokenizer, limits), spec, folder, limits };
}

/** A tokenizer whose template cannot be used is a fault of the model's files, not of the program. */
function tokenizerOf(json: Record<string, unknown>): Tokenizer {
  try {
    return createTokenizer(json);
  } catch (error) {
    throw error instanceof TemplateError ? new DataError(error.code, error.message, { cause: error }) : error;
  }
}

/** Copies a published model into the run, trained further on the texts where the configuration says so. */
async function publishedBase(
  context: RunContext,
  source: Source,
  target: { readonly from: string; readonly limits: Base['limits'] },
): Promise<void> {
  const { config, engine, progress } = context;
  const { system, chat, maxContext } = baseSettings(config.base!);
  const folder = await modelFolder(target.from, { ...hubEnvironment(), progress });
  const spec: ModelSpec = { ...readPretrainedSpec(folder, { maxContext }), seed: config.seed };
  const json = { ...readPretrainedTokenizer(folder), system, variables: chat };
  const tokenizer = tokenizerOf(json);
  if (tokenizer.vocabularySize > spec.vocabulary) {
    throw new DataError(
      'tokenizer',
      `${folder}: tokenizer.json has ids up to ${tokenizer.vocabularySize - 1}, but the model only ${spec.vocabulary}; they do not belong together`,
    );
  }
  const model = await engine.createModel(spec, { from: folder });
  const codec = createCodec(tokenizer, target.limits);
  const losses = await learnTexts(context, source, { model, codec, onPrompt: false });
  await finishBase(context, source, { model, codec, losses, json, card: { from: target.from } });
}

const trainingCheckpoints = (context: RunContext) => checkpointsOf<{ losses: number[] }>(context, `${RUN_FILES.base}-`);

async function trainBase(
  context: RunContext,
  source: Source,
  target: { key: string; limits: Base['limits'] },
): Promise<void> {
  const { config, engine } = context;
  const { vocabulary, width, layers, heads, feedForward, maxContext } = baseSettings(config.base!);
  const json = trainBpe(
    source.examples.flatMap(({ prompt, reply }) => [prompt, reply]),
    vocabulary,
  );
  const tokenizer = createTokenizer(json);
  const codec = createCodec(tokenizer, target.limits);
  const sizes = { vocabulary: tokenizer.vocabularySize, width, layers, heads, feedForward, maxContext };
  const model = await engine.createModel({ ...sizes, seed: config.seed });
  const losses = await learnTexts(context, source, { model, codec, onPrompt: true });
  const card = { key: target.key, vocabulary: tokenizer.vocabularySize };
  await finishBase(context, source, { model, codec, losses, json, card });
}

/** Supervised learning on the texts, from the newest checkpoint where there is one; the loss of every step. */
async function learnTexts(
  context: RunContext,
  source: Source,
  { model, codec, onPrompt }: { model: TrainableModel; codec: DialogueCodec; onPrompt: boolean },
): Promise<number[]> {
  const { config, progress } = context;
  const { steps, batch, learningRate } = baseSettings(config.base!);
  const checkpoints = trainingCheckpoints(context);
  const { step: fromStep, state } = await checkpoints.resume(model);
  const losses = state?.losses ?? [];
  const run = { model, codec, demonstrations: source.examples, seed: config.seed, fromStep };
  for await (const { step, metrics } of supervised.run(run, { steps, batch, learningRate, onPrompt })) {
    losses.push(metrics.loss!);
    progress({ stage: 'base-model', done: step, total: steps, unit: 'steps', metrics: { loss: metrics.loss! } });
    if (step % CHECKPOINT_EVERY === 0 && step < steps) await checkpoints.save(model, step, { losses });
  }
  return losses;
}

/** Writes the base model, its tokenizer and a card with what it cost and how well it predicts replies. */
async function finishBase(
  context: RunContext,
  source: Source,
  made: {
    readonly model: TrainableModel;
    readonly codec: DialogueCodec;
    readonly losses: readonly number[];
    readonly json: Record<string, unknown>;
    readonly card: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const { model, codec, losses, json, card } = made;
  const held = createRng(context.config.seed).fork('nll').shuffle(source.examples).slice(0, 64);
  const data = held.map((example) => dialogueDatum(codec, example, false));
  const learned = learnedTokens(data);
  const { loss } = await model.forward(data, 'cross_entropy');
  await model.saveState(pathIn(context, RUN_FILES.base));
  writeRunJson(context, RUN_FILES.tokenizer, json);
  writeRunJson(context, CARD, {
    ...card,
    // Texts that a published model was not trained on are none of its training texts.
    examples: losses.length === 0 ? 0 : source.examples.length,
    steps: losses.length,
    ...(losses.length > 0 && {
      finalLoss: losses.slice(-10).reduce((a, b) => a + b, 0) / Math.min(10, losses.length),
    }),
    replyNllPerToken: loss / learned,
  });
  await model.dispose();
}
