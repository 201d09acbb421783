import type { Block, ReportDocument } from '../report/index.ts';
import type { JudgeEstimate, JudgeMeasure } from './judge-measure.ts';
import type { Tally } from './tally.ts';

const figure = (value: number) => value.toFixed(3);
function cells(found: JudgeEstimate): [string, string, string] {
  if ('notAssessed' in found) return ['not assessed', found.notAssessed, ''];
  const { value, interval, items, pairs } = found;
  const n = items === pairs ? `${items}` : `${pairs} of ${items} items`;
  return [figure(value), `${figure(interval.low)} to ${figure(interval.high)}`, n];
}

const OTHERS = { people: 'people', simulated: 'simulated raters', nobody: 'others' } as const;

/** What a judge is worth, as a section's table. */
function measureTable({ position, length, self, agreement, against }: JudgeMeasure): Block {
  const others = OTHERS[against];
  const rows: [string, JudgeEstimate][] = [
    ['verdicts for the reply shown first (½: no bias)', position.first],
    ['pairs with one verdict in both orders', position.consistent],
    ['for the longer reply', length.judge],
    [`for the longer reply, ${others}`, length.others],
    [`for the longer reply, judge less ${others}`, length.excess],
    ['for its own model’s reply', self.judge],
    [`for its own model’s reply, judge less ${others}`, self.excess],
    [`agrees with most ${others} (a tie is ½)`, agreement.others],
    [`errs against most ${others}`, agreement.error],
    [`one of the ${others} agrees with the rest`, agreement.ceiling],
    ['agrees with known answers', agreement.gold],
  ];
  return {
    kind: 'table',
    name: 'Judge',
    columns: [{ title: 'Measure' }, { title: 'Share', number: true }, { title: '95 %' }, { title: 'n', number: true }],
    rows: rows.map(([name, found]) => [name, ...cells(found)]),
  };
}

function countsBlock({ items, asks, agreement, against }: JudgeMeasure): Block {
  const list = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .map(([what, n]) => `${n} ${what}`)
      .join('; ');
  const rows: [string, string][] = [
    ['Items', `${items.judged} judged, ${items.unscored} of them unscored`],
    ['Questions', `${asks.n}, of which ${asks.ties} ties; read from ${list(asks.by) || 'nothing'}`],
    ['Without a verdict', list(asks.unscored) || 'none'],
    ...(agreement.divided > 0
      ? [['Left out', `${agreement.divided} pairs on which ${OTHERS[against]} are divided equally`] as [string, string]]
      : []),
  ];
  return { kind: 'facts', name: 'Counts', rows };
}

/** What was asked and what it cost, in words. */
export function tallyText({ answered, requests, failed, tokens, uncounted, cost }: Tally): string {
  const failures = Object.entries(failed);
  const lines = [
    `${answered.now} questions answered now in ${requests} requests, ${answered.kept} taken from kept answers`,
    `${tokens.now.prompt} tokens read and ${tokens.now.reply} written now${uncounted > 0 ? `; ${uncounted} answers count no tokens` : ''}`,
    ...(cost === null
      ? []
      : [`cost ${cost.now.toFixed(4)} now, ${(cost.now + cost.kept).toFixed(4)} in all, at the prices stated`]),
    ...failures.map(([why, n]) => `${n} without an answer: ${why}`),
  ];
  return lines.join('\n');
}

/** Judges as a document: bias, agreement and counts of each. */
export const judgesDocument = (measures: readonly JudgeMeasure[]): ReportDocument => ({
  title: 'Model judges',
  note: 'What a judge prefers beside the merit of a reply, and how often it errs. Intervals take items as drawn whole.',
  sections: measures.map((measure, i) => ({
    id: `judge-${i + 1}`,
    title: measure.model,
    note: `Prompt ${measure.prompt}, temperature ${measure.temperature}, by ${measure.principles.join(', ')}.`,
    blocks: [measureTable(measure), countsBlock(measure)],
  })),
});
