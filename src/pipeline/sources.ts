import { NO_SHARED_START } from '../exchange/index.ts';
import { readLayout, rejectText } from '../exchange/node.ts';
import type { Item, Judgment } from '../feedback/index.ts';
import type { PolicyPrompt, ScoreFunction } from '../policy/index.ts';
import { DataError } from '../run/index.ts';
import { createRng } from '../stats/index.ts';
import { GROUNDS, type Ground } from '../world/index.ts';
import type { PipelineConfig } from './config.ts';

/** A prompt, and what it is for. */
export type RunPrompt = PolicyPrompt & { readonly split: string };

/** Where a run's prompts, texts and judgments come from. */
export interface Source {
  readonly projectId: string;
  /** Prompt and reply texts to train a base model on. */
  readonly examples: readonly { prompt: string; reply: string }[];
  readonly trainPrompts: readonly RunPrompt[];
  readonly evaluationPrompts: readonly RunPrompt[];
  /** Judgments that exist already; without them raters are simulated. */
  readonly imported?: {
    readonly items: readonly Item[];
    readonly judgments: readonly Judgment[];
    readonly skipped: number;
  };
  /** The proving ground, where there is one, and its true utility. */
  readonly world?: Ground;
  readonly gold?: ScoreFunction;
}

function harbourSource(config: PipelineConfig): Source {
  const world = GROUNDS.harbour();
  return {
    projectId: config.name,
    examples: world.corpus(config.base?.examples ?? 1, createRng(config.seed).fork('corpus')),
    trainPrompts: world.prompts('train'),
    evaluationPrompts: createRng(config.seed).fork('evaluation-prompts').shuffle(world.prompts('evaluation')),
    world,
    gold: async ({ text }, replies) => {
      const prompt = world.promptOf(text);
      return replies.map((reply) => ({ mean: prompt === undefined ? Number.NaN : world.gold(prompt, reply) }));
    },
  };
}

/** Items and judgments of a file or folder; a row that is no row of the layout ends the run, but for those `skip` allows. */
async function imported(layout: 'ukp' | 'hh-rlhf', path: string, projectId: string, skip: readonly string[] = []) {
  const { items, judgments, rejected } = await readLayout({ layout, path, projectId });
  const bad = rejected.find(({ reason }) => !skip.includes(reason));
  if (bad !== undefined) throw new DataError('row', `${rejectText(bad)}; mend or drop the row`);
  return { items, judgments, skipped: rejected.length };
}

async function argumentSource(config: PipelineConfig, dir: string): Promise<Source> {
  const { items, judgments, skipped } = await imported('ukp', dir, config.name);
  if (judgments.length === 0)
    throw new DataError('votes', `${dir}: expected votes in assignments, got none; collect some first`);
  const topics = new Set(items.map((item) => item.strata?.topic));
  if (topics.size < 2) {
    throw new DataError(
      'topics',
      `${dir}: expected two topics or more, each left out in turn, got ${topics.size}; add a topic`,
    );
  }
  return {
    projectId: config.name,
    examples: [],
    trainPrompts: [],
    evaluationPrompts: [],
    imported: { items, judgments, skipped },
  };
}

/** Prompts of dialogues are told apart by their text. */
const promptIn =
  (split: string) =>
  (text: string): RunPrompt => ({ id: text, text, split });

async function dialogueSource(config: PipelineConfig, file: string, holdout: number): Promise<Source> {
  const { items, judgments, skipped } = await imported('hh-rlhf', file, config.name, [NO_SHARED_START]);
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
    trainPrompts: prompts.filter((prompt) => !heldOut.has(prompt)).map(promptIn('train')),
    evaluationPrompts: [...heldOut].map(promptIn('evaluation')),
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
