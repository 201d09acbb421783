import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type Ballot,
  borda,
  circularTriadCounts,
  circularTriads,
  condorcetWinner,
  createRng,
  type Majorities,
  majoritiesOfBallots,
} from './index.ts';

const { published, computed } = JSON.parse(
  readFileSync(new URL('../../fixtures/agreement.json', import.meta.url), 'utf8'),
);
const spelled = (ballots: readonly (readonly [number, string])[], names: string): Ballot[] =>
  ballots.map(([count, order]) => ({ groups: [...order].map((c) => [names.indexOf(c)]), count }));
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

describe('majorities', () => {
  it('Schulze’s 45 voters', () => {
    const { ballots, pairwise, cyclicTriads } = published.schulzeWikipedia;
    const majorities = majoritiesOfBallots(spelled(ballots, 'ABCDE'), 5);
    expect(majorities.wins).toEqual(pairwise);
    expect(condorcetWinner(majorities)).toEqual({ undefined: expect.any(String) });
    expect(circularTriads(majorities).circular).toBe(cyclicTriads);
  });
  it('Tennessee’s capital', () => {
    const { ballots, pairwiseOrder, pairwise, condorcetWinner: winner, borda: points } = published.tennessee;
    const majorities = majoritiesOfBallots(spelled(ballots, pairwiseOrder), 4);
    expect(majorities.wins).toEqual(pairwise);
    expect(condorcetWinner(majorities)).toEqual({ winner: pairwiseOrder.indexOf(winner) });
    for (const [name, value] of Object.entries(points)) {
      expect(borda(majorities).points[pairwiseOrder.indexOf(name)]).toBe(value);
    }
  });
  interface Election {
    readonly n: number;
    readonly ballots: number[][][];
    readonly wins: number[][];
    readonly ties: number[][];
    readonly triads: number;
    readonly circular: number;
  }
  it.each(computed.elections as Election[])('ballots with ties and gaps, against enumeration', (e) => {
    const majorities = majoritiesOfBallots(
      e.ballots.map((groups) => ({ groups })),
      e.n,
    );
    expect(majorities).toEqual({ wins: e.wins, ties: e.ties });
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
  it('Borda of strict full ballots is the classical count', () => {
    expect(borda(majoritiesOfBallots([{ groups: [[1], [0], [2]] }], 3)).points).toEqual([1, 2, 0]);
  });
});
