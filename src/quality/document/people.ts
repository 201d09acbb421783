import type { Block, Section } from '../../report/index.ts';
import type { FeedbackReport } from '../report.ts';
import { countsText, figure, percent } from './words.ts';

const MAX_COUNTS = 30;

/** Who judged, as far as they said so under a consent, and what weighting them to a population changes. */
export function peopleSection({ people }: FeedbackReport): Section {
  const { weighting, groups } = people;
  return {
    id: 'people',
    title: 'Raters as they describe themselves',
    ...(people.withProfile === 0 && { detail: true }),
    blocks: [
      {
        kind: 'text',
        text: `${people.consented} of ${people.raters} raters described themselves under a consent; nobody else’s description is read.`,
      },
      ...(groups.length === 0
        ? []
        : [
            {
              kind: 'table',
              name: 'Groups of raters',
              columns: [
                { title: 'Attribute' },
                { title: 'Value' },
                { title: 'Raters', number: true },
                { title: 'Judgments', number: true },
                { title: 'Share', number: true },
                { title: 'Target', number: true },
              ],
              rows: groups.map((g) => [
                g.attribute,
                g.value,
                String(g.raters),
                String(g.judgments),
                percent(g.share),
                percent(g.target),
              ]),
            } as const,
          ]),
      { kind: 'text', text: weightingText(weighting) },
    ],
  };
}

function weightingText(weighting: FeedbackReport['people']['weighting']): string {
  if ('undefined' in weighting) return `Not weighted: ${weighting.undefined}.`;
  const { weights, designEffect, effectiveRaters, unweightedRaters, changedMajorities, longer } = weighting;
  return `Weights ${figure(weights.smallest)} to ${figure(weights.largest)}, design effect ${figure(designEffect)}, effective number of raters ${figure(effectiveRaters)}; ${unweightedRaters} raters without a description keep weight 1. ${changedMajorities.k} of ${changedMajorities.n} majorities change. Longer reply chosen, weighted: ${'undefined' in longer ? longer.undefined : figure(longer.value)}.`;
}

/** What was judged how often, and what was left out of the figures. */
export function coverageSection({ coverage }: FeedbackReport): Section {
  const { itemsByJudgments, wanted, history } = coverage;
  const rows: Extract<Block, { kind: 'facts' }>['rows'] = [
    [
      'Items by judgments they have',
      itemsByJudgments
        .slice(0, MAX_COUNTS)
        .map(({ judgments, items }) => `${judgments}: ${items}`)
        .join(', ') || 'none',
    ],
    ...(wanted === null ? [] : [[`Items below the ${wanted.judgments} wanted`, String(wanted.itemsBelow)] as const]),
    ['Judgments by purpose', countsText(coverage.judgmentsByPurpose)],
    ['Replaced by a later one', String(coverage.superseded)],
    ['Judged again by the same rater without saying which stands (the later counts)', String(coverage.repeatedByRater)],
    ...(history === null
      ? []
      : ([
          ['Skips', countsText(history.skips)],
          ['Flags, on items', `${history.flags} on ${history.flaggedItems}`],
          ['Undone', String(history.undone)],
          ['Withdrawn', String(history.withdrawn)],
          ['Open drafts', String(history.openDrafts)],
          ['Decisions by a lead', String(history.adjudications)],
        ] as const)),
  ];
  return {
    id: 'coverage',
    title: 'Coverage',
    detail: true,
    blocks: [
      { kind: 'facts', name: 'Coverage', rows },
      ...(history === null
        ? [
            {
              kind: 'text',
              soft: true,
              text: 'Skips, flags and undo are counted where the history of records is given.',
            } as const,
          ]
        : []),
    ],
  };
}
