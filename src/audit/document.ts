import {
  type Block,
  type Cell,
  figure,
  type Reference,
  rangeText,
  type Section,
  valueText,
  wordsOf,
} from '../report/index.ts';
import { own } from '../run/index.ts';
import { CHALLENGES } from './challenges.ts';
import { type Finding, NO_PROBE, VERDICTS } from './finding.ts';
import type { KnownRate, KnownRates, RatesByProbe } from './known-rates.ts';
import { reasonText } from './reasons.ts';

/** `R4 over-optimisation`; the challenge alone where it has no probe. */
export const findingLabel = ({ challenge, probe }: Pick<Finding, 'challenge' | 'probe'>): string =>
  probe === NO_PROBE ? challenge : `${challenge} ${probe}`;

const link = (finding: Finding): Reference => ({
  ref: 'challenge',
  ids: [finding.challenge],
  text: findingLabel(finding),
});

/** `2 failure, 1 clear, 15 not assessed (which is no pass)`: the worst first. */
export const verdictCounts = (findings: readonly Pick<Finding, 'verdict'>[]): string =>
  VERDICTS.flatMap((verdict) => {
    const n = findings.filter((finding) => finding.verdict === verdict).length;
    return n === 0 ? [] : [`${n} ${verdict === 'not-assessed' ? 'not assessed (which is no pass)' : verdict}`];
  }).join(', ');

/**
 * What every probe found: one row each, what was found behind it, and what was not assessed with the reason. Rates are those
 * of the probes in experiments whose truth is known; without them nothing is said of how often a probe is right.
 */
export function findingsSection(findings: readonly Finding[], rates?: RatesByProbe): Section {
  const assessed = findings.filter(({ verdict }) => verdict !== 'not-assessed');
  const rest = findings.filter(({ verdict }) => verdict === 'not-assessed');
  return {
    id: 'findings',
    title: 'Findings',
    note: 'One row for each probe of a challenge of Casper et al. (2023). Clear only where the whole interval lies below the threshold of concern; inconclusive where it reaches across. Which prompts, raters and replies a probe reads is part of what it estimates.',
    blocks: [
      assessedTable(assessed),
      ...(rest.length === 0 ? [] : notAssessed(rest)),
      ...assessed.map((finding) => behind(finding, rates)),
      ...(rates === undefined ? [] : [ratesFold(rates)]),
    ],
  };
}

const intervalText = ({ interval }: Finding): string =>
  interval === null || interval.level === 0.95
    ? rangeText(interval)
    : `${rangeText(interval)} (${figure(100 * interval.level)} %)`;

/** What a finding names: a method, a rater, a phrase, a feature, a group. */
const namedIn = ({ details }: Finding): string =>
  Object.entries(details)
    .flatMap(([key, value]) => (typeof value === 'string' && NAMING.has(key) ? [`${wordsOf(key)} ${value}`] : []))
    .join(', ');
const NAMING = new Set(['method', 'rater', 'phrase', 'feature', 'group', 'alternative', 'metric']);

function assessedTable(findings: readonly Finding[]): Block {
  return {
    kind: 'table',
    name: 'Findings',
    columns: [
      { title: 'Probe' },
      { title: 'Verdict' },
      { title: 'Estimate', number: true },
      { title: '95 % interval' },
      { title: 'n', number: true },
      { title: 'Unscored', number: true },
      { title: 'Found' },
      { title: 'Challenge' },
    ],
    rows: findings.map((finding): Cell[] => [
      [link(finding)],
      { tone: finding.verdict, text: finding.verdict },
      figure(finding.estimate),
      intervalText(finding),
      String(finding.n),
      String(finding.unscored),
      namedIn(finding) || '–',
      CHALLENGES[finding.challenge].title,
    ]),
    none: 'Nothing was assessed.',
  };
}

/** Evidence that a probe lacked. */
const lacking = ({ because, details: { missing } }: Finding): readonly string[] =>
  because === 'missing-evidence' && Array.isArray(missing) ? missing.map(String) : [];

/** Why a probe could not assess, and what it would take. */
const whyNot = (finding: Finding): string => {
  const lacks = lacking(finding);
  return lacks.length > 0 ? `this run has no evidence of ${lacks.join(', ')}` : reasonText(finding.because);
};

/** Probes with one reason in a line; each with the evidence that it lacked. */
const together = (findings: readonly Finding[]): (string | Reference)[] =>
  findings.flatMap((finding, i) => {
    const lacks = lacking(finding);
    return [...(i === 0 ? [] : [', ']), link(finding), ...(lacks.length === 0 ? [] : [` (${lacks.join(', ')})`])];
  });

/** What was not assessed, by reason; each with its challenge behind a fold. */
function notAssessed(findings: readonly Finding[]): Block[] {
  const reasons = [...new Set(findings.map(({ because }) => because))];
  return [
    {
      kind: 'verdict',
      verdict: { tone: 'not-assessed', text: 'not assessed' },
      text: `${findings.length} findings, which is no pass:`,
    },
    {
      kind: 'list',
      items: reasons.map((why) => [
        ...together(findings.filter(({ because }) => because === why)),
        `: ${reasonText(why)}`,
      ]),
    },
    {
      kind: 'fold',
      summary: 'What is not assessed, one by one',
      blocks: [
        {
          kind: 'table',
          name: 'Not assessed',
          columns: [{ title: 'Probe' }, { title: 'Challenge' }, { title: 'Would estimate' }, { title: 'Because' }],
          rows: findings.map((finding): Cell[] => [
            [link(finding)],
            challengeText(finding),
            finding.estimand || '–',
            `${whyNot(finding)}; n = ${finding.n}, unscored ${finding.unscored}${detailsLine(finding)}`,
          ]),
        },
      ],
    },
  ];
}

const detailsLine = ({ details }: Finding): string =>
  Object.keys(details).length === 0 ? '' : `; ${valueText(details)}`;

function challengeText({ challenge }: Finding): string {
  const { title, fundamental } = CHALLENGES[challenge];
  return `${title}${fundamental ? ' (fundamental: it can be measured, not removed)' : ''}`;
}

/** Rows of one kind, as a table makes them readable. */
const isRows = (value: unknown): value is readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((row) => typeof row === 'object' && row !== null && !Array.isArray(row));

/** What nobody should overlook stands open. */
const ALARMS: ReadonlySet<string> = new Set(['failure', 'concern']);

/** All that is behind a finding: what it estimates, why the verdict, whom or what it is about, with which settings. */
function behind(finding: Finding, rates: RatesByProbe | undefined): Block {
  const { details, because, estimand, params, evidence, seed } = finding;
  const lists = Object.entries(details).filter(([, value]) => isRows(value));
  const known = rates === undefined ? undefined : own(rates, finding.probe);
  return {
    kind: 'fold',
    summary: `${findingLabel(finding)}: what was found`,
    ...(ALARMS.has(finding.verdict) && { open: true }),
    blocks: [
      {
        kind: 'facts',
        name: `${findingLabel(finding)} in detail`,
        rows: [
          ['Challenge', challengeText(finding)],
          ['Estimated', estimand],
          ['Because', reasonText(because)],
          ...Object.entries(details)
            .filter(([, value]) => !isRows(value))
            .map(([key, value]) => [sentence(wordsOf(key)), valueText(value)] as const),
          ['Evidence', evidence.join(', ')],
          ['Settings', valueText(params)],
          ['Seed', String(seed)],
          ...(known === undefined ? [] : rateRows(known)),
        ],
      },
      ...lists.map(([key, value]) => rowsTable(sentence(wordsOf(key)), value as readonly Record<string, unknown>[])),
    ],
  };
}

const sentence = (words: string): string => `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;

function rowsTable(name: string, rows: readonly Readonly<Record<string, unknown>>[]): Block {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return {
    kind: 'table',
    name,
    columns: keys.map((key) => ({
      title: sentence(wordsOf(key)),
      ...(rows.every((row) => typeof own(row, key) === 'number') && { number: true as const }),
    })),
    rows: rows.map((row) => keys.map((key) => valueText(own(row, key)))),
  };
}

const rateText = ({ hits, n, interval }: KnownRate): string =>
  n === 0 ? 'not measured' : `${hits} of ${n} (95 %: ${rangeText(interval)})`;

const rateRows = ({ planted, clean, lookAlike }: KnownRates): (readonly [string, string])[] => [
  ['Alarms where it is planted', rateText(planted)],
  ['Alarms on clean runs', rateText(clean)],
  ['Alarms on look-alikes', rateText(lookAlike)],
];

/** How often each probe is right: alarms where its failure is planted, on clean runs, and on what looks like it. */
const ratesFold = (rates: RatesByProbe): Block => ({
  kind: 'fold',
  summary: 'How often each probe is right, in experiments whose truth is known',
  blocks: [
    {
      kind: 'table',
      name: 'How often each probe raises an alarm',
      columns: [
        { title: 'Probe' },
        { title: 'Planted: found' },
        { title: 'Clean: false alarms' },
        { title: 'Look-alike: false alarms' },
      ],
      rows: Object.entries(rates).map(([probe, { planted, clean, lookAlike }]) => [
        probe,
        rateText(planted),
        rateText(clean),
        rateText(lookAlike),
      ]),
      none: 'Not measured.',
    },
  ],
});
