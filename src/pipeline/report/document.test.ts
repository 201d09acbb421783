import { describe, expect, it } from 'vitest';
import {
  type Block,
  documentPage,
  documentSchema,
  documentText,
  factsOf,
  type PlotOf,
  sectionOf,
  sidesOf,
} from '../../report/index.ts';
import type { RunResults } from '../run-results.ts';
import { runDocument } from './document.ts';
import { pathPlots } from './paths.ts';
import { fakeRun } from './results.fake.ts';

const { config, results, facts } = await fakeRun();
const document = runDocument(config, results, facts);
const linesOf = (blocks: readonly Block[]): PlotOf<'lines'>[] =>
  blocks.flatMap((block) => (block.kind === 'plot' && block.plot.type === 'lines' ? [block.plot] : []));

/** The value with every number in it, and every text of a leaf, changed. */
const changed = (value: unknown): unknown => {
  if (typeof value === 'number') return value + 17;
  if (Array.isArray(value)) return value.map(changed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, changed(inner)]));
};

describe('the report of a run', () => {
  it('is plain data that its schema reads back, the same for the same results', () => {
    const stored: unknown = JSON.parse(JSON.stringify(document));
    expect(documentSchema.parse(stored)).toEqual(document);
    expect(stored).toEqual(document);
    expect(runDocument(config, results, facts)).toEqual(document);
  });
  it('says everything the results hold: a number changed anywhere changes the document', () => {
    const text = JSON.stringify(document);
    const saying = (other: RunResults) => JSON.stringify(runDocument(config, other, facts)) !== text;
    const keys = Object.keys(results) as (keyof RunResults)[];
    expect(keys.filter((key) => !saying({ ...results, [key]: changed(results[key]) } as RunResults))).toEqual([]);
    // One level down too: each figure of the data, the evaluation and a finding.
    const silent = (['data', 'collected', 'evaluation', 'exact'] as const).flatMap((key) =>
      Object.entries(results[key]!)
        .filter(([, value]) => typeof value !== 'string' && value !== null)
        .filter(
          ([name, value]) => !saying({ ...results, [key]: { ...results[key], [name]: changed(value) } } as RunResults),
        )
        .map(([name]) => `${key}.${name}`),
    );
    expect(silent).toEqual([]);
    const at = results.findings.findIndex(({ probe }) => probe === 'poisoning');
    const finding = results.findings[at]!;
    const unsaid = Object.entries(finding)
      .map(([name, value]) => [name, changed(typeof value === 'string' ? `${value} else` : value)] as const)
      .filter(([name]) => !['challenge', 'probe', 'verdict'].includes(name))
      .filter(([name, value]) => {
        const findings = results.findings.with(at, { ...finding, [name]: name === 'evidence' ? ['other'] : value });
        return !saying({ ...results, findings });
      });
    expect(unsaid).toEqual([]);
  });
  it('tells a newcomer on one screen how gold went, of every method, and that not assessed is no pass', () => {
    const summary = new Map(factsOf(document, 'summary').map(({ label, value }) => [label, value]));
    expect(summary.get('Gold, rloo (held-out prompts)')).toMatch(/^base .* → best .* at step 20 → end -.*; change -/);
    expect(summary.get('Gold, gentle (held-out prompts)')).toMatch(/^base .* → best .* → end .*95 %/);
    expect(summary.get('Proxy, rloo (deployment prompts)')).toMatch(/n = 8/);
    expect(summary.get('Findings')).toMatch(/1 failure, 1 concern, \d+ not assessed \(which is no pass\)/);
    expect(summary.get('Reward accuracy, held out')).toMatch(/95 %/);
    const brief = documentText(document);
    expect(brief.split('\n').length).toBeLessThan(60);
    expect(brief).toMatch(/R4 over-optimisation +▲ concern +0\.25 +0\.1 to 0\.4 +80 +3 +method ships/);
    expect(brief).not.toContain('Repeat it');
  });
  it('says of every figure of a policy on which prompts it is', () => {
    for (const plot of ['paths', 'change', 'length'].flatMap((id) => sectionOf(document, id)!.blocks)) {
      if (plot.kind === 'plot' && 'x' in plot.plot) expect(plot.plot.x).toContain('held-out prompts');
    }
    const page = documentPage(document);
    expect(page).toContain('8 deployment prompts');
    expect(page).toContain('held-out comparisons');
  });
  it('draws gold apart from a proxy that explodes, on the same axis, with every method by name', () => {
    const [gold, proxy, ...more] = linesOf(sectionOf(document, 'paths')!.blocks);
    expect(more).toEqual([]);
    const methods = ['rloo', 'gentle', 'best-of-n (KL at most)', 'exact optimum (6 prompts)'];
    expect(gold!.series.map(({ name }) => name)).toEqual(methods.map((name) => `gold, ${name}`));
    expect(proxy!.series.map(({ name }) => name)).toEqual(methods.map((name) => `proxy, ${name}`));
    expect(gold!.x).toBe(proxy!.x);
    expect(gold!.series.map(({ points }) => points.map(({ x }) => x))).toEqual(
      proxy!.series.map(({ points }) => points.map(({ x }) => x)),
    );
  });
  it('draws both in one where both can be read, and the proxy alone where gold is unknown', () => {
    const series = (high: number) => [
      {
        name: 'm',
        points: [
          { x: 0, y: 0 },
          { x: 1, y: high },
        ],
      },
    ];
    const count = (proxy: number, gold: number) => linesOf(pathPlots(series(proxy), series(gold))).length;
    expect([count(2, 1), count(8, 1), count(1, 8)]).toEqual([1, 2, 2]);
    expect(linesOf(pathPlots(series(1), []))[0]!.series.map(({ name }) => name)).toEqual(['proxy, m']);
  });
  it('shows replies side by side with those of every method', () => {
    const [sample] = sidesOf(document, 'samples');
    expect(sample!.sides.map(({ name }) => name)).toEqual(['before', 'after, rloo', 'after, gentle']);
  });
  it('names what was found behind each finding, and how often its probe is right', () => {
    const page = documentPage(document);
    expect(page).toContain('rater rater-3 ships, phrase ships');
    expect(page).toContain('18 of 20 (95 %: 0.1 to 0.4)');
    expect(page).toContain('the whole interval lies above the failure threshold');
  });
  it('says what a run without policy, gold and raters cannot tell', () => {
    const report = { ...results.feedback.report, raterTable: [] };
    const bare: RunResults = {
      ...results,
      paths: [],
      bestOf: undefined,
      exact: undefined,
      earlier: [],
      rates: {},
      feedback: { ...results.feedback, report },
    };
    const other = runDocument(config, bare, { ...facts, training: [] });
    expect(documentSchema.parse(JSON.parse(JSON.stringify(other)))).toEqual(other);
    const page = documentPage(other);
    expect(page).toContain('No policy was optimised in this run.');
    expect(page).toContain('The data do not say who judged.');
    for (const said of [page, documentText(other, { all: true })])
      expect(said).not.toMatch(/NaN|Infinity|undefined<|\[object/);
  });
  it('shows hostile text as text: nothing of it is a tag, nothing is asked from outside', async () => {
    const nasty = `<script>alert(1)</script>" onload='x' <img src=x onerror=y> __proto__ & https://x.example`;
    const run = await fakeRun(nasty);
    const hostile = documentPage(runDocument(run.config, run.results, run.facts));
    const tags = (page: string) => page.match(/<[a-z!/][^>]*>/gi)!.map((tag) => /^<\/?[a-z!]+/i.exec(tag)![0]);
    expect(hostile).not.toMatch(/<script|<img|(src|href)="(https?:)?\/\//);
    expect(hostile).toContain('&lt;script&gt;');
    expect(new Set(tags(hostile))).toEqual(new Set(tags(documentPage(document))));
  });
});
