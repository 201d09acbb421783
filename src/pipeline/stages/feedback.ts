import { feedbackReport } from '../../quality/index.ts';
import { askPeople } from '../ask-people.ts';
import { collected } from '../collected.ts';
import type { PipelineConfig } from '../config.ts';
import { type FeedbackRecords, loadRecords, NO_RECORDS } from '../feedback-records.ts';
import { itemLabels } from '../labels.ts';
import { atRound, inRound, type RunContext, writeRunJson, writeRunLines } from '../run-context.ts';
import { RUN_FILES } from '../run-folder.ts';
import {
  questionsForPeople,
  type Replies,
  type SimulatedRound,
  sameQuestions,
  simulatedFeedback,
} from '../simulated-feedback.ts';
import { snapshotName, snapshotReads, withSnapshot } from '../snapshot.ts';
import { sourceOfRun } from '../source-of-run.ts';
import { DATA, nameInRound, type Recomputed, type Stage, type VerifiedPlace } from '../stage.ts';

/** What follows from the records of a round, by file; pure, so that a verifier gets the same. */
export function feedbackFigures(
  { items, judgments, raters }: FeedbackRecords,
  { seed, data, audit }: Pick<PipelineConfig, 'seed' | 'data' | 'audit'>,
) {
  return {
    labels: itemLabels(items, judgments),
    collected: collected(items, judgments, raters, {
      wage: data.layout === 'ground' ? undefined : data.livingWage,
      population: audit.population,
    }),
    report: feedbackReport(items, judgments, { seed }),
  };
}

const SAMPLED_AT_ONCE = 64;

/** Asks people or simulated raters about pairs of replies that the latest policy gives; what earlier rounds collected stays. */
async function ask(context: RunContext): Promise<FeedbackRecords> {
  const { config, source, progress, round } = context;
  const stage = nameInRound(context, 'feedback');
  const seed = config.seed + 100_003 * (round - 1);
  const before = round === 1 ? NO_RECORDS : await loadRecords(atRound(context, round - 1));
  const people = config.feedback!.people !== undefined;
  const about = <T>(questions: (round: SimulatedRound, replies: Replies) => Promise<T>) =>
    withSnapshot(context, ({ sampler, codec, limits, origin, sampling }) =>
      questions({ config, round, source, before, origin, sampling }, async (asked) => {
        const texts: string[][] = [];
        for (let at = 0; at < asked.length; at += SAMPLED_AT_ONCE) {
          const encoded = asked.slice(at, at + SAMPLED_AT_ONCE).map((p) => codec.encodePrompt(p.text));
          const settings = { n: 2, maxTokens: limits.maxReply, stop: codec.stop, seed: seed + at };
          const groups = await sampler.sample(encoded, settings);
          texts.push(...groups.map((group) => group.map((s) => codec.decodeReply(s.tokens))));
          progress({ stage, done: texts.length, total: asked.length, unit: 'pairs' });
        }
        return texts;
      }),
    );
  return people ? askPeople(context, before, await about(questionsForPeople)) : about(simulatedFeedback);
}

async function run(context: RunContext): Promise<void> {
  const { config, source, progress } = context;
  const records = source.judged ?? (await ask(context));
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

/** What the same raters answer about the same replies; of people and of data from outside, what may be told of them. */
async function recordsAgain(place: VerifiedPlace, stored: FeedbackRecords): Promise<FeedbackRecords> {
  const { config, round, remember } = place;
  const source = await sourceOfRun(place);
  if (source.judged !== undefined) return source.judged;
  const before = round === 1 ? NO_RECORDS : await loadRecords(atRound(place, round - 1));
  const { origin, sampling } = snapshotName(place);
  return remember(['simulated', config, round, stored, before, origin, sampling], () =>
    sameQuestions({ config, round, source, before, origin, sampling }, stored),
  );
}

async function recompute(place: VerifiedPlace): Promise<Recomputed[]> {
  const stored = await loadRecords(place);
  const { seed } = place.config;
  const again = await recordsAgain(place, stored);
  const figures = await place.remember(
    ['feedback', stored, seed, place.config.data, place.config.audit.population],
    () => feedbackFigures(stored, place.config),
  );
  const file = (name: string) => inRound(place, name);
  return [
    { file: file(RUN_FILES.items), again: again.items },
    { file: file(RUN_FILES.judgments), again: again.judgments },
    { file: file(RUN_FILES.raters), again: again.raters },
    { file: file(RUN_FILES.feedbackReport), again: figures.report },
    { file: file(RUN_FILES.collected), again: figures.collected },
    { file: file(RUN_FILES.labels), again: figures.labels },
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
