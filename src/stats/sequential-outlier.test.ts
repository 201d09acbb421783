import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  binomialUpperTail,
  createRng,
  type OutlierOptions,
  type Rng,
  sequentialOutlierTest,
  sigmoid,
  type VoteInHistory,
} from './index.ts';

const { published } = JSON.parse(readFileSync(new URL('../../fixtures/agreement.json', import.meta.url), 'utf8'));

describe('worked numbers of the arena’s test', () => {
  const { wins, losses, contrarian, majority, mixed } = published.arenaOutlier;
  const history = (votes: (0 | 1)[]): VoteInHistory[] => votes.map((vote) => ({ vote, wins, losses }));
  // The peer flags either side at 1/α = 20 with α .05; split between the sides that is α .1 here.
  const peer: OutlierOptions = { pValue: 'share', alpha: 0.1 };
  it.each([contrarian, majority])('M after each vote', ({ votes, upper, lower, flaggedAtVote }) => {
    const result = sequentialOutlierTest(history(votes), peer);
    for (const [i, m] of upper.entries()) expect(result.upper[i]! / m).toBeCloseTo(1, 10);
    for (const [i, m] of lower.entries()) expect(result.lower[i]! / m).toBeCloseTo(1, 10);
    expect(result.threshold).toBe(20);
    expect(result.at).toBe(flaggedAtVote === undefined ? null : flaggedAtVote - 1);
    expect(result.side).toBe(flaggedAtVote === undefined ? null : 'upper');
  });
  it('a mixed rater is never flagged', () => {
    expect(sequentialOutlierTest(history(mixed.votes), peer)).toMatchObject({ flagged: false, n: 6, skipped: 0 });
  });
  it('by default α covers both sides, and the vote counts among the others', () => {
    const result = sequentialOutlierTest(history(contrarian.votes));
    expect(result).toMatchObject({ threshold: 40, at: 4, side: 'upper' });
    expect(result.upper[0]).toBeCloseTo(101 / (2 * 21), 12);
    expect(result.p).toBeCloseTo(2 / result.upper[5]!, 12);
  });
});

describe('M is fair evidence', () => {
  /** Mean factor of one vote over who of a pool of exchangeable voters is the tested one. */
  const meanFactor = (
    pool: [losses: number, ties: number, wins: number],
    side: 'upper' | 'lower',
    options: OutlierOptions,
  ) => {
    const n = pool[0] + pool[1] + pool[2];
    let total = 0;
    for (const [k, vote] of ([0, 0.5, 1] as const).entries()) {
      if (pool[k] === 0) continue;
      const [losses, ties, wins] = pool.map((c, i) => c - Number(i === k)) as [number, number, number];
      total += (pool[k]! / n) * sequentialOutlierTest([{ vote, losses, ties, wins }], options)[side][0]!;
    }
    return total;
  };
  it('never grows on average, whatever the votes, with ties and in either orientation', () => {
    const count = fc.integer({ min: 0, max: 9 });
    const options = fc.record({
      orient: fc.constantFrom('as-shown' as const, 'favourite' as const),
      ties: fc.constantFrom('skip' as const, 'count' as const),
    });
    fc.assert(
      fc.property(count, count, count, options, (losses, ties, wins, how) => {
        fc.pre(losses + ties + wins >= 2);
        for (const side of ['upper', 'lower'] as const) {
          expect(meanFactor([losses, ties, wins], side, how)).toBeLessThanOrEqual(1 + 1e-12);
        }
      }),
    );
  });
  it('the bare share of a short history is not: it may grow without bound', () => {
    expect(meanFactor([1, 0, 4], 'upper', { pValue: 'share' })).toBe(Infinity);
  });
});

type Kind = 'honest' | 'random' | 'contrary' | 'first';

/** A rater of 60 pairs of unequal replies, each judged by others too. */
function rater(kind: Kind, { others, spread, ties = 0 }: { others: number; spread: number; ties?: number }, rng: Rng) {
  return Array.from({ length: 60 }, (): VoteInHistory => {
    const p = sigmoid(spread * rng.normal());
    const draw = (): 0 | 0.5 | 1 => (rng.uniform() < ties ? 0.5 : rng.uniform() < p ? 1 : 0);
    const counts = [0, 0, 0];
    for (let i = 0; i < others; i++) counts[draw() * 2]! += 1;
    const honest = draw();
    const vote = { honest, random: rng.uniform() < 0.5 ? 1 : 0, contrary: 1 - honest, first: 1 }[kind] as 0 | 0.5 | 1;
    return { vote, losses: counts[0]!, ties: counts[1]!, wins: counts[2]! };
  });
}

function flaggedShare(kind: Kind, world: Parameters<typeof rater>[1], options: OutlierOptions, runs = 400): number {
  const rng = createRng(`outlier ${kind} ${JSON.stringify(world)}`);
  let flagged = 0;
  for (let i = 0; i < runs; i++) if (sequentialOutlierTest(rater(kind, world, rng), options).flagged) flagged += 1;
  return flagged / runs;
}

describe('rates of the alarm', () => {
  const worlds = [
    { others: 4, spread: 1.5 },
    { others: 10, spread: 2 },
    { others: 10, spread: 2, ties: 0.3 },
    { others: 60, spread: 2 },
  ];
  it.each(worlds)('honest raters are flagged at most as often as α says: %o', (world) => {
    for (const orient of ['as-shown', 'favourite'] as const) {
      for (const alpha of [0.05, 0.2]) {
        const flagged = Math.round(400 * flaggedShare('honest', world, { orient, alpha }));
        // Fails only where so many alarms would be rarer than 1 in 1,000 at a rate of α.
        expect(binomialUpperTail(flagged, 400, alpha)).toBeGreaterThan(0.001);
      }
    }
  });
  it('bare shares of short histories cry wolf at most honest raters, which is why ranks are the default', () => {
    expect(flaggedShare('honest', worlds[1]!, { pValue: 'share', alpha: 0.1 })).toBeGreaterThan(0.4);
  });
  it('contrarians and random voters are found where majorities are clear', () => {
    const favourite = { orient: 'favourite' } as const;
    expect(flaggedShare('contrary', worlds[0]!, favourite)).toBeGreaterThan(0.65);
    expect(flaggedShare('contrary', worlds[1]!, favourite)).toBeGreaterThan(0.98);
    expect(flaggedShare('contrary', worlds[2]!, favourite)).toBeGreaterThan(0.9);
    expect(flaggedShare('random', worlds[1]!, favourite)).toBeGreaterThan(0.55);
    expect(flaggedShare('random', worlds[3]!, favourite)).toBeGreaterThan(0.85);
  });
  it('a rater who always takes the first is found in the order shown', () => {
    expect(flaggedShare('first', worlds[1]!, { orient: 'as-shown' })).toBeGreaterThan(0.8);
  });
  it('many votes on few pairs keep the rate when histories are long', () => {
    // 12 models, 66 pairs, thousands of votes by 40 raters on the same pairs over and over.
    let [flagged, tested, found] = [0, 0, 0];
    for (let run = 0; run < 8; run++) {
      const rng = createRng(`arena ${run}`);
      const strength = Array.from({ length: 12 }, () => 1.2 * rng.normal());
      // By pair, then by voter: votes against the first and for it.
      const counts = new Map<number, [number, number][]>();
      const votes: { voter: number; pair: number; vote: 0 | 1 }[] = [];
      for (let voter = 0; voter < 40; voter++) {
        for (let i = 0; i < 80; i++) {
          const a = rng.integer(12);
          const b = (a + 1 + rng.integer(11)) % 12;
          const [low, high] = [Math.min(a, b), Math.max(a, b)];
          const honest = rng.uniform() < sigmoid(strength[low]! - strength[high]!);
          const [pair, vote] = [low * 12 + high, honest === voter > 0 ? (1 as const) : (0 as const)];
          votes.push({ voter, pair, vote });
          const byVoter = counts.get(pair) ?? Array.from({ length: 40 }, (): [number, number] => [0, 0]);
          counts.set(pair, byVoter);
          byVoter[voter]![vote] += 1;
        }
      }
      for (let voter = 0; voter < 40; voter++) {
        const history = votes
          .filter((own) => own.voter === voter)
          .map(({ pair, vote }): VoteInHistory => {
            const others = counts.get(pair)!.filter((_, other) => other !== voter);
            const [losses, wins] = [0, 1].map((side) => others.reduce((sum, of) => sum + of[side]!, 0));
            return { vote, losses: losses!, wins: wins! };
          });
        const result = sequentialOutlierTest(history, { orient: 'favourite' });
        if (voter === 0) found += Number(result.flagged);
        else {
          tested += 1;
          flagged += Number(result.flagged);
        }
      }
    }
    expect(binomialUpperTail(flagged, tested, 0.05)).toBeGreaterThan(0.001);
    expect(found).toBe(8);
  });
});
