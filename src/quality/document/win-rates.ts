import type { Section } from '../../report/index.ts';
import type { FeedbackReport } from '../report.ts';
import { effectText } from './words.ts';

const MOST_ROWS = 100;

/** Win rates of models, where replies say which model wrote them. */
export function winRateSections({ winRates = [] }: FeedbackReport): Section[] {
  if (winRates.length === 0) return [];
  return [
    {
      id: 'win-rates',
      title: 'Models',
      note: 'Mean share of the preference that replies of a model get; a soft preference counts as its share. Beside it the same with each preference taken as its larger side, which can move a rate by several points.',
      blocks: [
        {
          kind: 'table',
          name: 'Win rates of models',
          columns: [
            { title: 'Model' },
            { title: 'Share of preference' },
            { title: 'As hard votes' },
            { title: 'Soft', number: true },
          ],
          rows: winRates
            .slice(0, MOST_ROWS)
            .map(({ model, share, hard, soft }) => [model, effectText(share), effectText(hard), String(soft)]),
        },
      ],
    },
  ];
}
