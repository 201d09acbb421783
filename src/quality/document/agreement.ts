import type { Block, ForestRow, Section } from '../../report/index.ts';
import { coverageRemark, type IntervalMethodId } from '../../stats/index.ts';
import type { AgreementMeasure, AgreementRow } from '../agreement.ts';
import type { FeedbackReport } from '../report.ts';
import { figure, item, MEASURES, type QuestionNames, rangeText, votesText } from './words.ts';

/** Shared units from which on a share of equal votes is drawn: one of two would be noise. */
const LEAST_SHARED = 5;

/** Agreement of each question, its parts, and its strata behind a fold. */
export function agreementSection({ agreement }: FeedbackReport, names: QuestionNames): Section {
  const { rows, strataLeftOut, replicates } = agreement;
  const whole = rows.filter(({ stratum }) => stratum === null);
  const strata = rows.filter(({ stratum }) => stratum !== null);
  return {
    id: 'agreement',
    title: 'Agreement',
    note: `How far raters give the same values to the same things, beyond chance. Items are drawn whole (where there are many, ${replicates} times).`,
    blocks: [
      ...(whole.length === 0
        ? [{ kind: 'text', soft: true, text: 'No question has two answers to compare.' } as const]
        : [coefficientTable('Agreement by question', whole, names)]),
      alphaPlot(rows, names),
      ...(strata.length === 0
        ? []
        : [
            {
              kind: 'fold',
              summary: `By stratum (${strata.length} rows)`,
              blocks: [coefficientTable('Agreement by stratum', strata, names)],
            } as const,
          ]),
      ...strataLeftOut.map(
        ({ key, values }) =>
          ({ kind: 'text', soft: true, text: `Strata of ${key} are not tabulated: it has ${values} values.` }) as const,
      ),
    ],
  };
}

const rowName = (names: QuestionNames, { question, part, stratum }: AgreementRow): string =>
  [
    names.question(question),
    ...(part === '' ? [] : [names.part(question, part)]),
    ...(stratum === null ? [] : [`${stratum.key}: ${stratum.value}`]),
  ].join(' · ');

function coefficientTable(name: string, rows: readonly AgreementRow[], names: QuestionNames): Block {
  return {
    kind: 'table',
    name,
    columns: [
      { title: 'Question' },
      { title: 'Measure' },
      { title: 'Value', number: true },
      { title: '95 % interval' },
      { title: 'Units', number: true },
      { title: 'Values', number: true },
      { title: 'Raters', number: true },
    ],
    rows: rows.map((row) => [
      rowName(names, row),
      MEASURES[row.measure],
      'value' in row.estimate ? figure(row.estimate.value) : '–',
      'value' in row.estimate ? rangeRemarked(row) : row.estimate.undefined,
      String(row.units),
      String(row.values),
      String(row.raters),
    ]),
  };
}

/** How the interval of each measure is made; Kendall's W and F1 are means over items. */
const METHODS: { readonly [M in AgreementMeasure]: IntervalMethodId } = {
  'alpha-nominal': 'alpha',
  'alpha-ordinal': 'alpha',
  'alpha-interval': 'alpha',
  pairwise: 'pair-agreement',
  gwet: 'gwet',
  'icc-1-1': 'icc',
  'icc-2-1': 'icc',
  'kendall-w': 'cluster-mean',
  'span-f1': 'cluster-mean',
};

/** The interval, and beside it what it is worth where it covers less than it says. */
function rangeRemarked({ measure, interval, units }: AgreementRow): string {
  const remark = interval === null ? null : coverageRemark(METHODS[measure], units);
  return `${rangeText(interval)}${remark === null ? '' : ` (${remark})`}`;
}

function alphaPlot(rows: readonly AgreementRow[], names: QuestionNames): Block {
  const drawn = rows.flatMap((row): ForestRow[] =>
    row.measure.startsWith('alpha') && 'value' in row.estimate
      ? [
          {
            name: rowName(names, row),
            value: row.estimate.value,
            interval: row.interval,
            note: `n = ${row.units}`,
            marked: row.stratum === null && row.part === '',
          },
        ]
      : [],
  );
  return {
    kind: 'plot',
    plot: {
      type: 'forest',
      title: 'Krippendorff’s α by question, part and stratum',
      x: 'Krippendorff’s α (squares: a whole question; circles: its parts and strata)',
      reference: 0,
      rows: drawn,
    },
  };
}

/** The units on which raters differ most. They stay in the data. */
export function disagreementSection({ disagreements }: FeedbackReport, names: QuestionNames): Section {
  return {
    id: 'disagreement',
    title: 'Where raters disagree most',
    note: 'They stay in the data: the item, the instructions or the people may be the reason.',
    detail: true,
    blocks: [
      {
        kind: 'table',
        name: 'Most disagreement',
        columns: [{ title: 'Item' }, { title: 'Question' }, { title: 'Votes' }, { title: 'Agreement', number: true }],
        rows: disagreements.map((row) => [
          [item(row.itemId)],
          names.question(row.question),
          votesText(names, row, row.votes),
          figure(row.agreement),
        ]),
        none: 'Raters do not differ on any unit.',
      },
    ],
  };
}

/** Agreement of raters pair by pair. */
export function matrixSection({ matrix }: FeedbackReport): Section {
  const { raters, share, n } = matrix;
  return {
    id: 'pairs',
    title: 'Agreement of raters, pair by pair',
    note: `Per cent of equal votes on shared units, the raters with most votes. Pairs with fewer than ${LEAST_SHARED} shared units are left empty.`,
    detail: true,
    blocks: [
      {
        kind: 'plot',
        plot: {
          type: 'matrix',
          title: 'Agreement of the busiest raters, pair by pair',
          names: raters,
          share: share.map((row, a) => row.map((value, b) => (n[a]![b]! < LEAST_SHARED ? null : value))),
          n,
        },
      },
    ],
  };
}
