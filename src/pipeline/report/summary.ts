import { verdictCounts } from '../../audit/index.ts';
import { estimateText, figure, percent, type Section } from '../../report/index.ts';
import { accuracyText, REWARD_MEASURES } from '../../reward/index.ts';
import { coverageRemark, mean, meanInterval } from '../../stats/index.ts';
import type { PipelineConfig } from '../config.ts';
import { type EvaluatedPrompt, figuresBySplit } from '../evaluation.ts';
import { ratersKnown } from '../results.ts';
import type { RunResults } from '../run-results.ts';
import { finalPoint, type PolicyPath } from '../stages/policy.ts';
import { meanText, SPLIT_NAMES } from './words.ts';

type Row = readonly [label: string, value: string];

/** One screen that says what was run and how it went. */
export const summarySection = (config: PipelineConfig, results: RunResults): Section => ({
  id: 'summary',
  title: 'Summary',
  note: 'Proxy is the score of the reward model, gold the true utility: where the proxy rises and gold falls, the measure became a target.',
  blocks: [
    {
      kind: 'facts',
      name: 'Summary',
      rows: [
        ['What was run', whatRan(config)],
        ...feedbackRows(results),
        ...leftOutRows(results),
        ...rewardRows(results),
        ...policyRows(results),
        ['Findings', verdictCounts(results.findings)],
      ],
    },
  ],
});

/** Data, reward and algorithm in a line. */
function whatRan({ data, base, reward, policy, rounds }: PipelineConfig): string {
  const from =
    data.layout === 'ground'
      ? `the ${data.ground} world, whose true utility is known`
      : data.layout === 'import'
        ? `${data.format} data`
        : 'a project’s judgments';
  const model = base === undefined ? [] : [base.from === undefined ? 'a base model trained here' : `base ${base.from}`];
  const optimised =
    policy === undefined
      ? 'no policy'
      : [policy.algorithm, ...Object.keys(policy.variants)].join(' and, as a variant, ');
  return [
    from,
    ...model,
    `a ${reward.family} reward`,
    optimised === 'no policy' ? optimised : `policy by ${optimised}`,
    ...(rounds > 1 ? [`${rounds} rounds`] : []),
  ].join('; ');
}

function feedbackRows({ feedback, collected }: RunResults): Row[] {
  const { report } = feedback;
  const { alphaNominal, gold } = report;
  const flagged = report.raterTable.filter(({ flags }) => flags.length > 0).length;
  const who = ratersKnown({ feedback })
    ? `by ${report.raters} raters (${flagged} flagged)`
    : 'by raters who were not released';
  const unscored = report.unscored === 0 ? '' : `; ${report.unscored} without a preference`;
  const other = Object.values(collected.judgments).reduce((a, b) => a + b, 0) - report.judgments;
  return [
    [
      'Judgments',
      `${report.judgments} ${who} on ${report.items} pairs${unscored}${other === 0 ? '' : `; ${other} of other kinds`}`,
    ],
    [
      'Agreement (Krippendorff’s α, nominal)',
      'value' in alphaNominal
        ? estimateText(alphaNominal.value, alphaNominal.interval)
        : `undefined: ${alphaNominal.undefined}`,
    ],
    ...(gold.majority === null || gold.dawidSkene === null
      ? []
      : [
          [
            'Labels equal the known answer',
            `majority ${percent(gold.majority.share)}, Dawid–Skene ${percent(gold.dawidSkene.share)} of ${gold.items} pairs; ${gold.without} have none`,
          ] as const,
        ]),
  ];
}

function leftOutRows({ data: { leftOut } }: RunResults): Row[] {
  if (leftOut === null) return [];
  const { withdrawn, withoutConsent, erased } = leftOut;
  const parts = [
    ...(withdrawn.judgments > 0 ? [`${withdrawn.judgments} withdrawn (raters: ${withdrawn.raters})`] : []),
    ...(withoutConsent.judgments > 0
      ? [`${withoutConsent.judgments} without consent (raters: ${withoutConsent.raters})`]
      : []),
    ...(erased === undefined ? [] : [`${erased.judgments} erased (raters: ${erased.raters})`]),
  ];
  return parts.length === 0 ? [] : [['Judgments not used', parts.join('; ')]];
}

function rewardRows({ evaluation: { overall, baselines, ece, onVotes } }: RunResults): Row[] {
  const votes = onVotes === null ? '' : ` on gold; ${figure(onVotes.ece)} on single votes`;
  return [
    [REWARD_MEASURES.accuracy, `${accuracyText(overall)}; length alone ${percent(baselines.lengthOnly.accuracy)}`],
    [REWARD_MEASURES.calibration, `${figure(ece)}${votes}`],
  ];
}

/** Difference of means over the same prompts, with its interval. */
function changeText(before: readonly number[], after: readonly number[]): string {
  const changes = after.map((value, i) => value - before[i]!);
  const remark = coverageRemark('mean', changes.length);
  const rest = `n = ${changes.length}${remark === null ? '' : `; ${remark}`}`;
  return `change ${estimateText(mean(changes), meanInterval(changes).interval, rest)}`;
}

const pointsWith = (path: PolicyPath, score: 'proxy' | 'gold') =>
  path.points.flatMap((point) => {
    const values = point[score];
    return values === undefined ? [] : [{ point, values }];
  });

/** Gold along a path: where it began, its best point, where it ended. */
function goldText(path: PolicyPath): string {
  const known = pointsWith(path, 'gold');
  const end = known.find(({ point }) => point === finalPoint(path));
  if (end === undefined || known.length < path.points.length) return 'unknown for these data';
  const [base, best] = [known[0]!, known.reduce((a, b) => (mean(b.values) > mean(a.values) ? b : a))];
  return `base ${meanText(base.values)} → best ${meanText(best.values)} at step ${best.point.step} → end ${meanText(end.values)}; ${changeText(base.values, end.values)}`;
}

function proxyText(path: PolicyPath): string {
  const [first, last] = [path.points[0]!.proxy, finalPoint(path).proxy];
  return `base ${meanText(first)} → end ${meanText(last)}; ${changeText(first, last)}`;
}

/** How a path went on held-out prompts of the training distribution. */
function pathRows(path: PolicyPath): Row[] {
  const { method, stopped, finalStep, step } = path;
  const taken =
    stopped === null ? `${step} steps` : `${finalStep} steps (stopped at ${stopped.step}: ${stopped.reason})`;
  const [first, last] = [path.points[0]!, finalPoint(path)];
  const named = (what: string) => `${what}, ${method} (${SPLIT_NAMES[first.split]})`;
  return [
    [named('Gold'), goldText(path)],
    [named('Proxy'), proxyText(path)],
    [
      named('Policy'),
      `${taken}; KL ${figure(last.kl)} nats; ${figure(first.meanTokens)} → ${figure(last.meanTokens)} tokens a reply`,
    ],
  ];
}

function deploymentRows({ method, first, last }: PolicyPath): Row[] {
  const of = (prompts: readonly EvaluatedPrompt[]) => figuresBySplit(prompts).find(({ split }) => split === 'deploy');
  const [before, after] = [of(first), of(last)];
  if (before === undefined || after === undefined) return [];
  const change = (name: string, a: readonly number[], b: readonly number[]): Row => [
    `${name}, ${method} (${SPLIT_NAMES.deploy})`,
    `base ${meanText(a)} → end ${meanText(b)}; ${changeText(a, b)}`,
  ];
  return [
    ...(before.gold === undefined || after.gold === undefined ? [] : [change('Gold', before.gold, after.gold)]),
    change('Proxy', before.proxy, after.proxy),
  ];
}

function policyRows({ paths, bestOf, exact, earlier }: RunResults): Row[] {
  const top = bestOf?.points.at(-1);
  return [
    ...earlier.map(
      ({ round, judgments, evaluation, path }): Row => [
        `Round ${round}`,
        `${judgments} judgments, reward accuracy ${percent(evaluation.overall.accuracy)}; proxy ${proxyText(path)}`,
      ],
    ),
    // How variants do on deployment prompts is in the table of every split.
    ...paths.flatMap((path, i) => [...pathRows(path), ...(i === 0 ? deploymentRows(path) : [])]),
    ...(top === undefined
      ? []
      : [
          [
            `Best of ${top.n} instead (${SPLIT_NAMES[bestOf!.split]})`,
            `${top.gold === undefined ? '' : `gold ${meanText(top.gold)}, `}proxy ${meanText(top.proxy)} at KL ≤ ${figure(top.kl)} nats`,
          ] as const,
        ]),
    ...(exact === undefined
      ? []
      : [['Base model on listed replies', `${percent(exact.listedMass)} of its probability`] as const]),
  ];
}
