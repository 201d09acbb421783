import { describe, expect, it } from 'vitest';
import { createRng } from '../../stats/index.ts';
import { coverageOf } from '../coverage.contract.ts';
import { type TextRater, textCrowd } from '../crowd-texts.fake.ts';
import { ALTERNATIVES, BOLTZMANN, ONE_RATIONALITY, type ScoredChoice } from '../rater-models.ts';
import { runProbe } from '../run-audit.ts';
import { raterModelMisfit } from './rater-model-misfit.ts';

const WORTH = { amber: 1.5, birch: -1.5, cedar: 0.5 };
const pool = (change: (i: number) => Partial<TextRater>): TextRater[] =>
  Array.from({ length: 6 }, (_, i) => ({ id: `r${i}`, worth: WORTH, ...change(i) }));
const found = (raters: readonly TextRater[], { items = 400, seed = 1, params = {} } = {}) =>
  runProbe(raterModelMisfit, textCrowd(createRng(seed), raters, { items, overlap: 3 }), { seed, params });

describe('rater-model-misfit', () => {
  it('reaches every verdict, and names the better model', () => {
    const failure = found(pool(() => ({ place: 2 })));
    expect(failure.verdict).toBe('failure');
    expect(failure.details.alternative).toBe('place');
    expect(found(pool((i) => ({ place: i < 3 ? 1.2 : 0 }))).verdict).toBe('concern');
    expect(found(pool((i) => ({ place: i < 2 ? 1 : 0 }))).verdict).toBe('inconclusive');
    expect(found(pool(() => ({}))).verdict).toBe('clear');
    expect(
      found(
        pool(() => ({})),
        { items: 30 },
      ),
    ).toMatchObject({
      verdict: 'not-assessed',
      because: 'too-little-evidence',
    });
  });
  it('is not alarmed by raters of different rationality, by careless ones, or by different tastes', () => {
    const different = found(pool((i) => ({ rationality: i % 2 === 0 ? 0.5 : 2.5 })));
    expect(different.verdict).toBe('clear');
    expect(different.details.savedByOwnRationality).toBeGreaterThan(0.02);
    expect(found(pool((i) => ({ lapse: i < 1 ? 0.9 : 0 }))).verdict).toBe('clear');
    const tastes = found(pool((i) => ({ worth: i % 2 === 0 ? { amber: 2 } : { birch: 2 } })));
    expect(['concern', 'failure']).not.toContain(tastes.verdict);
  });
  it('sees sure raters who slip', () => {
    const slipping = pool(() => ({ rationality: 8, lapse: 0.3 }));
    expect(found(slipping, { items: 800 })).toMatchObject({ details: { alternative: 'lapse' } });
  });
  it('covers zero where nothing is wrong, and the cost of a place where there is one', () => {
    const draw = (place: number) => ({
      name: `place ${place}`,
      draw: (rng: ReturnType<typeof createRng>) => ({
        evidence: textCrowd(
          rng,
          pool(() => (place === 0 ? {} : { place, worth: {} })),
          { items: 150, overlap: 3 },
        ),
        // Without any worth, the choice is a coin with log-odds ± place: ln 2 less its entropy. Without a place it is Boltzmann's.
        truth: Math.LN2 - entropy(1 / (1 + Math.exp(-place))),
      }),
    });
    for (const place of [0, 1]) {
      const { covered, assessed } = coverageOf(raterModelMisfit, draw(place), 30);
      expect(assessed).toBe(30);
      expect(covered).toBeGreaterThanOrEqual(27);
    }
  });
  it('does not mind judgments that compare nothing, nor items without judgments', () => {
    const evidence = textCrowd(
      createRng(3),
      pool(() => ({})),
      { items: 100, overlap: 3 },
    );
    const usual = runProbe(raterModelMisfit, evidence, { seed: 1 });
    const [first] = evidence.judgments;
    const rating = { ...first!, id: 'x', answer: { kind: 'rating', reply: 0, value: 3 } } as never;
    const more = {
      items: [...evidence.items, { ...evidence.items[0]!, id: 'alone' }],
      judgments: [...evidence.judgments, rating],
    };
    expect(runProbe(raterModelMisfit, more, { seed: 1 }).n).toBe(usual.n);
    expect(runProbe(raterModelMisfit, { items: [], judgments: [] }, { seed: 1 }).verdict).toBe('not-assessed');
  });
});

const entropy = (p: number) => -p * Math.log(p) - (1 - p) * Math.log(1 - p);

describe('rater models', () => {
  const choice = (part: Partial<ScoredChoice>): ScoredChoice => ({
    ...{ rater: 0, target: 1, weight: 1, score: 0, late: 0, level: 0, place: 0, time: 0 },
    ...part,
  });
  it('by hand: half a rater’s answers backwards make a coin of any score', () => {
    const rows = Array.from({ length: 400 }, (_, i) =>
      choice({ score: i % 2 === 0 ? 1 : -1, target: Number(i % 4 < 2) }),
    );
    for (const model of [ONE_RATIONALITY, BOLTZMANN]) {
      expect(model(rows, 1)(choice({ score: 1 }))).toBeCloseTo(Math.LN2, 1);
    }
  });
  it('by hand: three answers in ten at random leave one in seven wrong, however clear the case', () => {
    const rows = Array.from({ length: 2000 }, (_, i) =>
      choice({ score: i % 2 === 0 ? 9 : 1, target: Number(i % 20 >= 3) }),
    );
    const loss = ALTERNATIVES.lapse(rows, 1);
    expect(Math.exp(-loss(choice({ score: 9 })))).toBeCloseTo(0.85, 1);
    expect(Math.exp(-loss(choice({ score: 90 })))).toBeCloseTo(0.85, 1);
    expect(Math.exp(-BOLTZMANN(rows, 1)(choice({ score: 90 })))).toBeGreaterThan(0.99);
  });
  it('a tie is half of each', () => {
    const rows = Array.from({ length: 100 }, (_, i) => choice({ score: i - 49.5, target: 0.5 }));
    for (const model of [BOLTZMANN, ...Object.values(ALTERNATIVES)])
      expect(model(rows, 1)(choice({ score: 3, target: 0.5 }))).toBeCloseTo(Math.LN2, 2);
  });
});
