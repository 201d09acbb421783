import { existsSync } from 'node:fs';
import {
  argumentPairSchema,
  argumentSchema,
  dialoguePairSchema,
  fromArgumentPair,
  fromDialoguePair,
  type Item,
  type Judgment,
} from '../feedback/index.ts';
import type { ScoreFunction } from '../policy/index.ts';
import { DataError, UsageError } from '../run/index.ts';
import { parseLine, readLines } from '../run/node.ts';
import { createRng } from '../stats/index.ts';
import { createHarbour, type Harbour, promptOf } from '../world/index.ts';
import type { PipelineConfig } from './config.ts';

/** Where a run's prompts, texts and judgments come from. */
export interface Source {
  readonly projectId: string;
  /** Prompt and reply texts to train a base model on. */
  readonly examples: readonly { prompt: string; reply: string }[];
  readonly trainPrompts: readonly string[];
  readonly evaluationPrompts: readonly string[];
  /** Judgments that exist already; without them raters are simulated. */
  readonly imported?: {
    readonly items: readonly Item[];
    readonly judgments: readonly Judgment[];
    readonly skipped: number;
  };
  /** The proving ground, where there is one, and its true utility. */
  readonly world?: Harbour;
  readonly gold?: ScoreFunction;
}

function harbourSource(config: PipelineConfig): Source {
  const world = createHarbour();
  const texts = (split: 'train' | 'deploy') => world.prompts(split).map((prompt) => prompt.text);
  return {
    projectId: config.name,
    examples: world.corpus(config.base?.examples ?? 1, createRng(config.seed).fork('corpus').uniform),
    trainPrompts: texts('train'),
    evaluationPrompts: createRng(config.seed).fork('evaluation-prompts').shuffle(texts('train')),
    world,
    gold: async (text, replies) => {
      const prompt = promptOf(text);
      return replies.map((reply) => ({ mean: prompt === undefined ? Number.NaN : world.gold(prompt, reply) }));
    },
  };
}

/** `<name>.jsonl` or `<name>.jsonl.gz` in a folder. */
function dataFile(dir: string, name: string): string {
  const found = [`${dir}/${name}.jsonl`, `${dir}/${name}.jsonl.gz`].find((path) => existsSync(path));
  if (found === undefined) {
    throw new UsageError(
      'data',
      `${dir}: expected ${name}.jsonl or ${name}.jsonl.gz there; set data.dir to the folder of the data`,
    );
  }
  return found;
}

async function argumentSource(config: PipelineConfig, dir: string): Promise<Source> {
  const texts = new Map<string, string>();
  const argumentsPath = dataFile(dir, 'arguments');
  for await (const line of readLines(argumentsPath)) {
    const { id, text } = parseLine(argumentsPath, line, argumentSchema);
    if (texts.has(id))
      throw new DataError('duplicate', `${argumentsPath}:${line.line}: id ${id} occurs twice; ids must be unique`);
    texts.set(id, text);
  }
  const items = new Map<string, Item>();
  const judgments: Judgment[] = [];
  const pairsPath = dataFile(dir, 'pairs');
  for await (const line of readLines(pairsPath)) {
    const row = parseLine(pairsPath, line, argumentPairSchema);
    for (const side of ['a1', 'a2'] as const) {
      if (!texts.has(row[side])) {
        throw new DataError(
          'reference',
          `${pairsPath}:${line.line}: ${side}: no argument ${row[side]} in ${argumentsPath}; add it or drop the pair`,
        );
      }
    }
    const read = fromArgumentPair(row, texts, config.name);
    if (items.has(read.item.id)) {
      throw new DataError(
        'duplicate',
        `${pairsPath}:${line.line}: pair ${read.item.id} occurs twice; ids must be unique`,
      );
    }
    items.set(read.item.id, read.item);
    judgments.push(...read.judgments);
  }
  if (judgments.length === 0)
    throw new DataError('votes', `${pairsPath}: expected votes in assignments, got none; collect some first`);
  const topics = new Set([...items.values()].map((item) => item.strata?.topic));
  if (topics.size < 2) {
    throw new DataError(
      'topics',
      `${pairsPath}: expected two topics or more, each left out in turn, got ${topics.size}; add a topic`,
    );
  }
  return {
    projectId: config.name,
    examples: [],
    trainPrompts: [],
    evaluationPrompts: [],
    imported: { items: [...items.values()], judgments, skipped: 0 },
  };
}

async function dialogueSource(config: PipelineConfig, file: string, holdout: number): Promise<Source> {
  const items: Item[] = [];
  const judgments: Judgment[] = [];
  let skipped = 0;
  for await (const line of readLines(file)) {
    const read = fromDialoguePair(parseLine(file, line, dialoguePairSchema), line.line, config.name);
    if (read === null) {
      skipped += 1;
      continue;
    }
    items.push(read.item);
    judgments.push(read.judgment);
  }
  if (items.length < 2) {
    throw new DataError(
      'pairs',
      `${file}: expected at least two pairs of dialogues that share their beginning, got ${items.length} (${skipped} others were left out); check the layout`,
    );
  }
  // Dialogues with the same opening stay on one side of the split.
  const prompts = createRng(config.seed)
    .fork('split')
    .shuffle([...new Set(items.map((item) => item.prompt))]);
  const heldOut = new Set(prompts.slice(0, Math.round(prompts.length * holdout)));
  const placed = items.map((item) => ({ ...item, strata: { split: heldOut.has(item.prompt) ? 'held-out' : 'train' } }));
  const training = placed.filter((item) => item.strata.split === 'train');
  return {
    projectId: config.name,
    examples: training.flatMap((item) => item.replies.map((reply) => ({ prompt: item.prompt, reply: reply.text }))),
    trainPrompts: prompts.filter((prompt) => !heldOut.has(prompt)),
    evaluationPrompts: [...heldOut],
    imported: { items: placed, judgments, skipped },
  };
}

/** Opens the data a configuration names. */
export async function openSource(config: PipelineConfig): Promise<Source> {
  const { data } = config;
  if (data.layout === 'harbour') return harbourSource(config);
  if (data.layout === 'convincing-arguments') return argumentSource(config, data.dir);
  return dialogueSource(config, data.file, data.holdout);
}
