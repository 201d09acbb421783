import type { Block, ForestRow, ScatterPoint, Section } from '../../report/index.ts';
import { coverageRemark } from '../../stats/index.ts';
import type { RaterQuality } from '../rater-rows.ts';
import type { FeedbackReport } from '../report.ts';
import { figure, rangeText, rater, seconds } from './words.ts';

const MAX_FOREST = 40;
const MAX_SCATTER = 300;
const MAX_ROWS = 500;

/** Those with a flag first, then those with most votes. */
const byNeed = <T extends { readonly marked: boolean; readonly votes: number }>(rows: readonly T[]): T[] =>
  [...rows].sort((a, b) => Number(b.marked) - Number(a.marked) || b.votes - a.votes);

/** Each rater's estimated reliability, lean to places and lengths, known answers, pace, flags. */
export function ratersSection({ raterTable }: FeedbackReport): Section {
  return {
    id: 'raters',
    title: 'Raters',
    note: 'Expected share of right answers, which assumes that errors are independent. Flags are reasons for a person to look, nothing more.',
    detail: true,
    blocks: [reliabilityPlot(raterTable), leanPlot(raterTable), raterRows(raterTable)],
  };
}

/** The count behind an accuracy, and what its interval is worth where it covers less than it says. */
function noteOf(n: number): string {
  const remark = coverageRemark('rater-accuracy', n);
  return remark === null ? `n = ${n}` : `n = ${n}; ${remark}`;
}

function reliabilityPlot(raterTable: readonly RaterQuality[]): Block {
  const known = raterTable.flatMap(({ accuracy, raterId, flags }) =>
    'value' in accuracy ? [{ raterId, accuracy, marked: flags.length > 0, votes: accuracy.n }] : [],
  );
  const rows = byNeed(known)
    .slice(0, MAX_FOREST)
    .sort((a, b) => b.accuracy.value - a.accuracy.value)
    .map(
      ({ raterId, accuracy, marked }): ForestRow => ({
        name: raterId,
        value: accuracy.value,
        interval: accuracy.interval,
        note: noteOf(accuracy.n),
        marked,
      }),
    );
  const of = known.length > rows.length ? `, ${rows.length} of ${known.length}: flagged first, then most votes` : '';
  return {
    kind: 'plot',
    plot: {
      type: 'forest',
      title: `Reliability of raters${of}`,
      x: 'share of right answers by Dawid–Skene (squares: flagged)',
      rows,
    },
  };
}

function leanPlot(raterTable: readonly RaterQuality[]): Block {
  const points = raterTable.flatMap(({ raterId, position, longer, flags }) =>
    position === null || longer === null
      ? []
      : [
          {
            name: raterId,
            x: position.first / position.n,
            y: longer.k / longer.n,
            xInterval: position.interval,
            yInterval: longer.interval,
            n: position.n,
            votes: position.n,
            marked: flags.includes('position-preference') || flags.includes('length-preference'),
          },
        ],
  );
  return {
    kind: 'plot',
    plot: {
      type: 'scatter',
      title: 'Choice of the first place and of the longer reply, by rater',
      x: 'share of choices that stood first',
      y: 'share of choices that were longer',
      reference: 0.5,
      points: byNeed(points)
        .slice(0, MAX_SCATTER)
        .map(({ votes: _, ...point }): ScatterPoint => point),
    },
  };
}

function raterRows(raterTable: readonly RaterQuality[]): Block {
  const shown = raterTable.slice(0, MAX_ROWS);
  return {
    kind: 'fold',
    summary:
      shown.length < raterTable.length ? `The first ${shown.length} of ${raterTable.length} raters` : 'Every rater',
    blocks: [
      {
        kind: 'table',
        name: 'Raters',
        columns: [
          { title: 'Rater' },
          { title: 'n', number: true },
          { title: 'Right (95 %)' },
          { title: 'Known', number: true },
          { title: 'First place', number: true },
          { title: 'Median', number: true },
          { title: 'Flags' },
        ],
        rows: shown.map((row) => [
          [rater(row.raterId)],
          String(row.n),
          'value' in row.accuracy ? `${figure(row.accuracy.value)} (${rangeText(row.accuracy.interval)})` : '–',
          row.gold === null ? '–' : `${row.gold.k}/${row.gold.n}`,
          row.position === null ? '–' : `${row.position.first}/${row.position.n}`,
          row.medianActiveMs === null ? '–' : seconds(row.medianActiveMs),
          row.flags.join(', '),
        ]),
      },
    ],
  };
}
