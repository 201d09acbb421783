import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { coverageContract, type TruthCase } from '../coverage.contract.ts';
import type { EvidenceRow } from '../evidence/index.ts';
import { learningCurve } from '../learning-curve.ts';
import { runProbe } from '../run-audit.ts';
import { marginalValue } from './marginal-value.ts';

type Row = EvidenceRow<'learning-curve'>;

/** Rows whose credits are drawn around a curve top − fall · share^−½, with prompts that differ. */
function curve(rng: Rng, fall: number, { prompts = 50, each = 4, top = 0.8 } = {}): Row[] {
  return Array.from({ length: prompts }, (_, p) => p).flatMap((p) => {
    const own = 0.1 * (rng.uniform() - 0.5);
    return Array.from({ length: each }, (_, i): Row => {
      const chance = rng.uniform();
      const at = (share: number) => Number(chance < top + own - fall / Math.sqrt(share));
      return {
        itemId: `${p}/${i}`,
        promptId: `${p}`,
        judgments: 1,
        credits: [0.75, 0.375].map((share) => ({ share, fewer: 'pairs', credit: at(share) })),
      };
    });
  });
}
const tenth = (fall: number) => fall * (0.9 ** -0.5 - 1);
const drawn = (name: string, fall: number, options?: Parameters<typeof curve>[2]): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: { 'learning-curve': curve(rng, fall, options) }, truth: tenth(fall) }),
});

describe('marginal-value', () => {
  coverageContract(marginalValue, [
    drawn('saturated', 0),
    drawn('some is to be had', 0.05),
    drawn('starved', 0.2),
    drawn('few prompts', 0.1, { prompts: 12, each: 8 }),
  ]);
  it('is what the last tenth bought, by hand', () => {
    const rows = (credits: readonly (readonly [number, number])[]): Row[] =>
      credits.flatMap(([more, less], p) =>
        Array.from({ length: 10 }, (_, i) => ({
          itemId: `${p}/${i}`,
          promptId: `${p}`,
          judgments: 2,
          credits: [
            { share: 1, fewer: 'pairs' as const, credit: more },
            { share: 0.5, fewer: 'pairs' as const, credit: less },
          ],
        })),
      );
    const finding = runProbe(marginalValue, { 'learning-curve': rows(Array(10).fill([0.8, 0.7])) }, { seed: 1 });
    // (0.9^−½ − 1) / (0.5^−½ − 1), and between log(1/0.9) / log 2 and (1/0.9 − 1) / 1, of a tenth of accuracy.
    expect(finding.estimate).toBeCloseTo(0.1 * 0.130595, 6);
    expect(finding.interval!.low).toBeCloseTo(0.1 * 0.111111, 6);
    expect(finding.interval!.high).toBeCloseTo(0.1 * 0.152003, 6);
  });
  it('reaches every verdict', () => {
    const verdict = (fall: number, options?: Parameters<typeof curve>[2]) =>
      runProbe(marginalValue, { 'learning-curve': curve(createRng(2), fall, options) }, { seed: 1 }).verdict;
    expect(verdict(0.35, { prompts: 800 })).toBe('failure');
    expect(verdict(0.12, { prompts: 800 })).toBe('concern');
    expect(verdict(0.06, { prompts: 20 })).toBe('inconclusive');
    expect(verdict(0, { prompts: 800 })).toBe('clear');
    expect(verdict(0.2, { prompts: 4 })).toBe('not-assessed');
    const row = curve(createRng(1), 0.1).map((own) => ({ ...own, credits: own.credits.slice(0, 1) }));
    expect(runProbe(marginalValue, { 'learning-curve': row }, { seed: 1 }).verdict).toBe('not-assessed');
  });
  it('says how many votes a pair should get, where prices are told', () => {
    const priced = (pairPrice: number, lessByVotes: number) => {
      const rows = curve(createRng(3), 0.2).map((row): Row => {
        const [more, less] = row.credits;
        const votes = {
          share: 0.375,
          fewer: 'votes' as const,
          credit: more!.credit - lessByVotes * (more!.credit - less!.credit),
        };
        return { ...row, judgments: 3, credits: [...row.credits, votes] };
      });
      const { details } = runProbe(
        marginalValue,
        { 'learning-curve': rows },
        { seed: 1, params: { pairPrice, votePrice: 1 } },
      );
      return (details.cheapestMix as { votesEach: number }).votesEach;
    };
    // Half of what fewer pairs cost: τ = m = 3, so that √(3 · price) votes are best.
    expect(priced(3, 0.5)).toBeCloseTo(3, 6);
    expect(priced(12, 0.5)).toBeCloseTo(6, 6);
    expect(priced(0, 0.5)).toBe(1);
    // Votes that add nothing: one is enough at any price.
    expect(priced(12, 0)).toBe(1);
  });
});

describe('the end of a learning curve', () => {
  it('rises where each of many things has to be learned, and not where one is all', () => {
    const rise = (things: number) => {
      const rng = createRng(`curve ${things}`);
      const taste = Array.from({ length: things }, () => Number(rng.uniform() < 0.5));
      const pairs = Array.from({ length: 400 }, (_, i) => {
        const thing = rng.integer(things);
        return {
          itemId: `${i}`,
          promptId: `${i % 100}`,
          at: Int32Array.of(thing),
          by: Float64Array.of(1),
          votes: [taste[thing]!],
        };
      });
      const rows = learningCurve(pairs, { columns: things, rng })!;
      expect(rows.map(({ itemId }) => itemId)).toEqual(pairs.map(({ itemId }) => itemId));
      const at = (k: number) => rows.reduce((sum, { credits }) => sum + credits[k]!.credit, 0) / rows.length;
      expect(rows[0]!.credits.map(({ share }) => share)).toEqual([expect.closeTo(0.75, 6), expect.closeTo(0.375, 6)]);
      return at(0) - at(1);
    };
    expect(rise(1)).toBeCloseTo(0, 9);
    expect(rise(200)).toBeGreaterThan(0.1);
  });
  it('is not drawn from fewer than eight prompts', () => {
    const pairs = Array.from({ length: 70 }, (_, i) => ({
      itemId: `${i}`,
      promptId: `${i % 7}`,
      at: Int32Array.of(0),
      by: Float64Array.of(1),
      votes: [1],
    }));
    expect(learningCurve(pairs, { columns: 1, rng: createRng(1) })).toBeUndefined();
  });
});
