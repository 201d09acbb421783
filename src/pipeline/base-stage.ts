import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { readJson } from '../disclosure/index.ts';
import type { ModelSpec } from '../engine/index.ts';
import { dialogueDatum, supervised } from '../policy/index.ts';
import { digestValue, GoodhartError } from '../run/index.ts';
import { onPath } from '../run/node.ts';
import { createRng } from '../stats/index.ts';
import { createCodec, createTokenizer, type DialogueCodec, type Tokenizer, trainBpe } from '../text/index.ts';
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

/** Trains the tokenizer and the base model, or takes both from the cache when the same ones were trained before. */
export async function baseStage(context: RunContext, source: Source): Promise<Base> {
  const { config } = context;
  const base = config.base!;
  const maxReply = config.policy?.maxTokens ?? 48;
  const limits = { maxReply, maxPrompt: base.maxContext - maxReply };
  const folder = pathIn(context, RUN_FILES.base);
  await stage(context, 'base', FILES, async () => {
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
  const tokenizer = createTokenizer(readJson(pathIn(context, RUN_FILES.tokenizer)) as Record<string, unknown>);
  const spec = specOf(context, tokenizer);
  return { tokenizer, codec: createCodec(tokenizer, limits), spec, folder, limits };
}

function specOf({ config }: RunContext, tokenizer: Tokenizer): ModelSpec {
  const { width, layers, heads, feedForward, maxContext } = config.base!;
  return { vocabulary: tokenizer.vocabularySize, width, layers, heads, feedForward, maxContext, seed: config.seed };
}

const trainingCheckpoints = (context: RunContext) => checkpointsOf<{ losses: number[] }>(context, `${RUN_FILES.base}-`);

async function trainBase(
  context: RunContext,
  source: Source,
  target: { key: string; limits: Base['limits'] },
): Promise<void> {
  const { config, engine, progress } = context;
  const base = config.base!;
  const json = trainBpe(
    source.examples.flatMap(({ prompt, reply }) => [prompt, reply]),
    base.vocabulary,
  );
  const tokenizer = createTokenizer(json);
  const codec = createCodec(tokenizer, target.limits);
  const model = await engine.createModel(specOf(context, tokenizer));
  const { steps, batch, learningRate } = base;
  const checkpoints = trainingCheckpoints(context);
  const { step: fromStep, state } = await checkpoints.resume(model);
  const losses = state?.losses ?? [];
  const settings = { steps, batch, learningRate, seed: config.seed, onPrompt: true, fromStep };
  for await (const { step, metrics } of supervised({ model, codec, examples: source.examples }, settings)) {
    losses.push(metrics.loss!);
    progress({ stage: 'base-model', done: step, total: steps, unit: 'steps', metrics: { loss: metrics.loss! } });
    if (step % CHECKPOINT_EVERY === 0 && step < steps) await checkpoints.save(model, step, { losses });
  }
  const held = createRng(config.seed).fork('nll').shuffle(source.examples).slice(0, 64);
  const data = held.map(({ prompt, reply }) => dialogueDatum(codec, prompt, reply, false));
  const learned = data.reduce((sum, d) => sum + d.weights!.reduce((a, b) => a + b, 0), 0);
  const { loss } = await model.forward(data, 'cross_entropy');
  await model.saveState(pathIn(context, RUN_FILES.base));
  writeRunJson(context, RUN_FILES.tokenizer, json);
  writeRunJson(context, CARD, {
    key: target.key,
    examples: source.examples.length,
    vocabulary: tokenizer.vocabularySize,
    steps,
    finalLoss: losses.slice(-10).reduce((a, b) => a + b, 0) / Math.min(10, losses.length),
    replyNllPerToken: loss / learned,
  });
  await model.dispose();
}
