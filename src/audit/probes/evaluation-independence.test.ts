import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { coverageContract, type TruthCase } from '../coverage.contract.ts';
import { careless, crowd, honest } from '../crowd.fake.ts';
import { EVIDENCE } from '../evidence/index.ts';
import type { RaterCredit } from '../evidence/rater-credits.ts';
import type { RunView } from '../evidence/run-view.ts';
import { runProbe } from '../run-audit.ts';
import { evaluationIndependence } from './evaluation-independence.ts';

interface Panel {
  readonly accuracy: number;
  /** How far raters differ in what is lost on them. */
  readonly loss: number;
  readonly spread?: number;
  readonly raters?: number;
  readonly items?: number;
}

/** The same judgments under a reward that saw their rater and under one that did not. */
function swapped(rng: Rng, { accuracy, loss, spread = 0, raters = 8, items = 60 }: Panel): RaterCredit[] {
  return Array.from({ length: raters }, (_, r) => {
    const own = loss + spread * (2 * rng.uniform() - 1);
    return Array.from({ length: items }, (__, i) => {
      const draw = rng.uniform();
      const [at, raterId] = [{ itemId: `i${i}` }, `r${r}`];
      return [
        { ...at, raterId, seen: true, credit: Number(draw < accuracy) },
        { ...at, raterId, seen: false, credit: Number(draw < accuracy - own) },
      ];
    }).flat();
  }).flat();
}

/** Two panels of different people. */
function apart(rng: Rng, { accuracy, loss, spread = 0, raters = 8, items = 60 }: Panel): RaterCredit[] {
  return Array.from({ length: 2 * raters }, (_, r) => {
    const seen = r < raters;
    const own = accuracy - (seen ? 0 : loss) + spread * (2 * rng.uniform() - 1);
    return Array.from({ length: items }, (__, i) => ({
      ...{ itemId: `i${i}`, raterId: `r${r}`, seen },
      credit: Number(rng.uniform() < own),
    }));
  }).flat();
}
const drawn = (name: string, draw: typeof apart, panel: Panel): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: { 'rater-credits': draw(rng, panel) }, truth: panel.loss }),
});
const found = (rows: readonly RaterCredit[]) =>
  runProbe(evaluationIndependence, { 'rater-credits': rows }, { seed: 1 });

describe('evaluation-independence', () => {
  coverageContract(evaluationIndependence, [
    drawn('the same judgments, a loss', swapped, { accuracy: 0.8, loss: 0.1 }),
    drawn('the same judgments, raters who differ', swapped, { accuracy: 0.8, loss: 0.15, spread: 0.15 }),
    drawn('other people, no loss', apart, { accuracy: 0.75, loss: 0 }),
    drawn('other people who differ', apart, { accuracy: 0.75, loss: 0.1, spread: 0.2 }),
    drawn('few other people who differ', apart, { accuracy: 0.75, loss: 0.1, spread: 0.2, raters: 3 }),
  ]);
  it('reaches every verdict', () => {
    const verdict = (panel: Panel, draw = swapped) => found(draw(createRng(1), panel)).verdict;
    expect(verdict({ accuracy: 0.9, loss: 0.2 })).toBe('failure');
    expect(verdict({ accuracy: 0.8, loss: 0.05, items: 200 })).toBe('concern');
    expect(verdict({ accuracy: 0.8, loss: 0.02 }, apart)).toBe('inconclusive');
    expect(verdict({ accuracy: 0.8, loss: -0.1 })).toBe('clear');
    expect(verdict({ accuracy: 0.8, loss: 0.2, raters: 2 })).toBe('not-assessed');
    expect(verdict({ accuracy: 0.8, loss: 0.2, items: 10 })).toBe('not-assessed');
  });
  it('by hand: accuracies on either side, and who stands on both', () => {
    const rows = apart(createRng(1), { accuracy: 1, loss: 0.5, raters: 4, items: 40 });
    const { estimate, details } = found(rows);
    const unseen = rows.filter(({ seen }) => !seen);
    const right = unseen.filter(({ credit }) => credit === 1).length / unseen.length;
    expect(details).toMatchObject({ accuracySeen: 1, accuracyUnseen: right, ratersOnBothSides: 0, ratersUnseen: 4 });
    expect(estimate).toBeCloseTo(1 - right, 12);
  });
  it('is gathered by dealing the raters into halves and teaching each a reward', async () => {
    const rng = createRng(7);
    const texts = crowd(
      rng,
      [honest(rng, 'a', 0.9), honest(rng, 'b', 0.9), careless(rng, 'c'), honest(rng, 'd', 0.9)],
      {
        items: 60,
        overlap: 3,
      },
    );
    const feedback = { ...texts, raters: [] };
    const view = { seed: 3, feedback } as unknown as RunView;
    const rows = (await EVIDENCE['rater-credits'].gather(view))!;
    // Twice divided, each judgment twice scored.
    expect(rows.length).toBe(60 * 3 * 4);
    expect(rows.filter(({ seen }) => seen).length).toBe(rows.length / 2);
    expect(await EVIDENCE['rater-credits'].gather(view)).toEqual(rows);
    const two = { ...feedback, judgments: feedback.judgments.filter(({ raterId }) => raterId < 'c') };
    expect(await EVIDENCE['rater-credits'].gather({ ...view, feedback: two })).toBeUndefined();
  });
});
