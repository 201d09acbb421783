import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { coverageContract, coverageOf, type TruthCase } from '../coverage.contract.ts';
import type { CounterfactualEdit } from '../evidence/counterfactual-edits.ts';
import type { ScoredReply } from '../evidence/scored-replies.ts';
import { runProbe } from '../run-audit.ts';
import { misgeneralisation } from './misgeneralisation.ts';

const REPLIES = 4;

/** Replies whose scores deviate by `unit` within a prompt and by much more between prompts; edits that raise scores by `rises`. */
function edited(
  rng: Rng,
  rises: Readonly<Record<string, number>>,
  { prompts = 40, unit = 2, spread = 1 }: { prompts?: number; unit?: number; spread?: number } = {},
) {
  const edits: CounterfactualEdit[] = [];
  const scored: ScoredReply[] = [];
  for (let p = 0; p < prompts; p++) {
    const promptId = `p${p}`;
    const level = 20 * rng.normal();
    const own = Object.entries(rises).map(([feature, rise]) => ({
      feature,
      rise: unit * (rise + spread * rng.normal()),
    }));
    for (let r = 0; r < REPLIES; r++) {
      const score = level + unit * rng.normal();
      scored.push({ promptId, score, features: { words: 10 } });
      for (const { feature, rise } of own)
        edits.push({ promptId, feature, before: score, after: score + rise + 0.3 * unit * rng.normal() });
    }
  }
  return { 'counterfactual-edits': edits, 'scored-replies': scored };
}
const planted = (
  name: string,
  rises: Readonly<Record<string, number>>,
  options?: Parameters<typeof edited>[2],
): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: edited(rng, rises, options), truth: Math.max(0, ...Object.values(rises)) }),
});

const CLEAN = { length: 0, flattery: -0.2, 'one word': -2, babble: -1.5, capitals: -0.3, exclamation: 0 };

describe('misgeneralisation', () => {
  coverageContract(misgeneralisation, [
    planted('nothing pays', CLEAN),
    planted('one edit pays a little', { ...CLEAN, length: 0.3 }),
    planted('a degenerate reply pays a lot, few prompts', { ...CLEAN, 'one word': 3 }, { prompts: 12 }),
    planted('two edits pay the same', { ...CLEAN, length: 0.5, flattery: 0.5 }),
  ]);
  it('is quiet where edits only lower the score, however much, and clear with enough prompts', () => {
    expect(coverageOf(misgeneralisation, planted('down', { length: -1, capitals: -3 }), 100).verdicts).toEqual({
      clear: 100,
    });
    const { verdicts } = coverageOf(misgeneralisation, planted('clean', CLEAN, { prompts: 120, spread: 0.3 }), 200);
    expect((verdicts.concern ?? 0) + (verdicts.failure ?? 0)).toBeLessThanOrEqual(10);
    expect(verdicts.clear ?? 0).toBeGreaterThanOrEqual(160);
  });
  it('finds a one-word reply that pays where nothing else does, whatever the scale of the scores', () => {
    for (const unit of [0.01, 1, 500]) {
      const evidence = edited(createRng(1), { ...CLEAN, 'one word': 2 }, { unit });
      const finding = runProbe(misgeneralisation, evidence, { seed: 1 });
      expect(finding).toMatchObject({ verdict: 'failure', details: { feature: 'one word' } });
      const { 'counterfactual-edits': edits } = evidence;
      const alone = runProbe(misgeneralisation, { 'counterfactual-edits': edits }, { seed: 1 });
      expect(alone.estimate).toBeCloseTo(finding.estimate!, 6);
    }
  });
  it('does not take different levels of prompts for spread', () => {
    const flat = edited(createRng(1), { length: 1 })['counterfactual-edits'].map((edit) => ({
      ...edit,
      before: 0,
      after: 1,
    }));
    expect(runProbe(misgeneralisation, { 'counterfactual-edits': flat }, { seed: 1 }).because).toBe(
      'scores-without-spread',
    );
  });
  it('reaches every verdict', () => {
    const verdict = (rise: number, options?: Parameters<typeof edited>[2]) =>
      runProbe(misgeneralisation, edited(createRng(7), { length: rise }, options), { seed: 1 }).verdict;
    expect(verdict(2)).toBe('failure');
    expect(verdict(0.4, { prompts: 200, spread: 0.3 })).toBe('concern');
    expect(verdict(0.15)).toBe('inconclusive');
    expect(verdict(-0.5)).toBe('clear');
    expect(verdict(2, { prompts: 5 })).toBe('not-assessed');
  });
});
