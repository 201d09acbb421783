import { distinctReplies } from '../audit/index.ts';
import type { Disclosure, ReportData } from '../disclosure/index.ts';
import { own } from '../run/index.ts';
import { createRng, mean } from '../stats/index.ts';
import type { PipelineConfig } from './config.ts';
import { curves, pathsNote } from './curves.ts';
import { type EvaluatedPrompt, figuresOf } from './evaluation.ts';
import type { MetricsRow } from './metrics.ts';
import { ratersKnown } from './results.ts';
import { RUN_FILES } from './run-folder.ts';
import type { RunResults } from './run-results.ts';
import type { PolicyPath } from './stages/policy.ts';
import { summaryRows } from './summary.ts';

/** The most raters that the report shows at once. */
const MOST_RATERS = 30;

type Ends = Readonly<Record<'base' | 'policy', readonly EvaluatedPrompt[]>>;

/** First and last policy on the held-out prompts of the training distribution. */
function endsOf({ first, last }: PolicyPath): Ends {
  const held = (prompts: readonly EvaluatedPrompt[]) => prompts.filter(({ split }) => split === 'evaluation');
  return { base: held(first), policy: held(last) };
}

const textsOf = ({ replies }: EvaluatedPrompt) => replies.map(({ text }) => text);
const words = (text: string) => text.split(/\s+/).filter((w) => w !== '').length;

/** The same histogram of the base and the final policy. */
const histogram = (ends: Ends, valuesOf: (prompt: EvaluatedPrompt) => readonly number[]) =>
  (['base', 'policy'] as const).map((name) => ({ name, values: ends[name].flatMap(valuesOf) }));

function policySections(
  main: PolicyPath | undefined,
): Pick<ReportData, 'rewardHistogram' | 'lengthHistogram' | 'diversity'> {
  if (main === undefined) return { rewardHistogram: [], lengthHistogram: [], diversity: [] };
  const ends = endsOf(main);
  const distinct = (prompts: readonly EvaluatedPrompt[]) => mean(prompts.map((p) => distinctReplies(textsOf(p))));
  const entropy = (prompts: readonly EvaluatedPrompt[]) => figuresOf(prompts, 'evaluation').entropy;
  const both = (label: string, measure: (prompts: readonly EvaluatedPrompt[]) => number) => ({
    label,
    base: measure(ends.base),
    policy: measure(ends.policy),
  });
  return {
    rewardHistogram: histogram(ends, ({ scored }) => scored.proxy),
    lengthHistogram: histogram(ends, (prompt) => textsOf(prompt).map(words)),
    diversity: [
      both('Replies’ worth of distinct n-grams among those of a prompt', distinct),
      both('Entropy, nats per reply', entropy),
    ],
  };
}

function raterSection(results: RunResults): Pick<ReportData, 'raters' | 'raterNote'> {
  if (!ratersKnown(results)) return { raters: [], raterNote: 'The data do not say who judged.' };
  const raters = results.feedback.report.raterTable.flatMap(({ raterId, accuracy, flags }) =>
    'value' in accuracy ? [{ raterId, accuracy, flags }] : [],
  );
  const few = raters.length <= MOST_RATERS;
  const shown = few ? raters : raters.filter((row) => row.flags.length > 0).slice(0, MOST_RATERS);
  return {
    raters: [...shown]
      .sort((a, b) => (a.raterId < b.raterId ? -1 : 1))
      .map(({ raterId, accuracy, flags }) => ({
        name: raterId.replace('rater-', ''),
        value: accuracy.value,
        low: accuracy.interval.low,
        high: accuracy.interval.high,
        flagged: flags.length > 0,
      })),
    raterNote: `Expected share of right answers by Dawid–Skene, which assumes independent errors. Squares are flagged for a person to look at; nothing was removed. ${shown.length} of ${raters.length} raters shown${few ? '' : ': those with a flag'}.`,
  };
}

function sampleSection(
  config: PipelineConfig,
  main: PolicyPath | undefined,
): Pick<ReportData, 'samples' | 'samplesNote'> {
  if (main === undefined) return { samples: [], samplesNote: 'No policy was trained in this run.' };
  if (config.data.layout !== 'ground') {
    const samplesNote = `Not printed: text of people may offend. The replies are in ${RUN_FILES.policyEvaluation}.`;
    return { samples: [], samplesNote };
  }
  const ends = endsOf(main);
  return {
    samples: ends.base.slice(0, 6).map((prompt, i) => {
      const after = ends.policy[i]!;
      const [goldBefore, goldAfter] = [prompt.scored.gold?.[0] ?? 0, after.scored.gold?.[0] ?? 0];
      return {
        prompt: prompt.prompt,
        before: prompt.replies[0]!.text,
        after: after.replies[0]!.text,
        note: `gold ${goldBefore.toFixed(1)} → ${goldAfter.toFixed(1)}`,
      };
    }),
    samplesNote: 'The first replies drawn for some prompts, not selected.',
  };
}

const CURVES = { 'objective/scores': 'reward of samples', 'objective/kl': 'KL to base' } as const;

/** Curves of the main optimisation, as far as its algorithm reports them. */
const trainingSection = (rows: readonly MetricsRow[]): ReportData['training'] =>
  Object.entries(CURVES).flatMap(([key, name]) => {
    const points = rows.flatMap(({ step, metrics }) =>
      typeof own(metrics, key) === 'number' ? [{ x: step, y: own(metrics, key)! }] : [],
    );
    return points.length === 0 ? [] : [{ name, points }];
  });

/** Everything the HTML report shows. */
export function reportData(
  config: PipelineConfig,
  results: RunResults,
  rest: {
    readonly disclosure: Disclosure;
    readonly command: string;
    readonly versions: Readonly<Record<string, string>>;
    /** What the main optimisation said step by step. */
    readonly training: readonly MetricsRow[];
  },
): ReportData {
  const { evaluation, paths, findings, rates } = results;
  const { uniform } = createRng(config.seed).fork('report');
  const [main] = paths;
  return {
    name: config.name,
    summary: summaryRows(results),
    pathsNote: pathsNote(results),
    paths: curves(results, uniform),
    ...policySections(main),
    ...raterSection(results),
    calibration: evaluation.bins
      .filter((bin) => bin.count > 0)
      .map((bin) => ({ x: bin.meanPrediction, y: bin.meanOutcome, n: bin.count })),
    training: trainingSection(rest.training),
    findings,
    rates,
    ...sampleSection(config, main),
    disclosure: rest.disclosure,
    reproduce: { command: rest.command, config, versions: rest.versions },
  };
}
