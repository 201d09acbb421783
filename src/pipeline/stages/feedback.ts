import { existsSync, statSync } from 'node:fs';
import { z } from 'zod';
import {
  type Item,
  itemSchema,
  type Judgment,
  judgmentSchema,
  type RaterProfile,
  raterProfileSchema,
} from '../../feedback/index.ts';
import { type FeedbackReport, feedbackReport } from '../../quality/index.ts';
import { readJson, readJsonLines } from '../../run/node.ts';
import { createRng } from '../../stats/index.ts';
import { comparisonItems, type GroundPrompt, raterPool } from '../../world/index.ts';
import { askPairs, candidatePairs } from '../ask.ts';
import { collected } from '../collected.ts';
import type { PipelineConfig } from '../config.ts';
import { itemLabels } from '../labels.ts';
import { atRound, inRound, type Place, pathIn, type RunContext, writeRunJson, writeRunLines } from '../run-context.ts';
import { RUN_FILES } from '../run-folder.ts';
import { snapshotReads, withSnapshot } from '../snapshot.ts';
import { splitPrompts } from '../sources/index.ts';
import { DATA, nameInRound, type Recomputed, type Stage } from '../stage.ts';

export interface Feedback {
  readonly items: readonly Item[];
  readonly judgments: readonly Judgment[];
  readonly raters: readonly RaterProfile[];
  readonly report: FeedbackReport;
  /** Group by rater id, for raters who have one; undefined where nothing about the raters was recorded. */
  readonly groups: ReadonlyMap<string, string> | undefined;
}
type Records = Pick<Feedback, 'items' | 'judgments' | 'raters'>;

/** What raters said of themselves by which the evaluation is divided. */
const groupAttribute = ({ data }: Pick<PipelineConfig, 'data'>): string =>
  data.layout === 'ground' ? 'group' : data.groups;

function groupsOf(raters: readonly RaterProfile[], attribute: string): Feedback['groups'] {
  const groups = new Map<string, string>();
  for (const { id, demographics } of raters) {
    if (demographics !== undefined && Object.hasOwn(demographics, attribute)) groups.set(id, demographics[attribute]!);
  }
  return groups.size > 0 ? groups : undefined;
}

async function readRows<T>(path: string, schema: Parameters<typeof readJsonLines<T>>[1]): Promise<T[]> {
  const rows: T[] = [];
  if (!existsSync(path) || statSync(path).size === 0) return rows;
  for await (const row of readJsonLines(path, schema)) rows.push(row);
  return rows;
}

/** Who was asked what, and what was answered. */
export const FEEDBACK_FILES = [RUN_FILES.items, RUN_FILES.judgments, RUN_FILES.raters];

async function loadRecords(place: Place): Promise<Records> {
  return {
    items: await readRows<Item>(pathIn(place, RUN_FILES.items), itemSchema),
    judgments: await readRows<Judgment>(pathIn(place, RUN_FILES.judgments), judgmentSchema),
    raters: await readRows<RaterProfile>(pathIn(place, RUN_FILES.raters), raterProfileSchema),
  };
}

/** What a round's files hold about its feedback. */
export async function loadFeedback(place: Place): Promise<Feedback> {
  const records = await loadRecords(place);
  const report = readJson(pathIn(place, RUN_FILES.feedbackReport)) as FeedbackReport;
  return { ...records, report, groups: groupsOf(records.raters, groupAttribute(place.config)) };
}

/** What follows from the records of a round, by file; pure, so that a verifier gets the same. */
export function feedbackFigures({ items, judgments, raters }: Records, { seed }: Pick<PipelineConfig, 'seed'>) {
  return {
    labels: itemLabels(items, judgments),
    collected: collected(items, judgments, raters),
    report: feedbackReport(items, judgments, { seed }),
  };
}

/** Simulated feedback carries a clock that counts judgments, so that the same seed gives the same bytes. */
function simulatedClock(from: number) {
  let second = from;
  return () => new Date(Date.UTC(2026, 0, 1) + 1000 * second++).toISOString();
}

const SAMPLED_AT_ONCE = 64;

/** Pairs of replies of the policy that is asked about: the base model's first, then the last round's. */
async function sampledPairs(
  context: RunContext,
  prompts: readonly GroundPrompt[],
  own: { readonly name: string; readonly seed: number },
): Promise<Item[]> {
  const { config, source, progress } = context;
  const stage = nameInRound(context, 'feedback');
  return withSnapshot(context, async ({ sampler, codec, limits, origin, sampling }) => {
    const items = await comparisonItems({
      ground: source.ground!,
      prompts,
      count: candidatePairs(config.feedback!),
      offTopic: config.feedback!.offTopic,
      rng: createRng(config.seed).fork(own.name),
      projectId: source.projectId,
      origin,
      replies: async (asked) => {
        const texts: string[][] = [];
        for (let at = 0; at < asked.length; at += SAMPLED_AT_ONCE) {
          const encoded = asked.slice(at, at + SAMPLED_AT_ONCE).map((p) => codec.encodePrompt(p.text));
          const settings = { n: 2, maxTokens: limits.maxReply, stop: codec.stop, seed: own.seed + at };
          const groups = await sampler.sample(encoded, settings);
          texts.push(...groups.map((group) => group.map((s) => codec.decodeReply(s.tokens))));
          progress({ stage, done: texts.length, total: asked.length, unit: 'pairs' });
        }
        return texts;
      },
    });
    return items.map((item) => ({ ...item, source: { ...item.source, sampling } }));
  });
}

/** Ids that no other round gives. */
const named = (items: readonly Item[], round: number): Item[] =>
  round === 1
    ? [...items]
    : items.map((item) => ({
        ...item,
        id: `round-${round}/${item.id}`,
        replies: item.replies.map((reply) => ({ ...reply, id: `round-${round}/${reply.id}` })),
      }));

/** Asks simulated raters about the latest policy; what earlier rounds collected stays. */
async function simulate(context: RunContext): Promise<Records> {
  const { config, source, round } = context;
  const feedback = config.feedback!;
  const ground = source.ground!;
  const name = round === 1 ? 'feedback' : `feedback/${round}`;
  const rng = createRng(config.seed).fork(name);
  // A poisoner acts on a phrase: without prompts that hold it, nothing would be planted.
  const phrases = (feedback.raters.poisoner ?? 0) > 0 ? ground.prompts('train', { trigger: true }) : [];
  const prompts = [
    ...ground.prompts('train'),
    ...createRng(config.seed).fork('feedback').fork('trigger').shuffle(phrases).slice(0, 12),
  ];
  const texts = prompts.map(({ text }) => text);
  const { held } = splitPrompts(texts, { share: feedback.holdout, seed: config.seed, where: ground.id });
  const candidates = await sampledPairs(context, prompts, { name, seed: config.seed + 100_003 * (round - 1) });
  const before: Records =
    round === 1 ? { items: [], judgments: [], raters: [] } : await loadRecords(atRound(context, round - 1));
  const { raters } = raterPool(ground, feedback.raters);
  const profiles = raters.map(
    ({ id, kind, group }): RaterProfile => ({ id, kind, ...(group !== undefined && { demographics: { group } }) }),
  );
  const panel = { raters, rng, now: simulatedClock(before.judgments.length), held: new Set(held) };
  const asked = await askPairs(named(candidates, round), { ...config, feedback }, panel);
  return {
    items: [...before.items, ...asked.items],
    judgments: [...before.judgments, ...asked.judgments],
    raters: profiles,
  };
}

async function run(context: RunContext): Promise<void> {
  const { config, source, progress } = context;
  const records = source.judged ?? (await simulate(context));
  const total = records.judgments.length;
  const stage = nameInRound(context, 'quality');
  progress({ stage, done: 0, total, unit: 'judgments' });
  writeRunLines(context, RUN_FILES.items, records.items);
  writeRunLines(context, RUN_FILES.judgments, records.judgments);
  writeRunLines(context, RUN_FILES.raters, records.raters);
  const figures = feedbackFigures(records, config);
  writeRunLines(context, RUN_FILES.labels, figures.labels);
  writeRunJson(context, RUN_FILES.collected, figures.collected);
  writeRunJson(context, RUN_FILES.feedbackReport, figures.report);
  progress({ stage, done: total, total, unit: 'judgments' });
}

async function recompute(place: Place): Promise<Recomputed[]> {
  const { items, judgments, raters, report } = await loadFeedback(place);
  const again = feedbackFigures({ items, judgments, raters }, place.config);
  const file = (name: string) => inRound(place, name);
  return [
    { name: file(RUN_FILES.feedbackReport), stored: report, again: again.report },
    {
      name: file(RUN_FILES.collected),
      stored: readJson(pathIn(place, RUN_FILES.collected)),
      again: again.collected,
    },
    {
      name: file(RUN_FILES.labels),
      stored: await readRows(pathIn(place, RUN_FILES.labels), z.unknown()),
      again: again.labels,
    },
  ];
}

/** Step 1: judgments, as they are or of simulated raters, written down whole, with their labels and quality report. */
export const feedback: Stage = {
  name: 'feedback',
  reads: (place) => [
    DATA,
    ...(place.config.feedback === undefined ? [] : snapshotReads(place)),
    ...(place.round === 1
      ? []
      : [RUN_FILES.items, RUN_FILES.judgments].map((file) => inRound(atRound(place, place.round - 1), file))),
  ],
  writes: (context) =>
    [
      RUN_FILES.items,
      RUN_FILES.judgments,
      RUN_FILES.raters,
      RUN_FILES.labels,
      RUN_FILES.collected,
      RUN_FILES.feedbackReport,
    ].map((file) => inRound(context, file)),
  run,
  recompute,
};
