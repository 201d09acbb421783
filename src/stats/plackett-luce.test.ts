import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  comparisonsOf,
  createRng,
  fitPreferences,
  mean,
  type PlackettLuceFit,
  type PlackettLuceOptions,
  plackettLuce,
  type Ranking,
  rankingOfRanks,
  strictRanking,
  topChoice,
} from './index.ts';
import { rankingDerivatives, rankingsLogLikelihood } from './ranking-likelihood.ts';
import { rankingColumns } from './rankings.ts';

const fixtures = JSON.parse(readFileSync(new URL('../../fixtures/strength.json', import.meta.url), 'utf8'));

const fitted = (rankings: readonly Ranking[], items: number, options?: PlackettLuceOptions): PlackettLuceFit => {
  const fit = plackettLuce(rankings, items, options);
  if ('undefined' in fit) throw new Error(fit.undefined);
  return fit;
};
const value = <T>(answer: T | { readonly undefined: string }): T => {
  if (answer instanceof Object && 'undefined' in answer) throw new Error(answer.undefined);
  return answer as T;
};
type ChoixRow = number[] | [number, number[]];
const ofChoix = (rows: ChoixRow[]): Ranking[] =>
  rows.map((row) => (Array.isArray(row[1]) ? topChoice(row[0] as number, row[1]) : strictRanking(row as number[])));
const fruit = (fixtures.plackettLuceTies.rankings as number[][]).map(rankingOfRanks);

describe('Plackett–Luce against published numbers', () => {
  it.each(fixtures.choix.cases as { desc: string; n_items: number; data: ChoixRow[]; ml_est: number[] }[])(
    'choix: $desc',
    ({ n_items, data, ml_est }) => {
      const rankings = ofChoix(data);
      const fit = fitted(rankings, n_items);
      for (let i = 0; i < n_items; i++) {
        // choix states these to 1e-4.
        expect(Math.abs(fit.strengths[i]! - ml_est[i]!)).toBeLessThan(1e-4);
      }
    },
  );
  it('choix: posterior modes of pairs and of top choices', () => {
    for (const { n_items, alpha, data, estimate } of fixtures.choix.map) {
      for (const method of ['dense', 'sparse'] as const) {
        const fit = fitted(ofChoix(data), n_items, { ridge: 2 * alpha, method });
        for (const [i, expected] of estimate.entries()) expect(fit.strengths[i]).toBeCloseTo(expected, 7);
      }
    }
  });
  it('choix: log-likelihood of rankings and of top choices at given log-worths', () => {
    const { rankings, value: expected, top1, value_top1 } = fixtures.choix.logLikelihood;
    const theta = Float64Array.from([0, 1, 2, 3], (i) => Math.log(1 + i / 3));
    const at = { theta, tieOrders: [], logDelta: new Float64Array(0) };
    expect(rankingsLogLikelihood(rankingColumns(ofChoix(rankings), 4), at)).toBeCloseTo(expected, 12);
    expect(rankingsLogLikelihood(rankingColumns(ofChoix(top1), 4), at)).toBeCloseTo(value_top1, 12);
  });
  it('PlackettLuce (R): ties with half pseudo-rankings, errors, deviance, degrees, AIC, fitted choices', () => {
    const r = fixtures.plackettLuceTies;
    for (const method of ['dense', 'sparse'] as const) {
      const fit = fitted(fruit, 3, { npseudo: r.npseudo, method });
      for (const i of [1, 2]) {
        const difference = value(fit.dataInference.difference(i, 0));
        expect(difference.value).toBeCloseTo(r.coefficients[i], 6);
        expect(difference.standardError).toBeCloseTo(r.standardErrors[i - 1], 4);
      }
      expect(fit.ties).toEqual([{ order: 2, logDelta: expect.closeTo(r.tie2, 6) }]);
      expect(value(fit.dataInference.coefficient('tie2')).standardError).toBeCloseTo(r.tie2StandardError, 4);
      expect(-2 * fit.logLikelihood).toBeCloseTo(r.residualDeviance, 2);
      expect(fit.residualDegrees).toBe(r.residualDegrees);
      expect(-2 * fit.logLikelihood + 2 * fit.degrees).toBeCloseTo(r.aic, 2);
      // Pseudo-rankings are information too: errors that count them are smaller.
      expect(value(fit.inference.difference(1, 0)).standardError).toBeLessThan(r.standardErrors[0]);
      for (const [chosen, among, p] of r.fitted as [number[], number[], number][]) {
        const rest = among.filter((i) => !chosen.includes(i));
        const choice = rankingColumns([{ groups: [chosen], rest }], 3);
        const at = { theta: fit.strengths, tieOrders: [2], logDelta: Float64Array.of(fit.ties[0]!.logDelta) };
        expect(Math.exp(rankingsLogLikelihood(choice, at))).toBeCloseTo(p, 6);
      }
    }
    const plain = fitted(fruit, 3);
    for (const i of [1, 2])
      expect(plain.strengths[i]! - plain.strengths[0]!).toBeCloseTo(r.withoutPseudo.coefficients[i], 4);
    expect(plain.ties[0]!.logDelta).toBeCloseTo(r.withoutPseudo.tie2, 4);
  });
  it('PlackettLuce (R): an item that only loses, left out or held by pseudo-rankings', () => {
    const { orders, withoutD, npseudo, coefficients } = fixtures.disconnected;
    const rankings = (orders as number[][]).map(strictRanking);
    expect(plackettLuce(rankings, 4)).toEqual({
      undefined: expect.stringMatching(/contestant 3 was never better.*npseudo/),
    });
    const fit = fitted(
      rankings.filter((r) => r.groups[1]![0] !== 3),
      3,
    );
    for (const i of [1, 2]) {
      const difference = value(fit.inference.difference(i, 0));
      expect(difference.value).toBeCloseTo(withoutD.coefficients[i], 4);
      expect(difference.standardError).toBeCloseTo(withoutD.standardErrors[i], 4);
    }
    expect(-2 * fit.logLikelihood).toBeCloseTo(withoutD.residualDeviance, 4);
    expect(fit.residualDegrees).toBe(withoutD.residualDegrees);
    const held = fitted(rankings, 4, { npseudo });
    for (const i of [1, 2, 3]) expect(held.strengths[i]! - held.strengths[0]!).toBeCloseTo(coefficients[i], 5);
  });
  it('pairs with ties are the model of Davidson, on his pudding', () => {
    const rows = fixtures.pudding.rows as [number, number, number, number, number][];
    const rankings = rows.flatMap(([a, b, wins, losses, ties]): Ranking[] => [
      { groups: [[a], [b]], weight: wins },
      { groups: [[b], [a]], weight: losses },
      { groups: [[a, b]], weight: ties },
    ]);
    const fit = fitted(rankings, 6);
    const data = comparisonsOf(
      rows.map(([first, second, firstWins, secondWins, ties]) => ({ first, second, firstWins, secondWins, ties })),
      6,
    );
    const bradleyTerry = value(fitPreferences(data, { ties: 'davidson' }));
    for (let i = 0; i < 6; i++) expect(fit.strengths[i]).toBeCloseTo(bradleyTerry.strengths[i]!, 8);
    expect(Math.exp(fit.ties[0]!.logDelta)).toBeCloseTo(bradleyTerry.tie!.value, 8);
    expect(fit.logLikelihood).toBeCloseTo(bradleyTerry.logLikelihood, 8);
    expect(value(fit.inference.strength(2)).standardError).toBeCloseTo(
      value(bradleyTerry.inference.strength(2)).standardError,
      8,
    );
  });
});

/** Every subset of up to `largest` of the items. */
function subsets(items: readonly number[], largest: number): number[][] {
  let found: number[][] = [[]];
  for (const item of items) found = [...found, ...found.filter((s) => s.length < largest).map((s) => [...s, item])];
  return found.filter((s) => s.length > 0);
}

describe('properties', () => {
  const ranking = fc
    .record({
      order: fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 2 }),
      cuts: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
      restFrom: fc.integer({ min: 1, max: 5 }),
    })
    .map(({ order, cuts, restFrom }): Ranking => {
      const groups: number[][] = [];
      for (const [k, item] of order.slice(0, restFrom).entries()) {
        if (k === 0 || cuts[k]) groups.push([item]);
        else groups.at(-1)!.push(item);
      }
      return { groups, rest: order.slice(restFrom) };
    });
  it('a choice has the probability that summing over all subsets gives, and choices sum to one', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 5, maxLength: 5 }), (theta) => {
        const logDelta = [-0.4, 0.3, -1];
        const score = (s: number[]) =>
          Math.exp((s.length > 1 ? logDelta[s.length - 2]! : 0) + mean(s.map((i) => theta[i]!)));
        const all = subsets([0, 1, 2, 3, 4], 4);
        const total = all.reduce((sum, s) => sum + score(s), 0);
        let sum = 0;
        for (const chosen of all) {
          const rest = [0, 1, 2, 3, 4].filter((i) => !chosen.includes(i));
          const columns = rankingColumns([{ groups: [chosen], rest }], 5);
          const at = { theta: Float64Array.from(theta), tieOrders: [2, 3, 4], logDelta: Float64Array.from(logDelta) };
          const p = Math.exp(rankingsLogLikelihood(columns, at));
          expect(p).toBeCloseTo(score(chosen) / total, 10);
          sum += p;
        }
        expect(sum).toBeCloseTo(1, 10);
      }),
      { numRuns: 20 },
    );
  });
  it('gradient and information are central differences', () => {
    fc.assert(
      fc.property(
        fc.array(ranking, { minLength: 3, maxLength: 6 }),
        fc.infiniteStream(fc.double({ min: -1.5, max: 1.5, noNaN: true })),
        (rankings, stream) => {
          const columns = rankingColumns(rankings, 5);
          const tieOrders = [2, 3, 4, 5];
          const at = Float64Array.from({ length: 9 }, () => stream.next().value!);
          const split = (x: Float64Array) => ({ theta: x.subarray(0, 5), tieOrders, logDelta: x.subarray(5) });
          const derivatives = (x: Float64Array) => {
            const out = rankingDerivatives(columns, 5, 4);
            rankingsLogLikelihood(columns, split(x), out);
            return out;
          };
          const here = derivatives(at);
          for (let j = 0; j < 9; j++) {
            const shifted = (h: number) => at.map((v, i) => (i === j ? v + h : v));
            const slope =
              (rankingsLogLikelihood(columns, split(shifted(1e-5))) -
                rankingsLogLikelihood(columns, split(shifted(-1e-5)))) /
              2e-5;
            expect(here.gradient[j]).toBeCloseTo(slope, 5);
            const [up, down] = [derivatives(shifted(1e-5)).gradient, derivatives(shifted(-1e-5)).gradient];
            for (let i = 0; i < 9; i++) {
              const bend = -(up[i]! - down[i]!) / 2e-5;
              let stored = 0;
              if (i >= 5 && j >= 5) stored = here.corner[(i - 5) * 4 + j - 5]!;
              else if (i >= 5 || j >= 5) stored = here.border[Math.max(i, j) - 5]![Math.min(i, j)]!;
              else {
                for (let r = 0; r < rankings.length; r++) {
                  const mine = [...columns.items.subarray(columns.starts[r]!, columns.starts[r + 1]!)];
                  const [a, b] = [mine.indexOf(i), mine.indexOf(j)];
                  if (a >= 0 && b >= 0) stored += here.blocks[here.blockStarts[r]! + a * mine.length + b]!;
                }
              }
              expect(stored).toBeCloseTo(bend, 4);
            }
          }
        },
      ),
      { numRuns: 15 },
    );
  });
  it('without ties it is the model with ties of no weight', () => {
    const untied = ranking.map(
      ({ groups, rest = [] }): Ranking => ({ groups: groups.map((g) => [g[0]!]), rest, weight: 1.5 }),
    );
    const worth = fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(untied, { minLength: 1, maxLength: 5 }), worth, (rankings, worths) => {
        const columns = rankingColumns(rankings, 5);
        const theta = Float64Array.from(worths);
        const [plain, tied] = [rankingDerivatives(columns, 5, 0), rankingDerivatives(columns, 5, 1)];
        const a = rankingsLogLikelihood(columns, { theta, tieOrders: [], logDelta: new Float64Array(0) }, plain);
        const b = rankingsLogLikelihood(columns, { theta, tieOrders: [2], logDelta: Float64Array.of(-Infinity) }, tied);
        expect(a).toBeCloseTo(b, 9);
        for (let i = 0; i < 5; i++) expect(plain.gradient[i]).toBeCloseTo(tied.gradient[i]!, 9);
        for (let k = 0; k < plain.blocks.length; k++) expect(plain.blocks[k]).toBeCloseTo(tied.blocks[k]!, 9);
      }),
      { numRuns: 40 },
    );
  });
  it('order of rankings and names of items do not matter; weights are repetition; dense equals sparse', () => {
    fc.assert(
      fc.property(
        fc.array(ranking, { minLength: 2, maxLength: 8 }),
        fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }),
        (rankings, name) => {
          const options = { ridge: 0.5 };
          const fit = plackettLuce(rankings, 5, options);
          const rename = (items: readonly number[]) => items.map((i) => name[i]!);
          const renamed = rankings.map((r) => ({ groups: r.groups.map(rename), rest: rename(r.rest!) }));
          const changed = plackettLuce([...renamed, ...renamed].reverse(), 5, options);
          const weighted = plackettLuce(
            rankings.map((r) => ({ ...r, weight: 2 })),
            5,
            { ...options, method: 'sparse' },
          );
          expect('undefined' in fit).toBe('undefined' in changed);
          if ('undefined' in fit || 'undefined' in changed || 'undefined' in weighted) return;
          for (let i = 0; i < 5; i++) expect(changed.strengths[name[i]!]).toBeCloseTo(weighted.strengths[i]!, 6);
          expect(changed.logLikelihood).toBeCloseTo(weighted.logLikelihood, 6);
        },
      ),
      { numRuns: 40 },
    );
  });
  it('refuses rankings that name an item twice, an unknown one, or nobody', () => {
    expect(() => plackettLuce([strictRanking([0, 0])], 2)).toThrow(/Ranking 0: expected each item once; got 0 twice/);
    expect(() => plackettLuce([strictRanking([0, 2])], 2)).toThrow(/items of 0 … 1; got 2/);
    expect(() => plackettLuce([{ groups: [[0], []] }], 2)).toThrow(/no empty group/);
    expect(plackettLuce([strictRanking([1])], 2)).toMatchObject({
      undefined: expect.stringContaining('no ranking has two items'),
    });
    expect(plackettLuce([{ groups: [[0, 1]] }], 2)).toMatchObject({
      undefined: expect.stringContaining('every choice is a tie'),
    });
  });
});

describe('recovery by simulation', () => {
  it('intervals cover at their level, for partial rankings with ties and unordered rests', () => {
    const rng = createRng('rankings');
    const truth = [1, 0.4, 0, -0.5, -0.9];
    const logDelta = -0.5;
    const trials = 150;
    let [hits, tieHits] = [0, 0];
    for (let t = 0; t < trials; t++) {
      const rankings = Array.from({ length: 60 }, (): Ranking => {
        let left = rng.shuffle([0, 1, 2, 3, 4]).slice(0, 2 + rng.integer(4));
        const groups: number[][] = [];
        while (left.length > 0 && groups.length < 3) {
          const ways = subsets(left, 2);
          const chosen =
            ways[rng.choose(ways.map((s) => Math.exp((s.length > 1 ? logDelta : 0) + mean(s.map((i) => truth[i]!)))))]!;
          groups.push(chosen);
          left = left.filter((i) => !chosen.includes(i));
        }
        return { groups, rest: left };
      });
      const { inference } = fitted(rankings, 5);
      const { interval } = value(inference.difference(0, 3));
      hits += Number(interval.low <= 1.5 && 1.5 <= interval.high);
      const tie = value(inference.coefficient('tie2')).interval;
      tieHits += Number(tie.low <= logDelta && logDelta <= tie.high);
    }
    for (const count of [hits, tieHits]) {
      expect(count / trials).toBeGreaterThan(0.89);
      expect(count / trials).toBeLessThanOrEqual(0.995);
    }
  });
});
