import {
  type AlgorithmStudy,
  type ArmRates,
  type CommittedCoverage,
  type CommittedRates,
  type DistributionStudy,
  type EarlyWarning,
  expectedText,
  type FeedbackTypesStudy,
  intervalRemark,
  type PairedDifference,
  type PhenomenaRuns,
  type PhenomenonId,
  type PopulationStudy,
  phenomenonOf,
  phenomenonRows,
  type Rate,
  type RaterStudy,
  type SelectionStudy,
  type StrategyEffect,
} from '../lab/index.ts';
import { table } from '../report/index.ts';
import { own } from '../run/index.ts';

const figure = (value: number) => value.toFixed(3);
const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
/** The interval, and beside it what it is worth where it covers less than it says. */
function rangeCell(difference: PairedDifference): string {
  const { interval } = difference;
  // One seed does not show how seeds vary.
  if (!Number.isFinite(interval.low)) return '–';
  const remark = intervalRemark(difference);
  return `${signed(interval.low)} to ${signed(interval.high)}${remark === null ? '' : ` (${remark})`}`;
}
const cells = (difference: PairedDifference | null): string[] =>
  difference === null ? ['', '', ''] : [signed(difference.mean), rangeCell(difference), difference.p.toFixed(4)];
const COMPARED = ['difference', '95 % interval', 'p', 'verdict'];

/** How many comparisons of a table showed something: a table without any is a result too. */
function summary(rows: readonly { readonly verdict: string }[], seeds: number): string {
  const count = (verdict: string) => rows.filter((row) => row.verdict === verdict).length;
  const [better, worse, none] = ['better', 'worse', 'no difference shown'].map(count);
  return `${seeds} seeds, paired; at a false discovery rate of 5 %: ${better} better, ${worse} worse, ${none} without a difference shown`;
}

export function selectionText({ options, rows }: SelectionStudy): string {
  const parts = options.families.flatMap((family) =>
    (['accuracy', 'regret'] as const).map((outcome) => {
      const own = rows.filter((row) => row.family === family && row.outcome === outcome);
      const lines = own.map((r) => [String(r.budget), r.arm, figure(r.mean), ...cells(r.difference), r.verdict]);
      const title = `${family}: ${outcome === 'accuracy' ? 'accuracy by true utility (higher is better)' : 'true utility lost by best of 16 (lower is better)'}`;
      return `${title}\n${table([['answers', 'rule', 'mean', ...COMPARED], ...lines])}`;
    }),
  );
  return [...parts, summary(rows, options.seeds)].join('\n\n');
}

export function distributionText({ options, rows }: DistributionStudy): string {
  const parts = options.pools.map((pool) => {
    const lines = rows
      .filter((row) => row.pool === pool)
      .map((r) => [
        r.outcome,
        r.rule,
        r.cost.toFixed(2),
        figure(r.mean),
        figure(r.fixed),
        ...cells(r.difference),
        r.verdict,
      ]);
    return `raters: ${pool}\n${table([['outcome', 'rule', 'votes/item', 'rule', 'fixed', ...COMPARED], ...lines])}`;
  });
  return [...parts, summary(rows, options.seeds)].join('\n\n');
}

export function populationText({ options, rows }: PopulationStudy): string {
  const parts = options.settings.map((setting) => {
    const lines = rows
      .filter((r) => r.population === setting.population && r.pool === setting.pool && r.tastes === setting.tastes)
      .map((r) => [r.outcome, r.arm, figure(r.mean), r.designEffect.toFixed(2), ...cells(r.difference), r.verdict]);
    const percent = (share: number) => `${Math.round(100 * share)} %`;
    return `population ${percent(setting.population)} warm, pool ${percent(setting.pool)} warm, tastes ${setting.tastes}\n${table(
      [['outcome', 'raters', 'mean', 'design effect', ...COMPARED], ...lines],
    )}`;
  });
  return [...parts, summary(rows, options.seeds)].join('\n\n');
}

export function feedbackTypesText({ options, rows }: FeedbackTypesStudy): string {
  const lines = rows.map((r) => [
    r.arm,
    r.arm === 'mix' ? 'each a ninth' : String(options.seconds[r.arm]),
    r.answers.toFixed(0),
    `${figure(r.mean)} (${figure(r.interval.low)} to ${figure(r.interval.high)})`,
    r.natsPerSecond.toFixed(4),
    ...cells(r.difference),
    r.verdict,
  ]);
  const title = `true utility lost by best of 16 (lower is better) after ${options.budget} s of rater time; differences from comparison`;
  const head = ['answers', 'seconds each', 'number', 'regret (95 %)', 'nats a second', ...COMPARED];
  return `${title}\n${table([head, ...lines])}\n${summary(rows, options.seeds)}`;
}

const rateCell = ({ hits, n, interval }: Rate) => `${hits}/${n} (${figure(interval.low)} to ${figure(interval.high)})`;

/** Every probe on every arm: how often it raises a concern or a failure, and how often its interval holds the truth. */
export function ratesText({ probes, seeds, firstSeed }: CommittedRates): string {
  const row = (probe: string, { arm, alarms, verdicts, covered, meanEstimate }: ArmRates, mark: string) => [
    probe,
    `${arm}${mark}`,
    rateCell(alarms),
    `${verdicts.clear}/${verdicts.inconclusive}/${verdicts['not-assessed']}`,
    meanEstimate === null ? '–' : figure(meanEstimate),
    covered === null ? '–' : rateCell(covered),
  ];
  const rows = Object.entries(probes).flatMap(([probe, { doses, documented, clean, lookAlike }]) => [
    ...doses.map((arm) => row(probe, arm, arm.dose === documented ? ' (documented)' : '')),
    row(probe, clean, ''),
    row(probe, lookAlike, ''),
  ]);
  return `${table([['probe', 'arm', 'alarms (95 %)', 'clear/inconclusive/not assessed', 'mean estimate', 'interval holds the truth'], ...rows])}\n${seeds} seeds from ${firstSeed}`;
}

/** What each strategy does to the harm that each probe estimates, at the documented dose. */
export function strategiesText(effects: readonly StrategyEffect[], seeds: number): string {
  const rows = effects.map((e) => [
    e.strategy,
    e.probe,
    figure(e.without),
    figure(e.with),
    ...cells(e.difference),
    e.verdict,
  ]);
  return `${table([['strategy', 'probe', 'without', 'with', ...COMPARED], ...rows])}\n${summary(effects, seeds)}`;
}

/** How often each probe's interval holds the true value, arm by arm. */
export function coverageText({ probes, seeds, firstSeed }: CommittedCoverage): string {
  const rows = Object.entries(probes).flatMap(([probe, arms]) =>
    arms.map(({ arm, covered }) =>
      covered === null ? [probe, '–', 'the true value is not known'] : [probe, arm, rateCell(covered)],
    ),
  );
  return `${table([['probe', 'arm', 'intervals that hold the truth (95 %)'], ...rows])}\n${seeds} seeds from ${firstSeed}`;
}

/** What warned in time of runs that over-optimise, and how often of others. */
export function monitorsText({ rows, runs, firstSeed, drawn, best }: EarlyWarning): string {
  const lines = rows.map((r) => [
    r.signal,
    r.title,
    `${r.thresholds.map(figure).join(' and ')} (${r.chosen})`,
    rateCell(r.detected),
    `${r.ever.hits}/${r.ever.n}`,
    rateCell(r.falseAlarms),
    figure(r.area),
  ]);
  const head = ['signal', 'what it reads', 'threshold', 'warned in time', 'warned at all', 'false alarms', 'area'];
  return `${table([head, ...lines])}

the best of one half (${[...new Set(best.signals)].join(' and ')}), counted on the other: in time ${rateCell(best.detected)}, at all ${best.ever.hits}/${best.ever.n}, false alarms ${rateCell(best.falseAlarms)}
${runs} runs out of ${drawn} seeds from ${firstSeed}, half of which lose a tenth of their largest gain in true utility; in time is before that`;
}

/** A mean over seeds with its interval; one seed has none. */
const overSeeds = ({ mean, interval }: { readonly mean: number; readonly interval: { low: number; high: number } }) =>
  Number.isFinite(interval.low)
    ? `${mean.toFixed(2)} (${interval.low.toFixed(2)} to ${interval.high.toFixed(2)})`
    : mean.toFixed(2);

export function algorithmsText({ settings, grounds, results }: AlgorithmStudy): string {
  const parts = grounds.map(({ ground, beta, rest, start, best }) => {
    const lines = results
      .filter((result) => result.ground === ground)
      .map(({ algorithm, share, kl, tokensAStep: { sampled, scored, trained }, secondsAStep }) => [
        ...[algorithm, overSeeds(share), overSeeds(kl)],
        ...[sampled, scored, trained].map((tokens) => String(Math.round(tokens))),
        secondsAStep.toFixed(3),
      ]);
    const head = ['algorithm', 'share of the optimum', 'KL', 'sampled', 'scored', 'trained', 'seconds'];
    return `${ground}: the base model earns ${start.toFixed(2)} (${(100 * rest).toFixed(0)} % of what it says is no reply); the optimum at ${settings.kl} nats, with β = ${beta.toFixed(3)}, earns ${best.toFixed(2)} more
${table([head, ...lines])}`;
  });
  return `${parts.join('\n\n')}
${settings.seeds} seeds from ${settings.firstSeed}, ${settings.steps} steps. Share of the gain that the best policy has at the KL of the last step, KL in nats a reply; tokens and seconds a step.`;
}

/** Coverage of raters' intervals. */
export function ratersText({ rows, draws, firstSeed, raters }: RaterStudy): string {
  const lines = rows.map((r) => [
    r.trait,
    `${r.share.toFixed(3)} (${r.interval.low.toFixed(3)} to ${r.interval.high.toFixed(3)})`,
    r.ofAll.toFixed(3),
    r.ofFew.toFixed(3),
    figure(r.error),
    figure(r.typicalError),
  ]);
  const head = [
    'trait',
    'held by one rater a draw',
    'by all',
    'by those with five answers',
    'error',
    'error of the typical',
  ];
  return `${table([head, ...lines])}\n${draws} crowds of ${raters} raters from seed ${firstSeed}; 95 % intervals, reward, raters and population fitted together`;
}

/** Published phenomena: what was expected of each measure, and what was found. */
export function phenomenaText(phenomena: PhenomenaRuns): string {
  return Object.entries(phenomena)
    .map(([id, runs]) => {
      const { title, citation, measures } = phenomenonOf(id as PhenomenonId);
      const rows = phenomenonRows(id as PhenomenonId, runs).map(({ measure, mean, interval, n, found }) => {
        const { role, expected } = own(measures, measure)!;
        const range = Number.isFinite(interval.low) ? `${signed(interval.low)} to ${signed(interval.high)}` : '–';
        return [measure, role, expectedText(expected), n === 0 ? '–' : signed(mean), range, String(n), found];
      });
      const head = ['measure', 'role', 'expected', 'mean', '95 % interval', 'runs', 'found'];
      return `${id}: ${title} (${citation})\n${table([head, ...rows])}\n${runs.seeds} seeds from ${runs.firstSeed}`;
    })
    .join('\n\n');
}
