import { describe, expect, it } from 'vitest';
import type { Item, Judgment } from '../../feedback/index.ts';
import { documentPage, documentText } from '../../report/index.ts';
import { feedbackReport } from '../report.ts';
import { simulatedPool } from '../simulated-pool.fake.ts';
import { qualityDocument } from './index.ts';
import { countsText, effectText, pText, shareText } from './words.ts';

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

describe('the quality document', () => {
  const pool = simulatedPool({ seed: 4, items: 120, planted: { kind: 'position-preference', strength: 0.9 } });
  const scale = { min: 1, max: 5, step: 1 };
  const ratings = pool.judgments.slice(0, 60).map((judgment, i): Judgment => {
    const values = [{ reply: 0, criterion: 'clarity', value: 1 + (i % 5) }];
    return { ...judgment, id: `rating ${i}`, questionId: 'rating', answer: { kind: 'rating', scale, values } };
  });
  const report = feedbackReport(pool.items, [...pool.judgments, ...ratings], { seed: 1, replicates: 20 });
  const document = qualityDocument(report, { title: 'pool' });
  it('is plain data, the same for the same report', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
    expect(qualityDocument(report, { title: 'pool' })).toEqual(document);
  });
  it('says everything the report holds: a number changed anywhere changes the document', () => {
    // Keys that are not said: the version, and what other keys say too.
    const unsaid = new Set(['version', 'position', 'longer']);
    const text = JSON.stringify(document);
    const changed = (value: unknown): unknown => {
      if (typeof value === 'number') return value + 17;
      if (Array.isArray(value)) return value.map(changed);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, changed(inner)]));
    };
    const silent = Object.keys(report).filter((key) => {
      const other = { ...report, [key]: changed(report[key as keyof typeof report]) } as typeof report;
      return JSON.stringify(qualityDocument(other, { title: 'pool' })) === text;
    });
    expect(silent.filter((key) => !unsaid.has(key))).toEqual([]);
  });
  it('has the evidence of each flag, and the record ids behind it, in text and page', () => {
    const flags = report.detectors.flatMap((detector) => detector.flags);
    expect(flags.length).toBeGreaterThan(0);
    const page = documentPage(document);
    const text = documentText(document, { all: true });
    for (const { statistic, raters, records } of flags) {
      expect(page).toContain(statistic);
      expect(text).toContain(statistic);
      for (const rater of raters.slice(0, 6)) expect(text).toContain(rater);
      expect(JSON.stringify(document)).toContain(JSON.stringify(records));
    }
    expect(page).not.toMatch(/NaN|Infinity|undefined<|\[object/);
    expect(page.match(/<svg [^>]*role="img" aria-label="[^"]+"/g)!.length).toBe(7);
  });
  it('shows markup in names as text, and nothing of it as a tag', () => {
    const page = documentPage(
      qualityDocument(feedbackReport(...hostile(pool.items, pool.judgments), { seed: 1, replicates: 20 }), {
        title: NASTY,
      }),
    );
    expect(page).not.toMatch(/<script/i);
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).toContain('&lt;script&gt;');
  });
  it('says why there is nothing where there is nothing', () => {
    const empty = qualityDocument(feedbackReport([], [], { seed: 1, replicates: 20 }), { title: 'empty' });
    for (const said of [documentText(empty, { all: true }), documentPage(empty)])
      expect(said).not.toMatch(/NaN|Infinity|undefined<|\[object/);
  });
  it('calls questions and classes what people call them', () => {
    const names = { question: () => 'Which is kinder?', part: (_: string | null, id: string) => `«${id}»` };
    expect(JSON.stringify(qualityDocument(report, { title: 'pool', names }))).toContain('Which is kinder?');
  });
});

describe('words of figures', () => {
  it('shares and effects come with interval and n, or with the reason there is none', () => {
    expect(shareText({ k: 1, n: 4, share: 0.25, interval: { low: 0.1, high: 0.5, level: 0.95 } })).toBe(
      '25.0 % (95 %: 10.0 % to 50.0 %; 1 of 4)',
    );
    expect(shareText(null)).toBe('– (nothing to count)');
    expect(effectText({ undefined: 'too few' })).toBe('– (too few)');
    expect(effectText({ value: 0.5, standardError: 0.1, interval: { low: 0.3, high: 0.7, level: 0.95 }, n: 20 })).toBe(
      '0.5 (95 %: 0.3 to 0.7; n = 20)',
    );
    expect([pText(0.04), pText(1e-9)]).toEqual(['p = 0.040', 'p < 0.001']);
    expect([countsText({ 'too-long': 2, none: 0 }), countsText({})]).toEqual(['too long 2', 'none']);
  });
});
