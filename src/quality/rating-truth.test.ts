import { describe, expect, it } from 'vitest';
import type { Answer, GoldAnswer, Item, Judgment } from '../feedback/index.ts';
import { documentText } from '../report/index.ts';
import { createRng, mean } from '../stats/index.ts';
import { qualityDocument } from './document/index.ts';
import { type FeedbackReport, feedbackReport } from './report.ts';

const [RATERS, ITEMS] = [6, 60];
const scale = { min: 0, max: 10, step: 0.5 };
const itemOf = (i: number, goldAnswers: GoldAnswer[]): Item => ({
  id: `i${i}`,
  projectId: 'p',
  prompt: 'q',
  replies: [0, 1].map((r) => ({ id: `i${i}/${r}`, text: `reply ${r}` })),
  source: { origin: 'test', selection: 'all' },
  ...(goldAnswers.length > 0 && { goldAnswers }),
});
const judged = (i: number, rater: number, answer: Answer, questionId: string): Judgment => ({
  id: `j${i}/${rater}/${questionId}/${'reply' in answer ? answer.reply : ''}`,
  projectId: 'p',
  itemId: `i${i}`,
  raterId: `r${rater}`,
  questionId,
  presentation: { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: '' },
  answer,
  activeMs: null,
  submittedAt: '2026-01-01T00:00:00Z',
  source: 'test',
});

/** Three of six raters rate two replies by one criterion; rater 0 is harsh, rater 5 noisy, each item meets one of either kind. */
function rated(known: boolean) {
  const rng = createRng('rated');
  const items: Item[] = [];
  const judgments: Judgment[] = [];
  const worths: number[][] = [];
  for (let i = 0; i < ITEMS; i++) {
    const worth = [0, 1].map(() => 5 + rng.normal());
    worths.push(worth);
    items.push(
      itemOf(i, known ? worth.map((value, reply) => ({ kind: 'rating', reply, criterion: 'clarity', value })) : []),
    );
    for (const r of [i % RATERS, (i + 1) % RATERS, (i + 3) % RATERS]) {
      const values = worth.map((w, reply) => {
        const said = w - (r === 0 ? 2 : 0) + (r === 5 ? 2 : 0.3) * rng.normal();
        return { reply, criterion: 'clarity', value: Math.min(10, Math.max(0, Math.round(2 * said) / 2)) };
      });
      judgments.push(judged(i, r, { kind: 'rating', scale, values }, 'quality'));
    }
  }
  return { items, judgments, worths };
}
const reportOf = (data: { items: Item[]; judgments: Judgment[] }): FeedbackReport =>
  feedbackReport(data.items, data.judgments, { seed: 1, replicates: 20 });

describe('ratings as numbers', () => {
  it('count by the precision of raters, less their bias, and are held against known ratings', () => {
    const data = rated(true);
    const { ratingTruth, gold } = reportOf(data);
    expect(ratingTruth).toHaveLength(1);
    const [{ question, criterion, units, ratings, found }] = ratingTruth as [(typeof ratingTruth)[number]];
    expect({ question, criterion, units, ratings }).toEqual({
      question: 'quality',
      criterion: 'clarity',
      units: 2 * ITEMS,
      ratings: 6 * ITEMS,
    });
    if ('undefined' in found || found.gold === null) throw new Error('nothing found');
    expect(found.raters[0]!.raterId).toBe('r0');
    expect(found.raters[0]!.bias.interval.low).toBeLessThan(-2 * (5 / 6));
    expect(found.raters[0]!.bias.interval.high).toBeGreaterThan(-2 * (5 / 6));
    const noise = new Map(found.raters.map((row) => [row.raterId, row.noise]));
    expect(noise.get('r5')).toBeGreaterThan(3 * noise.get('r2')!);
    expect(found.gold.units).toBe(2 * ITEMS);
    expect(found.gold.weighted.rootMeanSquare).toBeLessThan(0.6 * found.gold.plain.rootMeanSquare);
    if ('undefined' in found.gold.change) throw new Error(found.gold.change.undefined);
    expect(found.gold.change.interval.high).toBeLessThan(0);
    // Plain means, by hand.
    const errors = data.items.flatMap((item, i) => {
      const own = data.judgments.filter(({ itemId }) => itemId === item.id);
      return [0, 1].map((reply) => {
        const values = own.flatMap(({ answer }) => (answer.kind === 'rating' ? [answer.values[reply]!.value] : []));
        return mean(values) - data.worths[i]![reply]!;
      });
    });
    const { plain } = found.gold;
    expect(plain.rootMeanSquare).toBeCloseTo(Math.sqrt(mean(errors.map((e) => e * e))), 10);
    expect('value' in plain.meanAbsolute && plain.meanAbsolute.value).toBeCloseTo(mean(errors.map(Math.abs)), 10);
    expect('value' in plain.bias && plain.bias.value).toBeCloseTo(mean(errors), 10);
    expect(gold.items).toBe(ITEMS);
  });

  it('stand in the report, with gold where there is any and the reason where there are no values', () => {
    const text = (report: FeedbackReport) => documentText(qualityDocument(report, { title: 't' }), { all: true });
    const known = text(reportOf(rated(true)));
    expect(known).toMatch(/Error of plain means, 120 with a known rating/);
    expect(known).toMatch(/Bias and noise of 6 raters/);
    expect(text(reportOf(rated(false)))).not.toMatch(/Error of plain means/);
    const { items, judgments } = rated(true);
    const once = [...new Map(judgments.map((judgment) => [judgment.itemId, judgment])).values()];
    expect(text(reportOf({ items, judgments: once }))).toMatch(/No values by weighted ratings: nothing is rated twice/);
  });
});

describe('known labels', () => {
  it('are what majority and Dawid–Skene are held against, by reply and question', () => {
    const label = (reply: number, labels: string[]): Answer => ({ kind: 'label', reply, labels });
    const items = Array.from({ length: 10 }, (_, i) =>
      itemOf(i, [
        { kind: 'label', reply: 0, labels: i === 9 ? ['never given'] : ['b', 'a'] },
        // Of another question: says nothing about this one.
        { kind: 'label', reply: 1, labels: ['c'], questionId: 'other' },
      ]),
    );
    const judgments = items.flatMap((_, i) =>
      [0, 1, 2].flatMap((r) => [
        judged(i, r, label(0, i < 7 || r === 0 ? ['a', 'b'] : ['a']), 'topic'),
        judged(i, r, label(1, []), 'topic'),
      ]),
    );
    const { truth, known } = reportOf({ items, judgments });
    const { gold } = truth.find(({ question }) => question === 'topic')!;
    expect(gold).toMatchObject({ units: 10, majority: { k: 7, n: 10 } });
    expect(known.unscored).toBe(0);
    const shown = reportOf({
      items,
      judgments: judgments.map((j) => ({ ...j, presentation: { ...j.presentation, purpose: 'gold' } })),
    });
    // Seven items by three raters and two by one; labels of reply 1 have nothing to be held against.
    expect(shown.known.byPurpose.gold).toMatchObject({ k: 23, n: 30 });
    expect(shown.known.unscored).toBe(30);
  });
});
