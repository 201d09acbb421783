import { CHALLENGES, type Finding, NO_PROBE, reasonText } from '../audit/index.ts';
import type { Check, Disclosure } from '../disclosure/index.ts';
import { table, visibleLine } from '../report/index.ts';
import type { Accuracy, RewardEvaluation } from '../reward/index.ts';

export const figure = (value: number | null | undefined) =>
  value === null || value === undefined ? '–' : value.toFixed(3);
export const range = (r: { low: number; high: number } | null | undefined) =>
  r ? `${figure(r.low)} to ${figure(r.high)}` : '–';
/** Why a probe could not assess, and what it would take. */
const whyNot = ({ because, details }: Finding): string =>
  because === 'missing-evidence' && Array.isArray(details.missing)
    ? `needs ${details.missing.join(', ')}`
    : reasonText(because);

export function findingsText(findings: readonly Finding[]): string {
  const assessed = findings.filter((f) => f.verdict !== 'not-assessed');
  const rest = findings.filter((f) => f.verdict === 'not-assessed');
  const rows = assessed.map((f) => [
    f.challenge,
    f.verdict,
    figure(f.estimate),
    range(f.interval),
    String(f.n),
    f.probe,
    CHALLENGES[f.challenge].title,
  ]);
  const missing = rest.map((f) => (f.probe === NO_PROBE ? f.challenge : `${f.challenge} (${f.probe}: ${whyNot(f)})`));
  return [
    table([['id', 'verdict', 'estimate', '95 % interval', 'n', 'probe', 'challenge'], ...rows]),
    visibleLine(`not assessed (which is no pass): ${missing.join(', ')}`),
  ].join('\n');
}

export function disclosureText({ items }: Disclosure): string {
  const statusOf = ({ status, basis }: Disclosure['items'][number]) =>
    basis === 'configuration' ? `${status} by configuration` : status;
  return table(items.map((item) => [item.id, statusOf(item), item.title]));
}

export function rewardText(e: RewardEvaluation): string {
  const accuracy = (a: Accuracy | null) =>
    a === null ? 'order not recorded' : `${figure(a.accuracy)} (95 %: ${range(a.interval)}; n ${a.n})`;
  const strata = Object.entries(e.byStratum).flatMap(([name, values]) =>
    Object.entries(values).map(([value, own]) => [`${name}: ${value}`, accuracy(own)]),
  );
  const groups = Object.entries(e.byRaterGroup ?? {}).map(([group, own]) => [`raters: ${group}`, accuracy(own)]);
  return table([
    ['pairs', `${e.overall.n} decided of ${e.overall.judgments} judgments, ${e.ties} ties counted apart`],
    ['accuracy', accuracy(e.overall)],
    ['length only', accuracy(e.baselines.lengthOnly)],
    ['position only', accuracy(e.baselines.positionOnly)],
    ['constant', figure(e.baselines.constant)],
    ['margin over length', `${figure(e.marginOverLength.value)} (95 %: ${range(e.marginOverLength.interval)})`],
    ['calibration error', figure(e.ece)],
    [
      'calibration slope',
      `${figure(e.calibrationSlope)} (95 %: ${range(e.calibrationSlopeInterval)}; 1 is calibrated)`,
    ],
    ['log loss', figure(e.logLoss)],
    ...strata,
    ...groups,
  ]);
}

/** A check on its line, whatever its name and detail hold: they come from the files that are checked. */
export const checkLine = ({ ok, name, detail }: Check): string =>
  `${ok ? '✓' : '✗'} ${visibleLine(`${name}: ${detail}`)}`;

export function checksText(checks: readonly Check[], all: boolean): string {
  const failed = checks.filter((check) => !check.ok);
  const lines = (all ? checks : failed).map(checkLine);
  return [...lines, `${checks.length - failed.length} of ${checks.length} checks passed`].join('\n');
}
