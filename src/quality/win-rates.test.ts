import { describe, expect, it } from 'vitest';
import { type Answer, type Item, type Judgment, softComparison } from '../feedback/index.ts';
import { qualityDocument } from './document/index.ts';
import { feedbackReport } from './report.ts';

const item = (i: number): Item => ({
  id: `item-${i}`,
  projectId: 'p',
  prompt: `q ${i}`,
  replies: ['old', 'new'].map((model, r) => ({ id: `${i}/${r}`, text: `${model} ${i}`, model })),
  source: { origin: 'test', selection: 'all' },
});
const judgment = (i: number, answer: Answer): Judgment => ({
  id: `j-${i}`,
  projectId: 'p',
  itemId: `item-${i}`,
  raterId: 'judge',
  presentation: { order: [], view: 'full', instructionsVersion: '1', shownAt: 'then' },
  answer,
  activeMs: null,
  submittedAt: 'then',
  source: 'test',
});
const report = (answers: readonly Answer[]) =>
  feedbackReport(
    answers.map((_, i) => item(i)),
    answers.map((answer, i) => judgment(i, answer)),
    { seed: 1, replicates: 2 },
  );

describe('win rates of models', () => {
  it('add up shares, and say beside them what hard votes would have made of it', () => {
    const { winRates = [] } = report([
      softComparison([0.4, 0.6]),
      softComparison([0.45, 0.55]),
      { kind: 'comparison', outcome: 0 },
      { kind: 'comparison', outcome: 'tie' },
      { kind: 'comparison', outcome: 'both-bad' },
    ]);
    expect(winRates.map(({ model, soft }) => [model, soft])).toEqual([
      ['old', 2],
      ['new', 2],
    ]);
    const [old, fresh] = winRates.map(({ share, hard }) =>
      [share, hard].map((effect) => (effect as { value: number }).value),
    );
    expect(old![0]).toBeCloseTo((0.4 + 0.45 + 1 + 0.5) / 4, 12);
    expect(old![1]).toBeCloseTo((0 + 0 + 1 + 0.5) / 4, 12);
    expect(fresh![0]! + old![0]!).toBeCloseTo(1, 12);
    expect((winRates[0]!.share as { n: number }).n).toBe(4);
  });
  it('count votes as so many judgments', () => {
    const { winRates = [] } = report([softComparison([0.25, 0.75], 4), { kind: 'comparison', outcome: 0 }]);
    const rate = winRates.find(({ model }) => model === 'old')!.share as { value: number; n: number };
    expect([rate.value, rate.n]).toEqual([2 / 5, 5]);
  });
  it('stand in the report where there are any', () => {
    const of = (answers: readonly Answer[]) =>
      qualityDocument(report(answers), { title: 't' }).sections.map(({ id }) => id);
    expect(of([softComparison([0.4, 0.6])])).toContain('win-rates');
    expect(of([{ kind: 'label', reply: 0, labels: ['x'] }])).not.toContain('win-rates');
  });
});
