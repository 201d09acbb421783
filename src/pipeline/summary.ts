import { mean } from '../stats/index.ts';
import { figuresBySplit } from './evaluation.ts';
import { ratersKnown } from './results.ts';
import type { RunResults } from './run-results.ts';
import { finalPoint, type PolicyPath } from './stages/policy.ts';

export interface SummaryRow {
  readonly label: string;
  readonly value: string;
}

export const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const range = ({ low, high }: { low: number; high: number }) => `${low.toFixed(3)} to ${high.toFixed(3)}`;
const arrow = (before: readonly number[], after: readonly number[]) =>
  `${mean(before).toFixed(2)} → ${mean(after).toFixed(2)}`;

function feedbackRows({ feedback, collected }: RunResults): SummaryRow[] {
  const { report } = feedback;
  const alpha = report.alphaNominal;
  const flagged = report.raterTable.filter((row) => row.flags.length > 0).length;
  const who = ratersKnown({ feedback })
    ? `by ${report.raters} raters (${flagged} flagged)`
    : 'by raters who were not released';
  const unscored = report.unscored === 0 ? '' : `; ${report.unscored} without a preference`;
  const judgments = Object.values(collected.judgments).reduce((a, b) => a + b, 0);
  const other = judgments - report.judgments;
  return [
    {
      label: 'Judgments',
      value: `${report.judgments} ${who} on ${report.items} pairs${unscored}${other === 0 ? '' : `; ${other} of other kinds`}`,
    },
    {
      label: 'Agreement (Krippendorff α)',
      value:
        'value' in alpha
          ? `${alpha.value.toFixed(3)}${alpha.interval === null ? '' : ` (95 %: ${range(alpha.interval)})`}`
          : `undefined: ${alpha.undefined}`,
    },
    ...(report.gold.majority === null || report.gold.dawidSkene === null
      ? []
      : [
          {
            label: 'Labels equal gold',
            value: `majority ${percent(report.gold.majority.share)}, Dawid–Skene ${percent(report.gold.dawidSkene.share)} of ${report.gold.items} pairs; ${report.gold.without} pairs have no gold`,
          },
        ]),
  ];
}

function leftOutRows({ data: { leftOut } }: RunResults): SummaryRow[] {
  if (leftOut === null) return [];
  const { withdrawn, withoutConsent } = leftOut;
  const parts = [
    ...(withdrawn.judgments > 0 ? [`${withdrawn.judgments} that ${withdrawn.raters} raters withdrew`] : []),
    ...(withoutConsent.judgments > 0
      ? [`${withoutConsent.judgments} of ${withoutConsent.raters} raters without consent`]
      : []),
  ];
  return parts.length === 0 ? [] : [{ label: 'Judgments not used', value: parts.join('; ') }];
}

function rewardRows({ evaluation }: RunResults): SummaryRow[] {
  const { overall, baselines, ece, calibrationSlope, onVotes } = evaluation;
  return [
    {
      label: 'Reward accuracy, held out',
      value: `${percent(overall.accuracy)} (95 %: ${range(overall.interval)}; n = ${overall.n}; length only ${percent(baselines.lengthOnly.accuracy)})`,
    },
    {
      label: 'Reward calibration',
      value: `ECE ${ece.toFixed(3)}, slope ${calibrationSlope.toFixed(2)}${onVotes === null ? '' : ` on gold; ECE ${onVotes.ece.toFixed(3)} on single votes`}`,
    },
  ];
}

/** How a path went, on prompts that it was not trained on: of the training distribution, and of deployment where there are. */
function pathRows(path: PolicyPath, suffix: string): SummaryRow[] {
  const [first, last] = [path.points[0]!, finalPoint(path)];
  const { stopped, finalStep, step } = path;
  const taken =
    stopped === null
      ? `after ${step} steps`
      : `after ${finalStep} steps (stopped at ${stopped.step}: ${stopped.reason})`;
  const deployed = figuresBySplit(path.first).flatMap((before) => {
    const after = figuresBySplit(path.last).find(({ split }) => split === before.split);
    return before.split === 'deploy' && after !== undefined ? [{ before, after }] : [];
  });
  const rows = [
    {
      label: `Policy${suffix}`,
      value: `KL ${last.kl.toFixed(2)} nats ${taken}; ${first.meanTokens.toFixed(1)} → ${last.meanTokens.toFixed(1)} tokens a reply, on held-out prompts`,
    },
    { label: `Proxy reward${suffix}`, value: arrow(first.proxy, last.proxy) },
    {
      label: `Gold reward${suffix}`,
      value: first.gold === undefined ? 'unknown for these data' : arrow(first.gold, last.gold!),
    },
  ];
  for (const { before, after } of deployed) {
    const gold = before.gold === undefined ? '' : `, gold ${arrow(before.gold, after.gold!)}`;
    rows.push({ label: `On deployment prompts${suffix}`, value: `proxy ${arrow(before.proxy, after.proxy)}${gold}` });
  }
  return rows;
}

function policyRows({ paths, bestOf, exact, earlier }: RunResults): SummaryRow[] {
  const rows = earlier.map(({ round, judgments, evaluation, path }) => ({
    label: `Round ${round}`,
    value: `${judgments} judgments, reward accuracy ${percent(evaluation.overall.accuracy)}, proxy ${arrow(path.points[0]!.proxy, finalPoint(path).proxy)}`,
  }));
  for (const [i, path] of paths.entries()) rows.push(...pathRows(path, i === 0 ? '' : ` (${path.method})`));
  const top = bestOf?.points.at(-1);
  if (top !== undefined) {
    const gold = top.gold === undefined ? '' : `, gold ${mean(top.gold).toFixed(2)}`;
    rows.push({
      label: `Best of ${top.n} instead`,
      value: `proxy ${mean(top.proxy).toFixed(2)}${gold} at KL ≤ ${top.kl.toFixed(2)} nats`,
    });
  }
  if (exact !== undefined)
    rows.push({ label: 'Base model on listed replies', value: `${percent(exact.listedMass)} of its probability` });
  return rows;
}

/** One-screen summary: label and value. */
export function summaryRows(results: RunResults): SummaryRow[] {
  const verdicts = new Map<string, number>();
  for (const { verdict } of results.findings) verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
  return [
    ...feedbackRows(results),
    ...leftOutRows(results),
    ...rewardRows(results),
    ...policyRows(results),
    { label: 'Findings', value: [...verdicts].map(([verdict, count]) => `${count} ${verdict}`).join(', ') },
  ];
}
