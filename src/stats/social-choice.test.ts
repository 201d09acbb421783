import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Ballot,
  borda,
  circularTriadCounts,
  circularTriads,
  condorcetWinner,
  createRng,
  groupsByScore,
  type Majorities,
  majoritiesOfBallots,
  majoritiesOfContests,
  orderBallot,
  rankedPairs,
  schulze,
  smithSet,
  winnerStability,
} from './index.ts';

const { published, computed } = JSON.parse(
  readFileSync(new URL('../../fixtures/agreement.json', import.meta.url), 'utf8'),
);
const spelled = (ballots: readonly (readonly [number, string])[], names: string): Ballot[] =>
  ballots.map(([count, order]) =>
    orderBallot(
      [...order].map((c) => names.indexOf(c)),
      count,
    ),
  );
const onlyWins = (wins: readonly (readonly number[])[]): Majorities => ({
  wins,
  ties: wins.map((r) => r.map(() => 0)),
});

/** Every candidate beats those after it, or a chain of coins. */
function tournament(n: number, firstWins: (a: number, b: number) => boolean): Majorities {
  const wins = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (let a = 0; a < n; a++) {
    for (let b = a + 1; b < n; b++) {
      if (firstWins(a, b)) wins[a]![b] = 1;
      else wins[b]![a] = 1;
    }
  }
  return onlyWins(wins);
}

describe('circular triads', () => {
  it('Kendall and Babington Smith’s dog food', () => {
    const { wins, scores, circular, most, zeta } = published.dogFood1940;
    const result = circularTriads(onlyWins(wins));
    expect(wins.map((row: number[]) => row.reduce((a, b) => a + b))).toEqual(scores);
    expect(result).toMatchObject({ items: 6, triads: 20, circular, most, zeta: { value: zeta }, expected: 5 });
    // All tournaments of six with at most five circles, of 2¹⁵.
    const few = Object.entries(computed.tournaments[6] as Record<string, number>).filter(([t]) => Number(t) <= 5);
    const p = few.reduce((total, [, ways]) => total + ways, 0) / 2 ** 15;
    expect(result.significance).toEqual({ p, method: 'exact' });
  });
  it('counts tournaments as listing them all does', () => {
    for (const [n, counts] of Object.entries(computed.tournaments as Record<string, Record<string, number>>)) {
      const own = [...circularTriadCounts(Number(n))].sort((a, b) => a[0] - b[0]);
      expect(Object.fromEntries(own.map(([t, ways]) => [String(t), ways]))).toEqual(counts);
    }
    const ten = [...circularTriadCounts(10).values()].reduce((a, b) => a + b, 0);
    expect(ten).toBe(2 ** 45);
  });
  it('finds a perfect order significant and coins not, by all three methods', () => {
    const rng = createRng('triads');
    for (const n of [8, 14]) {
      const order = circularTriads(tournament(n, () => true));
      expect(order).toMatchObject({ circular: 0, zeta: { value: 1 } });
      if (!('p' in order.significance)) throw new Error(order.significance.undefined);
      expect(order.significance.p).toBeLessThan(0.001);
      // At 5 % of 400 tournaments by coin, 20 are expected; 38 or more happens once in 10,000.
      let alarms = 0;
      for (let run = 0; run < 400; run++) {
        const { significance } = circularTriads(tournament(n, () => rng.uniform() < 0.5));
        if ('p' in significance && significance.p <= 0.05) alarms += 1;
      }
      expect(alarms).toBeLessThan(38);
      expect(alarms).toBeGreaterThan(2);
    }
    const incomplete = tournament(9, () => true);
    const wins = incomplete.wins.map((row, a) => row.map((w, b) => (Math.abs(a - b) === 8 ? 0 : w)));
    expect(circularTriads(onlyWins(wins)).significance).toEqual({ undefined: expect.stringContaining('randomness') });
    const simulated = circularTriads(onlyWins(wins), { uniform: rng.uniform, simulations: 300 });
    expect(simulated).toMatchObject({ triads: 77, circular: 0, significance: { method: 'simulation' } });
    expect(simulated.zeta).toEqual({ undefined: expect.stringContaining('every pair decided') });
    expect((simulated.significance as { p: number }).p).toBeCloseTo(1 / 301, 12);
  });
  it('the χ² approximation is near the exact tail just past where counting stops', () => {
    const counts = [...circularTriadCounts(11)];
    const all = counts.reduce((total, [, ways]) => total + ways, 0);
    const rng = createRng('chi');
    for (let run = 0; run < 30; run++) {
      const bias = 0.5 + 0.3 * rng.uniform();
      const { circular, significance } = circularTriads(tournament(11, () => rng.uniform() < bias));
      const tail = counts.reduce((total, [t, ways]) => total + (t <= circular ? ways : 0), 0) / all;
      expect(significance).toMatchObject({ method: 'chi-square' });
      expect(Math.abs((significance as { p: number }).p - tail)).toBeLessThan(0.01);
    }
  });
  it('three items never tell an order from coins, two do not make a triad', () => {
    expect((circularTriads(tournament(3, () => true)).significance as { p: number }).p).toBe(0.75);
    expect(
      circularTriads(
        onlyWins([
          [0, 1],
          [0, 0],
        ]),
      ).significance,
    ).toEqual({ undefined: expect.any(String) });
  });
  it('the most circles there can be are in regular tournaments', () => {
    for (const n of [3, 5, 7]) {
      const regular = circularTriads(tournament(n, (a, b) => (b - a) % 2 === 1));
      expect(regular).toMatchObject({ circular: (n ** 3 - n) / 24, zeta: { value: 0 } });
    }
  });
});

describe('voting rules', () => {
  it('Schulze’s 45 voters', () => {
    const { ballots, pairwise, strongestPaths, order, cyclicTriads } = published.schulzeWikipedia;
    const majorities = majoritiesOfBallots(spelled(ballots, 'ABCDE'), 5);
    expect(majorities.wins).toEqual(pairwise);
    const { paths, groups } = schulze(majorities);
    expect(paths).toEqual(strongestPaths);
    expect(groups).toEqual([...order].map((c) => ['ABCDE'.indexOf(c)]));
    expect(condorcetWinner(majorities)).toEqual({ undefined: expect.any(String) });
    expect(smithSet(majorities)).toEqual([0, 1, 2, 3, 4]);
    expect(circularTriads(majorities).circular).toBe(cyclicTriads);
  });
  it('Tennessee’s capital', () => {
    const {
      ballots,
      pairwiseOrder,
      pairwise,
      condorcetWinner: winner,
      borda: points,
      rankedPairs: order,
    } = published.tennessee;
    const majorities = majoritiesOfBallots(spelled(ballots, pairwiseOrder), 4);
    expect(majorities.wins).toEqual(pairwise);
    expect(condorcetWinner(majorities)).toEqual({ winner: pairwiseOrder.indexOf(winner) });
    expect(smithSet(majorities)).toEqual([pairwiseOrder.indexOf(winner)]);
    for (const [name, value] of Object.entries(points)) {
      expect(borda(majorities).points[pairwiseOrder.indexOf(name)]).toBe(value);
    }
    const groups = [...order].map((c) => [pairwiseOrder.indexOf(c)]);
    expect(rankedPairs(majorities)).toEqual({ groups, ambiguous: false });
    expect(schulze(majorities, { strength: 'margin' }).groups).toEqual(groups);
  });
  interface Election {
    readonly n: number;
    readonly ballots: number[][][];
    readonly wins: number[][];
    readonly ties: number[][];
    readonly paths: number[][];
    readonly smith: number[];
    readonly triads: number;
    readonly circular: number;
  }
  it.each(computed.elections as Election[])('ballots with ties and gaps, against enumeration', (e) => {
    const majorities = majoritiesOfBallots(
      e.ballots.map((groups) => ({ groups })),
      e.n,
    );
    expect(majorities).toEqual({ wins: e.wins, ties: e.ties });
    expect(schulze(majorities).paths).toEqual(e.paths);
    expect(smithSet(majorities)).toEqual(e.smith);
    expect(circularTriads(majorities)).toMatchObject({ triads: e.triads, circular: e.circular });
  });
  it('places what a ballot leaves out nowhere, or last', () => {
    const ballots = [{ groups: [[2], [0]] }];
    expect(majoritiesOfBallots(ballots, 4).wins[0]).toEqual([0, 0, 0, 0]);
    const last = majoritiesOfBallots(ballots, 4, { unlisted: 'last' });
    expect(last.wins[0]).toEqual([0, 1, 0, 1]);
    expect(last.ties[1]).toEqual([0, 0, 0, 1]);
    expect(borda(majoritiesOfBallots(ballots, 4))).toEqual({ points: [0, 0, 1, 0], share: [0, null, 1, null] });
    expect(() => majoritiesOfBallots([{ groups: [[1], [1]] }], 2)).toThrow(/at most once/);
    expect(() => majoritiesOfBallots([{ groups: [[5]] }], 2)).toThrow(/below 2/);
  });
  it('Borda of strict full ballots is the classical count, and contests add up in both orders', () => {
    expect(borda(majoritiesOfBallots([orderBallot([1, 0, 2])], 3)).points).toEqual([1, 2, 0]);
    const contests = [
      { first: 0, second: 1, firstWins: 3, secondWins: 1, ties: 2 },
      { first: 1, second: 0, firstWins: 4, secondWins: 0 },
    ];
    expect(majoritiesOfContests(contests, 2)).toEqual({
      wins: [
        [0, 3],
        [5, 0],
      ],
      ties: [
        [0, 2],
        [2, 0],
      ],
    });
    expect(groupsByScore([1, 3, 1, 2])).toEqual([[1], [3], [0, 2]]);
  });
  const wins = fc.integer({ min: 3, max: 6 }).chain((n) =>
    fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: n, maxLength: n }), {
      minLength: n,
      maxLength: n,
    }),
  );
  it('elect the Condorcet winner, from the Smith set, whatever the numbering', () => {
    fc.assert(
      fc.property(wins, (table) => {
        const n = table.length;
        const clear = table.map((row, a) => row.map((w, b) => (a === b ? 0 : w)));
        const majorities = onlyWins(clear);
        const smith = smithSet(majorities);
        const inside = (a: number) => smith.includes(a);
        for (let a = 0; a < n; a++) {
          for (let b = 0; b < n; b++) if (inside(a) && !inside(b)) expect(clear[a]![b]).toBeGreaterThan(clear[b]![a]!);
        }
        const winner = condorcetWinner(majorities);
        for (const strength of ['winning', 'margin'] as const) {
          const { groups } = schulze(majorities, { strength });
          const tideman = rankedPairs(majorities, { strength });
          expect([...groups.flat()].sort()).toEqual(table.map((_, i) => i));
          expect(groups[0]!.some(inside)).toBe(true);
          expect(tideman.groups[0]!.every(inside)).toBe(true);
          if ('winner' in winner) {
            expect([smith, groups[0], tideman.groups[0]]).toEqual([[winner.winner], [winner.winner], [winner.winner]]);
          }
          const turn = (a: number) => n - 1 - a;
          const turned = onlyWins(clear.map((row, a) => row.map((_, b) => clear[turn(a)]![turn(b)]!)));
          const back = schulze(turned, { strength }).groups.map((group) => group.map(turn).sort());
          expect(back).toEqual(groups.map((group) => [...group].sort()));
        }
      }),
    );
  });
  it('ranked pairs says when equal majorities decided', () => {
    const circle = onlyWins([
      [0, 2, 0],
      [0, 0, 2],
      [2, 0, 0],
    ]);
    expect(rankedPairs(circle).ambiguous).toBe(true);
    expect(schulze(circle).groups).toEqual([[0, 1, 2]]);
  });
});

describe('stability of the winner over voters', () => {
  it.each(['schulze', 'ranked-pairs', 'borda'] as const)('%s: sure with a landslide, open with a dead heat', (rule) => {
    const { uniform } = createRng(`stability ${rule}`);
    const landslide = winnerStability([orderBallot([0, 1, 2], 90), orderBallot([2, 1, 0], 10)], 3, {
      rule,
      uniform,
      replicates: 300,
    });
    expect(landslide.candidates[0]).toMatchObject({ rank: 1, wins: 1, rankInterval: { low: 1, high: 1 } });
    expect(landslide.voters).toBe(100);
    const heat = winnerStability([orderBallot([0, 1, 2], 50), orderBallot([1, 0, 2], 50)], 3, {
      rule,
      uniform,
      replicates: 400,
    });
    const [a, b, c] = heat.candidates.map((standing) => standing.wins);
    expect(Math.abs(a! - b!)).toBeLessThan(0.15);
    expect(a! + b! + c! + heat.tied).toBeCloseTo(1, 12);
    expect(c).toBe(0);
    expect(heat.candidates[1]!.winsInterval.low).toBeGreaterThan(0.3);
    expect(heat.candidates[1]!.rankInterval).toMatchObject({ low: 1, high: 2 });
  });
});
