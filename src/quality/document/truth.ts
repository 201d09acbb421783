import type { Block, Section } from '../../report/index.ts';
import type { FeedbackReport } from '../report.ts';
import type { TruthReport } from '../truth-report.ts';
import { ratingTruthBlocks } from './rating-truth.ts';
import { figure, item, pText, type QuestionNames, rangeText, shareText } from './words.ts';

/** Estimates of the true class, and whether the errors of raters hang together. */
export function truthSection({ truth, ratingTruth }: FeedbackReport, names: QuestionNames): Section {
  return {
    id: 'truth',
    title: 'Truth from several raters',
    note: 'Classes by majority, Dawid–Skene and one coin a rater; ratings also as numbers, by the precision and bias of their raters. All assume that errors are independent.',
    blocks:
      truth.length === 0
        ? [{ kind: 'text', soft: true, text: 'No question has values that could be right or wrong.' }]
        : [
            ...truth.flatMap((one) => questionBlocks(one, names)),
            ...ratingTruth.flatMap((one) => ratingTruthBlocks(one, names)),
          ],
  };
}

function questionBlocks(truth: TruthReport, names: QuestionNames): Block[] {
  const { question, units, votes, disputed, notes, assumes, gold } = truth;
  return [
    { kind: 'heading', text: names.question(question) },
    {
      kind: 'text',
      text: `${votes} votes on ${units} units; ${disputed} of them depend on the method${truth.classPrior === 'uniform' ? '; every class that was given has the same share' : ''}.`,
    },
    independence(truth.independence),
    ...(gold === null || gold.units === 0
      ? []
      : [
          {
            kind: 'facts',
            name: `Known answers: ${names.question(question)}`,
            rows: [
              [`Right by majority, of ${gold.units} with a known answer`, shareText(gold.majority)],
              ['Right by Dawid–Skene', shareText(gold.dawidSkene)],
              ['Right by one coin a rater', shareText(gold.oneCoin)],
            ],
          } as const,
        ]),
    ...(notes.length === 0 ? [] : [{ kind: 'list', items: notes.map(({ because }) => because) } as const]),
    {
      kind: 'fold',
      summary: 'What these estimates assume',
      blocks: [{ kind: 'list', items: assumes.map(({ means }) => means) }],
    },
    disputes(truth, names),
  ];
}

function independence(check: TruthReport['independence']): Block {
  if ('undefined' in check)
    return { kind: 'text', soft: true, text: `Independence of errors is not tested: ${check.undefined}.` };
  const { value, low, high } = check.excess;
  const groups =
    check.groups.length === 0 ? '' : `; raters that stand out: ${check.groups.map((g) => g.join(', ')).join('; ')}`;
  return {
    kind: 'verdict',
    verdict: check.detected
      ? { tone: 'concern', text: 'errors are correlated' }
      : { tone: 'inconclusive', text: 'no correlation of errors found' },
    text: `(${pText(check.p)}; excess agreement ${figure(value)}, ${rangeText({ low, high })}; ${check.pairs} pairs, ${check.replicates} simulations${groups}). ${check.means}`,
  };
}

function disputes({ question, classes, disputes: rows, disputed }: TruthReport, names: QuestionNames): Block {
  const name = (label: string | null) => (label === null ? 'tie' : names.part(question, label));
  return {
    kind: 'fold',
    summary: `Units on which the methods differ (the least certain ${rows.length} of ${disputed})`,
    blocks: [
      {
        kind: 'table',
        name: `Methods differ: ${names.question(question)}`,
        columns: [
          { title: 'Item' },
          ...classes.map((label) => ({ title: name(label), number: true as const })),
          { title: 'Majority' },
          { title: 'Dawid–Skene' },
          { title: 'One coin' },
          { title: 'Posterior', number: true },
        ],
        rows: rows.map((d) => [
          [item(d.itemId)],
          ...d.votes.map(String),
          name(d.majority),
          name(d.dawidSkene),
          name(d.oneCoin),
          figure(d.posterior),
        ]),
      },
    ],
  };
}
