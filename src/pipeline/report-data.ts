import { distinctReplies } from '../audit/index.ts';
import type { Disclosure, ReportData } from '../disclosure/index.ts';
import { own } from '../run/index.ts';
import { bootstrap, createRng, mean, standardDeviation, type Uniform } from '../stats/index.ts';
import type { BestOfCurve } from './best-of-stage.ts';
import type { PipelineConfig } from './config.ts';
import type { Audit } from './evidence-stage.ts';
import type { ExactCurve } from './exact-stage.ts';
import type { Feedback } from './feedback-stage.ts';
import type { PolicyPath } from './policy-stage.ts';
import { ratersKnown } from './results.ts';
import type { StoredEvaluation } from './reward-evaluation.ts';
import { RUN_FILES } from './run-folder.ts';

export interface RunResults {
  readonly feedback: Feedback;
  readonly evaluation: StoredEvaluation;
  readonly path: PolicyPath | undefined;
  readonly bestOf: BestOfCurve | undefined;
  readonly exact: ExactCurve | undefined;
  readonly audit: Audit;
}

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const range = ({ low, high }: { low: number; high: number }) => `${low.toFixed(3)} to ${high.toFixed(3)}`;

/** Mean and deviation of a score over all replies of the first evaluation: the unit of the curves. */
function unitOf(path: PolicyPath, name: 'proxy' | 'gold') {
  const values = path.first.prompts.flatMap((prompt) => prompt.scored[name] ?? []);
  return { centre: mean(values), scale: standardDeviation(values) || 1 };
}

function curves(results: RunResults, uniform: Uniform): ReportData['paths'] {
  const { path, bestOf, exact } = results;
  if (path === undefined) return [];
  const series = (
    name: string,
    key: 'proxy' | 'gold',
    points: readonly { kl: number; proxy: readonly number[]; gold?: readonly number[] }[],
  ) => {
    const unit = unitOf(path, key);
    return {
      name,
      points: points.map((point) => {
        const values = point[key]!.map((v) => (v - unit.centre) / unit.scale);
        const { low, high } = bootstrap(values, mean, { uniform, replicates: 200 });
        return { x: Math.sqrt(Math.max(0, point.kl)), y: mean(values), low, high };
      }),
    };
  };
  const known = path.points.every((point) => point.gold !== undefined);
  return [
    series(`proxy, ${path.method}`, 'proxy', path.points),
    ...(known ? [series(`gold, ${path.method}`, 'gold', path.points)] : []),
    ...(bestOf === undefined
      ? []
      : [
          series('proxy, best of n (KL at most)', 'proxy', bestOf.points),
          ...(known ? [series('gold, best of n (KL at most)', 'gold', bestOf.points)] : []),
        ]),
    ...(exact === undefined || exact.listedMass < LEAST_MASS
      ? []
      : [
          series(`proxy, exact optimum (${exact.prompts} prompts)`, 'proxy', exact.points),
          series(`gold, exact optimum (${exact.prompts} prompts)`, 'gold', exact.points),
        ]),
  ];
}

/** Below this share of the base model's probability on listed replies, sums over them say nothing about it. */
const LEAST_MASS = 0.5;

/** What the curves show, and what they cannot. */
function pathsNote({ path, bestOf, exact }: RunResults): string {
  if (path === undefined) return 'No policy was optimised in this run.';
  const known = path.points[0]?.gold !== undefined;
  const units =
    'in deviations of the base policy’s replies from their mean, against the square root of KL from the base policy';
  return [
    known
      ? `Reward of the model that was optimised (proxy) and true utility (gold), both ${units}.`
      : `Reward of the model that was optimised, ${units}. True utility is not known for these data, so nothing here shows whether the policy became better.`,
    'Whiskers: 95 % bootstrap over prompts.',
    bestOf === undefined
      ? ''
      : 'Best of n is drawn from the base policy, at the upper bound ln n − (n − 1)/n of its KL.',
    exact === undefined
      ? ''
      : exact.listedMass < LEAST_MASS
        ? `The exact optimum is not drawn: the listed replies hold only ${percent(exact.listedMass)} of the base model’s probability.`
        : `The exact optimum is the KL-regularised tilt over the listed replies, which hold ${percent(exact.listedMass)} of the base model’s probability.`,
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

/** One-screen summary: label and value. */
export function summaryRows(results: RunResults): { label: string; value: string }[] {
  const { feedback, evaluation, path, bestOf, exact, audit } = results;
  const { report } = feedback;
  const alpha = report.alphaNominal;
  const flagged = report.raterTable.filter((row) => row.flags.length > 0).length;
  const who = ratersKnown(results)
    ? `by ${report.raters} raters (${flagged} flagged)`
    : 'by raters who were not released';
  const rows = [
    {
      label: 'Judgments',
      value: `${report.judgments} ${who} on ${report.items} pairs${report.unscored === 0 ? '' : `; ${report.unscored} without a preference`}`,
    },
    {
      label: 'Agreement (Krippendorff α)',
      value:
        'value' in alpha
          ? `${alpha.value.toFixed(3)}${alpha.interval === null ? '' : ` (95 %: ${range(alpha.interval)})`}`
          : `undefined: ${alpha.undefined}`,
    },
    {
      label: 'Reward accuracy, held out',
      value: `${percent(evaluation.overall.accuracy)} (95 %: ${range(evaluation.overall.interval)}; n = ${evaluation.overall.n}; length only ${percent(evaluation.baselines.lengthOnly.accuracy)})`,
    },
    {
      label: 'Reward calibration',
      value: `ECE ${evaluation.ece.toFixed(3)}, slope ${evaluation.calibrationSlope.toFixed(2)}${evaluation.onVotes === null ? '' : ` on gold; ECE ${evaluation.onVotes.ece.toFixed(3)} on single votes`}`,
    },
  ];
  if (report.gold.majority !== null && report.gold.dawidSkene !== null) {
    rows.splice(2, 0, {
      label: 'Labels equal gold',
      value: `majority ${percent(report.gold.majority.share)}, Dawid–Skene ${percent(report.gold.dawidSkene.share)} of ${report.gold.items} pairs; ${report.gold.without} pairs have no gold`,
    });
  }
  if (path !== undefined) {
    const [first, last] = [path.points[0]!, path.points.at(-1)!];
    rows.push(
      {
        label: 'Policy',
        value: `KL ${last.kl.toFixed(2)} nats after ${last.step} steps; ${first.meanTokens.toFixed(1)} → ${last.meanTokens.toFixed(1)} tokens a reply`,
      },
      { label: 'Proxy reward', value: `${mean(first.proxy).toFixed(2)} → ${mean(last.proxy).toFixed(2)}` },
      {
        label: 'Gold reward',
        value:
          last.gold === undefined
            ? 'unknown for these data'
            : `${mean(first.gold!).toFixed(2)} → ${mean(last.gold).toFixed(2)}`,
      },
    );
  }
  const top = bestOf?.points.at(-1);
  if (top !== undefined) {
    rows.push({
      label: `Best of ${top.n} instead`,
      value: `proxy ${mean(top.proxy).toFixed(2)}${top.gold === undefined ? '' : `, gold ${mean(top.gold).toFixed(2)}`} at KL ≤ ${top.kl.toFixed(2)} nats`,
    });
  }
  if (exact !== undefined)
    rows.push({ label: 'Base model on listed replies', value: `${percent(exact.listedMass)} of its probability` });
  const verdicts = new Map<string, number>();
  for (const { verdict } of audit.findings) verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
  rows.push({ label: 'Findings', value: [...verdicts].map(([verdict, count]) => `${count} ${verdict}`).join(', ') });
  return rows;
}

/** Everything the HTML report shows. */
export function reportData(
  config: PipelineConfig,
  results: RunResults,
  rest: { disclosure: Disclosure; command: string; versions: Readonly<Record<string, string>> },
): ReportData {
  const { feedback, evaluation, path, audit } = results;
  const { uniform } = createRng(config.seed).fork('report');
  const scores = (e: PolicyPath['first']) => e.prompts.flatMap((prompt) => prompt.scored.proxy!);
  const texts = (e: PolicyPath['first']) => e.prompts.flatMap((prompt) => prompt.replies.map((reply) => reply.text));
  const words = (text: string) => text.split(/\s+/).filter((w) => w !== '').length;
  const raters = feedback.report.raterTable.flatMap(({ raterId, accuracy, flags }) =>
    ratersKnown(results) && 'value' in accuracy ? [{ raterId, accuracy, flags }] : [],
  );
  const shown = (raters.length <= 30 ? [...raters] : raters.filter((row) => row.flags.length > 0).slice(0, 30)).sort(
    (a, b) => (a.raterId < b.raterId ? -1 : 1),
  );
  const metric = (name: string, key: string) => ({
    name,
    points: (path?.metrics ?? []).map((m) => ({ x: m.step, y: own(m.metrics, key)! })),
  });
  const perPrompt = (e: PolicyPath['first']) =>
    mean(e.prompts.map((p) => distinctReplies(p.replies.map((r) => r.text))));
  const printable = config.data.layout === 'harbour';
  return {
    name: config.name,
    summary: summaryRows(results),
    pathsNote: pathsNote(results),
    paths: curves(results, uniform),
    rewardHistogram:
      path === undefined
        ? []
        : [
            { name: 'base', values: scores(path.first) },
            { name: 'policy', values: scores(path.last) },
          ],
    raters: shown.map(({ raterId, accuracy, flags }) => ({
      name: raterId.replace('rater-', ''),
      value: accuracy.value,
      low: accuracy.interval.low,
      high: accuracy.interval.high,
      flagged: flags.length > 0,
    })),
    raterNote: !ratersKnown(results)
      ? 'The data do not say who judged.'
      : `Expected share of right answers by Dawid–Skene, which assumes independent errors. Squares are flagged for a person to look at; nothing was removed. ${shown.length} of ${raters.length} raters shown${shown.length < raters.length ? ': those with a flag' : ''}.`,
    lengthHistogram:
      path === undefined
        ? []
        : [
            { name: 'base', values: texts(path.first).map(words) },
            { name: 'policy', values: texts(path.last).map(words) },
          ],
    diversity:
      path === undefined
        ? []
        : [
            {
              label: 'Replies’ worth of distinct n-grams among those of a prompt',
              base: perPrompt(path.first),
              policy: perPrompt(path.last),
            },
            { label: 'Entropy, nats per reply', base: path.first.entropy, policy: path.last.entropy },
          ],
    calibration: evaluation.bins
      .filter((bin) => bin.count > 0)
      .map((bin) => ({ x: bin.meanPrediction, y: bin.meanOutcome, n: bin.count })),
    training:
      path === undefined ? [] : [metric('reward of samples', 'objective/scores'), metric('KL to base', 'objective/kl')],
    findings: audit.findings,
    rates: audit.rates,
    samples:
      !printable || path === undefined
        ? []
        : path.first.prompts.slice(0, 6).map((prompt, i) => ({
            prompt: prompt.prompt.text,
            before: prompt.replies[0]!.text,
            after: path.last.prompts[i]!.replies[0]!.text,
            note: `gold ${(prompt.scored.gold?.[0] ?? 0).toFixed(1)} → ${(path.last.prompts[i]!.scored.gold?.[0] ?? 0).toFixed(1)}`,
          })),
    samplesNote:
      path === undefined
        ? 'No policy was trained in this run.'
        : printable
          ? 'The first replies drawn for some prompts, not selected.'
          : `Not printed: text of real dialogues may offend. The replies are in ${RUN_FILES.policyEvaluation}.`,
    disclosure: rest.disclosure,
    reproduce: { command: rest.command, config, versions: rest.versions },
  };
}
