import { describe, expect, it } from 'vitest';
import type { Item, Judgment } from '../../feedback/index.ts';
import { feedbackReport } from '../../quality/index.ts';
import { simulatedPool } from '../../quality/simulated-pool.fake.ts';
import { renderFeedbackPage } from './feedback-page.ts';
import { coursePlot, forestPlot, logHistogram, matrixPlot, scatterPlot } from './quality-plots.ts';

const NASTY = '<script>alert(1)</script>"\'&';

/** Every name of the data replaced by markup. */
function hostile(items: readonly Item[], judgments: readonly Judgment[]): [Item[], Judgment[]] {
  return [
    items.map((item) => ({
      ...item,
      id: `${item.id}${NASTY}`,
      strata: { [`key${NASTY}`]: `${item.id.length}${NASTY}` },
    })),
    judgments.map((j) => ({
      ...j,
      id: `${j.id}${NASTY}`,
      itemId: `${j.itemId}${NASTY}`,
      raterId: `${j.raterId}${NASTY}`,
      questionId: NASTY,
      reason: NASTY,
      presentation: { ...j.presentation, instructionsVersion: NASTY, view: NASTY },
    })),
  ];
}

const SECTIONS = [
  'Agreement',
  'Raters',
  'Position and length',
  'Time',
  'Detectors',
  'Flags',
  'Agreement between raters',
  'Disagreement',
  'Truth from several raters',
  'People and coverage',
];

describe('the feedback page', () => {
  const pool = simulatedPool({ seed: 4, items: 120, planted: { kind: 'position-preference', strength: 0.9 } });
  it('shows every section, with plots that say their numbers', () => {
    const report = feedbackReport(pool.items, pool.judgments, { seed: 1, replicates: 20 });
    const page = renderFeedbackPage(report, { name: 'pool' });
    for (const title of SECTIONS) expect(page).toContain(`<h2>${title}</h2>`);
    expect(page.match(/<svg [^>]*role="img" aria-label="[^"]+"/g)!.length).toBe(7);
    expect(page.match(/<title>/g)!.length).toBeGreaterThan(50);
    for (const flag of report.detectors.flatMap((d) => d.flags)) expect(page).toContain(flag.statistic);
    expect(page).not.toMatch(/NaN|Infinity|undefined<|\[object/);
    expect(page).toContain('prefers-color-scheme:dark');
  });
  it('has no script and asks nobody outside, whatever the data are called', () => {
    const [items, judgments] = hostile(pool.items, pool.judgments);
    const page = renderFeedbackPage(feedbackReport(items, judgments, { seed: 1, replicates: 20 }), { name: NASTY });
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(page).not.toMatch(/https?:/);
    expect(page).not.toMatch(/ on[a-z]+=/);
  });
  it('stands on nothing at all, and says what is missing', () => {
    const page = renderFeedbackPage(feedbackReport([], [], { seed: 1 }), { name: 'empty' });
    for (const title of SECTIONS) expect(page).toContain(`<h2>${title}</h2>`);
    expect(page).not.toMatch(/NaN|Infinity|<svg/);
    expect(page).toContain('there are no comparisons');
  });
});

describe('plots of single or flat data', () => {
  const interval = { low: 0.5, high: 0.5 };
  it('stay finite', () => {
    const drawn = [
      forestPlot('t', [{ name: 'a', value: 0.5, interval, note: 'n = 1' }], { x: 'x' }),
      scatterPlot('t', [{ name: 'a', x: 0.5, y: 0.5, xInterval: interval, yInterval: interval, n: 1, marked: true }], {
        x: 'x',
        y: 'y',
        reference: 0.5,
      }),
      logHistogram('t', [{ from: 1, to: 1.0001, count: 3 }], { x: 'x', y: 'y', mark: 1, markText: 'median' }),
      coursePlot('t', [{ x: 5, value: 1, low: 1, high: 1, n: 1, name: 'a' }], { x: 'x', y: 'y', time: true }),
      coursePlot('t', [{ x: 0, value: 1, low: 1, high: 1, n: 1, name: 'a' }], { x: 'x', y: 'y', time: false }),
      matrixPlot('t', ['a', 'b'], {
        share: [
          [null, 1],
          [1, null],
        ],
        n: [
          [0, 9],
          [9, 0],
        ],
      }),
    ];
    for (const { html } of drawn) expect(html).not.toMatch(/NaN|Infinity/);
  });
});
