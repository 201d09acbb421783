import type { Block, ReportDocument } from '../../report/index.ts';
import type { BoardEstimate, Leaderboard } from '../leaderboard.ts';
import type { Control } from '../leaderboard-contests.ts';
import { STYLE_AMOUNTS } from '../style.ts';
import { countsText, estimateText, figure, rangeText, shareText } from './words.ts';

const text = ({ value, interval }: BoardEstimate): string => estimateText(value, interval);
const controlName = (control: Control): string =>
  control === 'position' ? 'shown first' : STYLE_AMOUNTS[control].what;

/** A leaderboard as a document: strengths with rank ranges, what the controls add, and what stands behind it. */
export function leaderboardDocument(board: Leaderboard, { title }: { readonly title: string }): ReportDocument {
  const { rows } = board;
  const table: Block = {
    kind: 'table',
    name: 'Models',
    columns: [
      { title: 'Rank' },
      { title: 'Model' },
      { title: 'Strength', number: true },
      { title: '95 %' },
      { title: 'Without controls', number: true },
      { title: 'Won of all contests' },
    ],
    rows: rows.map(({ model, strength, ranks: [best, worst], rawStrength, raw }) => [
      best === worst ? String(best) : `${best}–${worst}`,
      model,
      figure(strength.value),
      rangeText(strength.interval),
      figure(rawStrength),
      shareText(raw),
    ]),
  };
  const plot: Block = {
    kind: 'plot',
    plot: {
      type: 'forest',
      title: 'Strength by model, controls held equal',
      x: 'log-odds against the mean of all models',
      reference: 0,
      rows: rows.map(({ model, strength, raw }) => ({
        name: model,
        value: strength.value,
        interval: strength.interval,
        note: `n = ${figure(raw.n)}`,
      })),
    },
  };
  return {
    title,
    note: 'Log-odds of winning against the mean of all models, the place and the form of the replies held equal. A rank is what the differences from the other models leave open.',
    sections: [
      { id: 'models', title: 'Models', blocks: [table, plot] },
      { id: 'controls', title: 'What else sways judges', blocks: [controlsBlock(board)] },
      { id: 'basis', title: 'What stands behind it', blocks: basis(board) },
    ],
  };
}

function controlsBlock({ controls, without }: Leaderboard): Block {
  return {
    kind: 'facts',
    name: 'Controls',
    rows: [
      ...controls.map((row): [string, string] => [
        controlName(row.control),
        `${text(row)} log-odds${row.control === 'position' ? '' : `, for a typical difference of ${figure(row.scale)} of (a − b) / (a + b)`}`,
      ]),
      ...without.map(({ control, because }): [string, string] => [controlName(control), `– (${because})`]),
    ],
  };
}

function basis(board: Leaderboard): Block[] {
  const { judgments, contests, raters, clusters, ties, spearman, unused, notes } = board;
  return [
    {
      kind: 'facts',
      name: 'Basis',
      rows: [
        ['Judgments', `${judgments} by ${raters} raters, ${contests} contests`],
        ['Drawn whole for the intervals', `${clusters.n} ${clusters.of}`],
        ['Ties (Davidson’s ν)', ties === null ? 'none' : text(ties)],
        [
          'Spearman’s ρ with strengths without controls',
          spearman === null ? '– (fewer than three models)' : figure(spearman),
        ],
        ['Left out', countsText(unused)],
      ],
    },
    ...(notes.length === 0 ? [] : [{ kind: 'list', items: notes } as const]),
  ];
}
