import type { AgreementRow, DetectorReport, Effect, FeedbackReport, Flag, ShareEstimate } from '../quality/index.ts';
import { figure, range, table } from './text.ts';

const share = (s: ShareEstimate | null, none = 'not measured') =>
  s === null ? none : `${figure(s.share)} (95 %: ${range(s.interval)}; n = ${s.n})`;
const effect = (e: Effect) =>
  'undefined' in e ? `undefined: ${e.undefined}` : `${figure(e.value)} (95 %: ${range(e.interval)}; n = ${e.n})`;
const counts = (by: Readonly<Record<string, number>>) =>
  Object.entries(by)
    .map(([reason, n]) => `${reason} ${n}`)
    .join(', ') || 'none';

/** Titles stand alone on a line, rows are indented below. */
const block = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? [] : ['', title, ...lines.flatMap((line) => line.split('\n')).map((line) => `  ${line}`)];

/** Ties count as wrong; what the share is without them. */
function tied({ majority, tied: ties }: FeedbackReport['gold']): string {
  if (majority === null || majority.n === ties) return '';
  return `; ${ties} tied units count as wrong, without them ${figure(majority.k / (majority.n - ties))}`;
}

function summary(report: FeedbackReport): string {
  const { alphaNominal: alpha, pairwiseAgreement: pairwise, gold, bias, dissent, repeats, known, time } = report;
  const value = (e: typeof alpha) =>
    'value' in e ? `${figure(e.value)} (95 %: ${range(e.interval)})` : `undefined: ${e.undefined}`;
  const knownShares = Object.entries(known.byPurpose).flatMap(([purpose, s]) =>
    s === null ? [] : [`${purpose} ${share(s)}`],
  );
  return table([
    [
      'judgments',
      `${report.judgments} on ${report.items} items by ${report.raters} raters; ${report.unscored} without a preference (${counts(report.coverage.unscored)})`,
    ],
    ['Krippendorff α (nominal)', value(alpha)],
    ['pairwise agreement', value(pairwise)],
    ['units with dissent', `${dissent.dissenting} of ${dissent.units} with two votes or more`],
    ['gold', `${gold.items} items have it, ${gold.without} have not`],
    ['majority equals gold', `${share(gold.majority)}${gold.tied === 0 ? '' : tied(gold)}`],
    ['Dawid–Skene equals gold', share(gold.dawidSkene)],
    ['one-coin equals gold', share(gold.oneCoin)],
    ['known items', knownShares.join('; ') || 'none shown'],
    [
      'repeats',
      repeats.selfConsistency === null && repeats.swappedConsistency === null
        ? 'none shown'
        : `same order ${share(repeats.selfConsistency)}; swapped ${share(repeats.swappedConsistency)}`,
    ],
    ['first shown preferred', share(report.position, 'order not recorded')],
    [`log-odds of the first place`, effect(bias.position.order)],
    ['longer preferred', share(report.longer)],
    [
      'log-odds of length',
      effect('undefined' in bias.length.bradleyTerry ? bias.length.logistic : bias.length.bradleyTerry),
    ],
    [
      'suggestions shown',
      'undefined' in bias.anchoring.difference
        ? bias.anchoring.difference.undefined
        : `${effect(bias.anchoring.difference)} more answers like them`,
    ],
    [
      'active time',
      time.active === null
        ? 'not recorded'
        : `median ${(time.active.median / 1000).toFixed(1)} s (quartiles ${(time.active.quartiles[0] / 1000).toFixed(1)} to ${(time.active.quartiles[1] / 1000).toFixed(1)} s; n = ${time.active.n})`,
    ],
    ['agreement per doubling of session', effect(time.fatigue)],
    ['cyclic triads', `${report.triads.cyclic} of ${report.triads.closed}`],
    [
      'prompts with a Condorcet winner',
      share(report.consistency.condorcet, 'no prompt has all pairs of three replies compared'),
    ],
    [
      'judgments an item',
      report.coverage.itemsByJudgments
        .map(({ judgments, items }) => `${judgments}: ${items} items`)
        .slice(0, 8)
        .join(', '),
    ],
  ]);
}

const MEASURES: Readonly<Record<AgreementRow['measure'], string>> = {
  'alpha-nominal': 'α nominal',
  'alpha-ordinal': 'α ordinal',
  'alpha-interval': 'α interval',
  pairwise: 'equal pairs',
  gwet: 'Gwet AC',
  'icc-1-1': 'ICC(1,1)',
  'icc-2-1': 'ICC(2,1)',
  'kendall-w': 'Kendall W',
  'span-f1': 'span F1',
};

function agreementTable(rows: readonly AgreementRow[]): string[] {
  if (rows.length === 0) return [];
  const cells = rows.map((row) => [
    [row.question ?? row.kind, row.part].filter((t) => t !== '').join(' / '),
    row.stratum === null ? 'all' : `${row.stratum.key} ${row.stratum.value}`,
    MEASURES[row.measure],
    'value' in row.estimate ? `${figure(row.estimate.value)} (${range(row.interval)})` : '–',
    'value' in row.estimate
      ? `${row.units} units, ${row.values} values, ${row.raters} raters`
      : `undefined: ${row.estimate.undefined}`,
  ]);
  return [table([['question', 'stratum', 'measure', 'value (95 %)', 'n'], ...cells])];
}

/** Weakest and strongest planted failure with the share found, and false alarms. */
function ratesCell({ rates }: DetectorReport): [string, string] {
  const weak = rates.planted[0]!;
  const strong = rates.planted.at(-1)!;
  return [
    `${figure(weak.power)} at ${weak.strength} … ${figure(strong.power)} at ${strong.strength}`,
    `${rates.clean.alarms}/${rates.clean.runs} pools`,
  ];
}

function detectorTable(detectors: readonly DetectorReport[]): string[] {
  const rows = detectors.map((d) => [
    d.id,
    d.reason === null ? String(d.flags.length) : '–',
    d.reason === null ? `${d.assessed} ${d.tests}` : `cannot say: ${d.reason}`,
    ...(d.reason === null ? ratesCell(d) : ['', '']),
  ]);
  return [table([['detector', 'flags', 'tested', 'finds (share, by strength)', 'false alarms'], ...rows])];
}

function flagLine({ raters, statistic, value, interval, test, n, recordsInAll }: Flag): string {
  const who = raters.length > 6 ? `${raters.slice(0, 6).join(', ')} and ${raters.length - 6} more` : raters.join(', ');
  const bounds = interval === null ? '' : ` (${range(interval)})`;
  return `${who}: ${statistic} ${figure(value)}${bounds}, n = ${n}; ${test.measure} ${test.value.toPrecision(2)} against ${test.threshold.toPrecision(2)}; ${recordsInAll} records`;
}

function flagLines(detectors: readonly DetectorReport[], most: number): string[] {
  const lines = detectors.flatMap((d) => {
    if (d.flags.length === 0) return [];
    const shown = d.flags.slice(0, most).map((flag) => `  ${flagLine(flag)}`);
    const rest = d.flags.length - shown.length;
    return [`${d.id}: ${d.looksFor}`, ...shown, ...(rest > 0 ? [`  … and ${rest} more`] : [])];
  });
  return lines.length === 0 ? ['no rater is flagged'] : lines;
}

function raterTable(report: FeedbackReport): string[] {
  const rows = report.raterTable.map((row) => [
    row.raterId,
    String(row.n),
    'value' in row.accuracy ? `${figure(row.accuracy.value)} (${range(row.accuracy.interval)})` : '–',
    row.gold === null ? '–' : `${row.gold.k}/${row.gold.n}`,
    row.position === null ? '–' : `${row.position.first}/${row.position.n}`,
    row.medianActiveMs === null ? '–' : `${(row.medianActiveMs / 1000).toFixed(1)} s`,
    row.flags.join(', '),
  ]);
  return [table([['rater', 'n', 'accuracy (95 %)', 'known', 'first place', 'median', 'flags'], ...rows])];
}

function independenceLines(report: FeedbackReport): string[] {
  return report.truth.map(({ question, kind, independence: check, disputed, units }) => {
    const name = question ?? kind;
    const disputes = `${disputed} of ${units} units depend on the method of truth`;
    if ('undefined' in check) return `${name}: ${disputes}; independence of errors not tested: ${check.undefined}`;
    const { value, low, high } = check.excess;
    const verdict = check.detected ? 'errors are correlated' : 'no correlation of errors found';
    return `${name}: ${disputes}; ${verdict} (p ${check.p.toFixed(2)}; excess agreement ${figure(value)}, ${range({ low, high })}; ${check.pairs} pairs, ${check.replicates} simulations)`;
  });
}

function peopleLines({ people }: FeedbackReport): string[] {
  if (people.withProfile === 0) return [];
  const { weighting } = people;
  const groups = people.groups.map((g) => [
    g.attribute,
    g.value,
    String(g.raters),
    String(g.judgments),
    figure(g.share),
    figure(g.target),
  ]);
  return [
    `${people.consented} of ${people.raters} raters described themselves under a consent`,
    ...(groups.length === 0
      ? []
      : [table([['attribute', 'value', 'raters', 'judgments', 'share', 'target'], ...groups])]),
    'undefined' in weighting
      ? `not weighted: ${weighting.undefined}`
      : `weights ${figure(weighting.weights.smallest)} to ${figure(weighting.weights.largest)}, design effect ${figure(weighting.designEffect)}; ${weighting.changedMajorities.k} of ${weighting.changedMajorities.n} majorities change`,
  ];
}

/** The report for a terminal: a screen of summary and tables, or everything with `all`. */
export function feedbackText(report: FeedbackReport, { all = false }: { all?: boolean } = {}): string {
  const rows = all
    ? report.agreement.rows
    : report.agreement.rows.filter((row) => row.stratum === null && row.part === '' && row.kind !== 'comparison');
  const flagged = report.detectors.some(({ flags }) => flags.length > 0);
  const { history } = report.coverage;
  return [
    summary(report),
    ...block('agreement by question', agreementTable(rows)),
    ...block('truth from several raters (assumes independent errors)', independenceLines(report)),
    ...block('people', peopleLines(report)),
    ...(history === null
      ? []
      : block('history', [
          `skips: ${counts(history.skips)}; flagged items ${history.flaggedItems}; undone ${history.undone}; withdrawn ${history.withdrawn}; open drafts ${history.openDrafts}; adjudications ${history.adjudications}`,
        ])),
    ...block(
      'detectors, with what they find and how often they cry wolf on simulated pools',
      detectorTable(report.detectors),
    ),
    ...block(
      flagged ? 'raters for a person to look at (nothing was removed)' : 'flags',
      flagLines(report.detectors, all ? Number.POSITIVE_INFINITY : 3),
    ),
    ...(all
      ? [
          ...block('raters', raterTable(report)),
          ...block(
            'most disputed units (kept)',
            report.disagreements.map(
              ({ itemId, classes, votes, agreement }) =>
                `${itemId}: ${classes.map((name, c) => `${name} ${votes[c]}`).join(', ')} (agreement ${figure(agreement)})`,
            ),
          ),
        ]
      : [
          '',
          'more: --all for strata, raters and disagreements; --html <file> for a page with plots; --json for everything',
        ]),
  ].join('\n');
}
