import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { type ModelSpec, modelSpecSchema, type TrainableModel } from '../../engine/index.ts';
import { hubEnvironment, modelFolder, readPretrainedSpec, readPretrainedTokenizer } from '../../model/node.ts';
import { dialogueDatum, learnedTokens, supervised } from '../../policy/index.ts';
import { DataError, digestValue, GoodhartError, UsageError } from '../../run/index.ts';
import { onPath, readJson, readJsonOf, writeJson } from '../../run/node.ts';
import { createRng, largest } from '../../stats/index.ts';
import {
  createCodec,
  createTokenizer,
  type DialogueCodec,
  TemplateError,
  type Tokenizer,
  trainBpe,
} from '../../text/index.ts';
import { baseSettings, type PipelineConfig } from '../config.ts';
import { filled, UNTOLD } from '../filled.ts';
import { asLogged } from '../metrics.ts';
import { openMetricsLog } from '../metrics-log.ts';
import { atRound, checkpointsOf, type Place, type RunContext } from '../run-context.ts';
import { RUN_FILES } from '../run-folder.ts';
import { sourceOfRun } from '../source-of-run.ts';
import type { Source } from '../sources/index.ts';
import { DATA, type Recomputed, type Stage, type VerifiedPlace } from '../stage.ts';

/** The base model π_θ of step 0 with its tokenizer: the policy's start and its reference, one for all rounds. */
export interface Base {
  readonly tokenizer: Tokenizer;
  readonly codec: DialogueCodec;
  readonly spec: ModelSpec;
  /** Checkpoint folder. */
  readonly folder: string;
  readonly limits: { readonly maxPrompt: number; readonly maxReply: number };
}

const NAME = 'base';
/** Steps between checkpoints: a kill costs at most so many. */
const CHECKPOINT_EVERY = 50;
/** What the stage leaves: what every stage reads that asks the base model. */
export const BASE_FILES = [RUN_FILES.base, RUN_FILES.tokenizer, RUN_FILES.baseCard];
/** What training said, kept beside a base model in the cache. */
const CACHED_METRICS = 'metrics.jsonl';

const cardSchema = z.looseObject({ spec: modelSpecSchema });
const specIn = (path: string): ModelSpec => readJsonOf(path, cardSchema).spec;

/** Tokens that a reply and a prompt may have. */
export function limitsOf(config: PipelineConfig): Base['limits'] {
  const maxReply = config.policy?.maxTokens ?? 48;
  return { maxReply, maxPrompt: baseSettings(config.base!).maxContext - maxReply };
}

/** The base model that a run folder holds. */
export function loadBase({ config, folder }: Pick<Place, 'config' | 'folder'>): Base {
  const tokenizer = tokenizerOf(readJson(`${folder}/${RUN_FILES.tokenizer}`) as Record<string, unknown>);
  const limits = limitsOf(config);
  const spec = specIn(`${folder}/${RUN_FILES.baseCard}`);
  return { tokenizer, codec: createCodec(tokenizer, limits), spec, folder: `${folder}/${RUN_FILES.base}`, limits };
}

/** Whether the cache holds a base model that can be read; a torn or altered one is thrown away. */
async function isWhole({ engines }: RunContext, cached: string): Promise<boolean> {
  if (!existsSync(cached)) return false;
  try {
    const spec = specIn(`${cached}/${RUN_FILES.baseCard}`);
    const model = await engines.policy.createModel(spec, { from: `${cached}/${RUN_FILES.base}` });
    await model.dispose();
    readJson(`${cached}/${RUN_FILES.tokenizer}`);
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
    for (const file of BASE_FILES) cpSync(`${context.folder}/${file}`, `${partial}/${file}`, { recursive: true });
    const metrics = openMetricsLog(`${partial}/${CACHED_METRICS}`);
    for (const { step, metrics: values } of context.metrics.rowsOf(NAME)) metrics.append(NAME, step, asLogged(values));
    renameSync(partial, cached);
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    context.log.append('not-cached', { folder: cached, why: (error as Error).message });
  }
}

/** Takes a base model from the cache, with what its training said. */
function take(context: RunContext, cached: string): void {
  for (const file of BASE_FILES) {
    const path = `${context.folder}/${file}`;
    onPath(path, () => cpSync(`${cached}/${file}`, path, { recursive: true }));
  }
  for (const { step, metrics } of openMetricsLog(`${cached}/${CACHED_METRICS}`).rowsOf(NAME))
    context.metrics.append(NAME, step, asLogged(metrics));
  context.progress({ stage: 'base-model', done: 1, total: 1, unit: 'cached model' });
}

/** Names a base model by all that it follows from. */
const keyOf = (config: PipelineConfig, examples: Source['examples']): string =>
  digestValue({
    version: 3,
    base: baseSettings(config.base!),
    limits: limitsOf(config),
    seed: config.seed,
    examples,
    // A model on a server is another one, and lies there.
    ...(config.engine.policy === 'tinker' && { server: config.engine.tinker }),
  });

const bpeOf = (examples: Source['examples'], vocabulary: number) =>
  trainBpe(
    examples.flatMap(({ prompt, reply }) => [prompt, reply]),
    vocabulary,
  );

/** Trains the tokenizer and the base model, takes both from the cache when the same ones were trained before, or starts from a published model. */
async function run(context: RunContext): Promise<void> {
  const { config, source } = context;
  const base = baseSettings(config.base!);
  const limits = limitsOf(config);
  if (base.from !== undefined) return publishedBase(context, { from: base.from, limits });
  const key = keyOf(config, source.examples);
  const cached = `${context.cache}/base-${key.slice(0, 24)}`;
  if (await isWhole(context, cached)) return take(context, cached);
  await trainBase(context, { key, limits });
  keep(context, cached);
}

/** What a published model's tokenizer is made from, with what the configuration says to its template. */
function publishedTokenizer(
  folder: string,
  { system, chat }: Pick<ReturnType<typeof baseSettings>, 'system' | 'chat'>,
) {
  const json = { ...readPretrainedTokenizer(folder), system, variables: chat };
  return { json, tokenizer: tokenizerOf(json) };
}

/** The tokenizer and lengths that a run's base model will have. */
export async function codecToCome({
  config,
  source,
  progress,
}: Pick<RunContext, 'config' | 'source' | 'progress'>): Promise<DialogueCodec> {
  const settings = baseSettings(config.base!);
  const { from, vocabulary } = settings;
  const tokenizer =
    from === undefined
      ? tokenizerOf(bpeOf(source.examples, vocabulary))
      : publishedTokenizer(await modelFolder(from, { ...hubEnvironment(), progress }), settings).tokenizer;
  return createCodec(tokenizer, limitsOf(config));
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
  target: { readonly from: string; readonly limits: Base['limits'] },
): Promise<void> {
  const { config, engines, progress } = context;
  const settings = baseSettings(config.base!);
  const folder = await modelFolder(target.from, { ...hubEnvironment(), progress });
  const spec: ModelSpec = { ...readPretrainedSpec(folder, settings), seed: config.seed };
  const { json, tokenizer } = publishedTokenizer(folder, settings);
  if (tokenizer.vocabularySize > spec.vocabulary) {
    throw new DataError(
      'tokenizer',
      `${folder}: tokenizer.json has ids up to ${tokenizer.vocabularySize - 1}, but the model only ${spec.vocabulary}; they do not belong together`,
    );
  }
  requireWholePrompts(context.source, tokenizer, target.limits);
  const model = await engines.policy.createModel(spec, { from: folder });
  const codec = createCodec(tokenizer, target.limits);
  const losses = await learnTexts(context, { model, codec, onPrompt: false });
  await finishBase(context, { model, codec, losses, json, card: { from: target.from, spec } });
}

/** Of a longer prompt only the end would be read: on a proving ground that would be another question than the one that is judged. */
export function requireWholePrompts(
  { ground, prompts }: Source,
  tokenizer: Tokenizer,
  { maxPrompt, maxReply }: Base['limits'],
): void {
  if (ground === undefined) return;
  const longest = largest(prompts.map(({ text }) => tokenizer.encodePrompt(text, Number.POSITIVE_INFINITY).length));
  if (longest <= maxPrompt) return;
  throw new UsageError(
    'config',
    `base.maxContext: a prompt of ${ground.id} has ${longest} tokens, and ${maxPrompt} are left beside a reply of ${maxReply}; set base.maxContext to ${longest + maxReply}, or lower policy.maxTokens`,
  );
}

const trainingCheckpoints = (context: RunContext) =>
  checkpointsOf(atRound(context, context.config.rounds), `${RUN_FILES.base}-`, {
    curve: NAME,
    state: z.strictObject({ losses: z.array(z.number()) }),
  });

async function trainBase(context: RunContext, target: { key: string; limits: Base['limits'] }): Promise<void> {
  const { config, engines, source } = context;
  const { vocabulary, width, layers, heads, feedForward, maxContext } = baseSettings(config.base!);
  const json = bpeOf(source.examples, vocabulary);
  const tokenizer = createTokenizer(json);
  requireWholePrompts(source, tokenizer, target.limits);
  const codec = createCodec(tokenizer, target.limits);
  const sizes = { vocabulary: tokenizer.vocabularySize, width, layers, heads, feedForward, maxContext };
  const spec = { ...sizes, seed: config.seed };
  const model = await engines.policy.createModel(spec);
  const losses = await learnTexts(context, { model, codec, onPrompt: true });
  const card = { key: target.key, vocabulary: tokenizer.vocabularySize, spec: { ...model.spec } };
  await finishBase(context, { model, codec, losses, json, card });
}

/** Supervised learning on the texts, from the newest checkpoint where there is one; the loss of every step. */
async function learnTexts(
  context: RunContext,
  { model, codec, onPrompt }: { model: TrainableModel; codec: DialogueCodec; onPrompt: boolean },
): Promise<number[]> {
  const { config, progress, source } = context;
  const { steps, batch, learningRate } = baseSettings(config.base!);
  const checkpoints = trainingCheckpoints(context);
  const { step: fromStep, state } = await checkpoints.resume(model);
  const losses = state?.losses ?? [];
  const run = { model, codec, demonstrations: source.examples, seed: config.seed, fromStep };
  for await (const { step, metrics } of supervised.run(run, { steps, batch, learningRate, onPrompt })) {
    losses.push(metrics.loss!);
    context.metrics.append(NAME, step, metrics);
    progress({ stage: 'base-model', done: step, total: steps, unit: 'steps', metrics: { loss: metrics.loss! } });
    if (step % CHECKPOINT_EVERY === 0 && step < steps) await checkpoints.save(model, step, { losses });
  }
  return losses;
}

/** What a training cost, by its losses. Texts that a published model was not trained on are none of its training texts. */
const trainedOn = (losses: readonly number[], examples: Source['examples']) => ({
  examples: losses.length === 0 ? 0 : examples.length,
  steps: losses.length,
  ...(losses.length > 0 && {
    finalLoss: losses.slice(-10).reduce((a, b) => a + b, 0) / Math.min(10, losses.length),
  }),
});

/** Writes the base model, its tokenizer and a card with what it cost and how well it predicts replies. */
async function finishBase(
  { config, folder, source }: RunContext,
  made: {
    readonly model: TrainableModel;
    readonly codec: DialogueCodec;
    readonly losses: readonly number[];
    readonly json: Record<string, unknown>;
    readonly card: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  const { model, codec, losses, json, card } = made;
  const held = createRng(config.seed).fork('nll').shuffle(source.examples).slice(0, 64);
  const data = held.map((example) => dialogueDatum(codec, example, false));
  const learned = learnedTokens(data);
  const { loss } = await model.forward(data, 'cross_entropy');
  await model.saveState(`${folder}/${RUN_FILES.base}`);
  writeJson(`${folder}/${RUN_FILES.tokenizer}`, json);
  writeJson(`${folder}/${RUN_FILES.baseCard}`, {
    ...card,
    ...trainedOn(losses, source.examples),
    replyNllPerToken: loss / learned,
  });
  await model.dispose();
}

/**
 * The tokenizer, and the card but for what only the model can tell. Of a published model the sizes and the tokenizer are
 * what it came with.
 */
async function recompute(place: VerifiedPlace): Promise<Recomputed[]> {
  const { config, folder, metrics, remember } = place;
  const { from, vocabulary, width, layers, heads, feedForward, maxContext, steps } = baseSettings(config.base!);
  const { examples } = await sourceOfRun(place);
  const stored = readJsonOf(`${folder}/${RUN_FILES.baseCard}`, cardSchema);
  const said = metrics.rowsOf(NAME).map(({ metrics: { loss } }) => loss ?? Number.NaN);
  const losses = Array.from({ length: steps }, (_, i) => said[i] ?? Number.NaN);
  const trained = { ...trainedOn(losses, examples), replyNllPerToken: UNTOLD };
  if (from !== undefined) {
    const again = { from, spec: { ...stored.spec, seed: config.seed }, ...trained };
    return [{ file: RUN_FILES.baseCard, again: filled(again, stored) }];
  }
  const [json, key] = await remember(
    ['base', config.base, limitsOf(config), config.seed, examples],
    () => [bpeOf(examples, vocabulary), keyOf(config, examples)] as const,
  );
  const { vocabularySize } = tokenizerOf(json);
  const spec = { vocabulary: vocabularySize, width, layers, heads, feedForward, maxContext, seed: config.seed };
  const again = { key, vocabulary: vocabularySize, spec, ...trained };
  return [
    { file: RUN_FILES.tokenizer, again: json },
    { file: RUN_FILES.baseCard, again: filled(again, stored) },
  ];
}

/** Step 0. */
export const base: Stage = {
  name: NAME,
  reads: () => [DATA],
  writes: () => BASE_FILES,
  curves: () => [NAME],
  run,
  recompute,
  tidy: (context) => trainingCheckpoints(context).clear(),
  advice: ({ base: settings }) => (baseSettings(settings!).steps > 0 ? 'lower base.learningRate' : undefined),
};
