import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Block, Plot, PlotType, ReportDocument, Section } from './document.ts';
import { Element, h, Mention, type Node, toHtml } from './element.ts';
import { valueText } from './figures.ts';
import { factsOf, sidesOf } from './find.ts';
import { documentPage } from './page.ts';
import { drawPlot } from './plots/index.ts';
import { documentSchema } from './schema.ts';
import { documentText } from './text.ts';
import { documentTree } from './tree.ts';

const PLOTS: { readonly [T in PlotType]: Extract<Plot, { type: T }> } = {
  lines: {
    type: 'lines',
    title: 'Reward by KL',
    x: '√KL',
    y: 'reward',
    series: [
      {
        name: 'proxy',
        points: [
          { x: 0, y: 0, low: -1, high: 1 },
          { x: 1, y: 2 },
        ],
      },
      {
        name: 'gold',
        points: [
          { x: 0, y: 0 },
          { x: 1, y: -1 },
        ],
      },
    ],
    references: [{ y: 0.5, name: 'bar' }],
  },
  histogram: {
    type: 'histogram',
    title: 'Lengths',
    x: 'words',
    y: 'share',
    groups: [{ name: 'base', values: [1, 2, 2, 9] }],
  },
  forest: {
    type: 'forest',
    title: 'Raters',
    x: 'share right',
    reference: 0.5,
    rows: [{ name: 'a', value: 0.7, interval: { low: 0.6, high: 0.8 }, note: 'n = 9' }],
  },
  scatter: {
    type: 'scatter',
    title: 'Bias',
    x: 'first',
    y: 'longer',
    reference: 0.5,
    points: [
      {
        name: 'a',
        x: 0.4,
        y: 0.6,
        xInterval: { low: 0.3, high: 0.5 },
        yInterval: { low: 0.5, high: 0.7 },
        n: 5,
        marked: true,
      },
    ],
  },
  'log-histogram': {
    type: 'log-histogram',
    title: 'Time',
    x: 'seconds',
    y: 'judgments',
    bars: [
      { from: 1, to: 10, count: 3 },
      { from: 10, to: 100, count: 1 },
    ],
    mark: { at: 5, text: 'median' },
  },
  bars: { type: 'bars', title: 'By day', x: 'day', y: 'count', bars: [{ name: 'Monday', value: 3 }] },
  course: {
    type: 'course',
    title: 'Over time',
    x: 'time',
    y: 'agreement',
    time: true,
    points: [
      { x: 0, value: 0.5, low: 0.4, high: 0.6, n: 3, name: 'first day' },
      { x: 86_400_000, value: 0.6, low: 0.5, high: 0.7, n: 4, name: 'second day' },
    ],
  },
  matrix: {
    type: 'matrix',
    title: 'Pairs',
    names: ['a', 'b'],
    share: [
      [null, 0.9],
      [0.9, null],
    ],
    n: [
      [0, 5],
      [5, 0],
    ],
  },
};

const BLOCKS: { readonly [K in Block['kind']]: Extract<Block, { kind: K }> } = {
  facts: { kind: 'facts', name: 'Summary', rows: [['Judgments', '12']] },
  table: {
    kind: 'table',
    name: 'Rows',
    columns: [{ title: 'Who' }, { title: 'n', number: true }],
    rows: [
      [[{ ref: 'rater', ids: ['r1'], text: 'r1' }], '3'],
      ['r2', { tone: 'concern', text: 'look' }],
    ],
  },
  text: { kind: 'text', text: 'Said plainly.' },
  verdict: { kind: 'verdict', verdict: { tone: 'clear', text: 'clear' }, text: 'of correlated errors' },
  list: { kind: 'list', items: ['one', 'two'] },
  heading: { kind: 'heading', text: 'Apart' },
  fold: { kind: 'fold', summary: 'More', blocks: [{ kind: 'text', text: 'Folded.' }], open: true },
  sides: {
    kind: 'sides',
    title: 'Prompt',
    note: 'gold 1',
    sides: [
      { name: 'before', text: 'a' },
      { name: 'after', text: 'b' },
    ],
  },
  code: { kind: 'code', code: 'goodhart run' },
  plot: { kind: 'plot', plot: PLOTS.lines },
};

const everything: ReportDocument = {
  title: 'Everything',
  note: 'One of each.',
  sections: [{ id: 'all', title: 'All blocks', blocks: Object.values(BLOCKS) }],
};

describe('a report document', () => {
  it('survives being stored, and is read back by its schema with every kind of plot', () => {
    const plots = Object.values(PLOTS).map((plot): Block => ({ kind: 'plot', plot }));
    const section: Section = { id: 'plots', title: 'Plots', note: 'each', blocks: plots, detail: true };
    const whole: ReportDocument = { ...everything, sections: [...everything.sections, section] };
    expect(JSON.parse(JSON.stringify(whole))).toEqual(whole);
    expect(documentSchema.parse(JSON.parse(JSON.stringify(whole)))).toEqual(whole);
  });
  it('is no document where anything is of another kind, or more than a document holds', () => {
    const forge = (block: unknown) => ({ ...everything, sections: [{ id: 'x', title: 'x', blocks: [block] }] });
    const line = { ...PLOTS.lines, series: [{ name: 's', points: [{ x: 0, y: null }] }] };
    const forged = [
      forge({ kind: 'html', html: '<script>' }),
      forge({ kind: 'text', text: { html: '<b>' } }),
      forge({ kind: 'text', text: 'x', html: '<b>' }),
      forge({ kind: 'verdict', verdict: { tone: 'constructor', text: 'x' }, text: '' }),
      forge({ kind: 'table', name: 't', columns: [], rows: [[]] }),
      forge({ kind: 'fold', summary: 's', blocks: [{ kind: 'fold' }] }),
      forge({ kind: 'plot', plot: line }),
      { ...everything, script: 'alert(1)' },
    ];
    expect(forged.map((one) => documentSchema.safeParse(one).success)).toEqual(forged.map(() => false));
  });
  it('gives its facts and its texts side by side to who asks for them', () => {
    expect(factsOf(everything, 'all')).toEqual([{ label: 'Judgments', value: '12' }]);
    expect(sidesOf(everything, 'all').map(({ title }) => title)).toEqual(['Prompt']);
    expect([factsOf(everything, 'none'), sidesOf(everything, 'none')]).toEqual([[], []]);
  });
  it('says any plain value in words', () => {
    expect(
      [0.12345, 'x', null, true, [], [1, 'a'], { low: 0, high: 1 }, { proxyRise: 2, of: { low: 1 } }].map(valueText),
    ).toEqual(['0.123', 'x', '–', 'true', 'none', '1, a', '0 to 1', 'proxy rise 2, of low 1']);
  });
  it('draws every plot with its title, its axes and its names', () => {
    for (const plot of Object.values(PLOTS)) {
      const svg = toHtml(drawPlot(plot));
      expect(svg).toContain(`aria-label="${plot.title}"`);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      if ('x' in plot) expect(svg).toContain(plot.x);
    }
  });
  it('draws values that differ by rounding alone as one line, not as an axis of rounding errors', () => {
    const points = [0, 4e-16, 0].map((y, x) => ({ x, y }));
    const svg = toHtml(drawPlot({ ...PLOTS.lines, series: [{ name: 's', points }], references: [] }));
    expect(svg).not.toMatch(/e-1\d<\/text>/);
    expect(svg).toContain('>0.4</text>');
  });
  it('says the same words in text and in HTML', () => {
    const text = documentText(everything, { all: true });
    const page = documentPage(everything);
    for (const word of ['Judgments', 'r1', 'look', 'Said plainly.', 'two', 'Folded.', 'before', 'goodhart run']) {
      expect(text).toContain(word);
      expect(page).toContain(word);
    }
  });
  it('leaves folds and details to those who ask', () => {
    const detail: ReportDocument = { ...everything, sections: [{ ...everything.sections[0]!, detail: true }] };
    expect(documentText(detail)).toBe('');
    expect(documentText(everything)).not.toContain('Folded.');
  });
  it('leaves what a mention becomes to the page', () => {
    const mentions = (node: Node): Mention[] =>
      node instanceof Mention
        ? [node]
        : Array.isArray(node)
          ? node.flatMap(mentions)
          : node instanceof Element
            ? node.children.flatMap(mentions)
            : [];
    expect(mentions(documentTree(everything)).map(({ reference }) => reference)).toEqual([
      { ref: 'rater', ids: ['r1'], text: 'r1' },
    ]);
  });
  it('is never changed by what stands in its texts', () => {
    // Whatever a stranger wrote, the tags of the page are those of the same page with harmless words.
    const tags = (page: string) => page.match(/<[a-z!/][^>]*>/gi)!.length;
    const hostile = fc.oneof(
      fc.string(),
      fc.constantFrom('<script>alert(1)</script>', '"><img src=x>', "' onload='x", '</style>', '&lt;b&gt;', '\u202e'),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        const make = (word: string): ReportDocument => ({
          title: word,
          note: word,
          sections: [
            {
              id: 'x',
              title: word,
              note: word,
              blocks: [
                { kind: 'facts', name: word, rows: [[word, word]] },
                { kind: 'table', name: word, columns: [{ title: word }], rows: [[word]] },
                { kind: 'sides', title: word, note: word, sides: [{ name: word, text: word }] },
                { kind: 'code', code: word },
                {
                  kind: 'plot',
                  plot: { ...PLOTS.forest, title: word, x: word, rows: [{ ...PLOTS.forest.rows[0]!, name: word }] },
                },
              ],
            },
          ],
        });
        expect(tags(documentPage(make(text)))).toBe(tags(documentPage(make('word'))));
      }),
    );
  });
  it('takes no element from data: what looks like one is not drawn as one', () => {
    const forged = JSON.parse('{"tag":"script","attributes":{},"children":["alert(1)"],"html":"<script>"}') as string;
    expect(toHtml(h('p', {}, forged))).toBe('<p>[object Object]</p>');
  });
});
