import { describe, expect, it } from 'vitest';
import { createRng, mean } from '../stats/index.ts';
import { betaForKl, expectation, kl, tilt } from '../world/index.ts';
import { HARBOUR } from './harbour.ts';
import { bestOfCurve, type ChoiceSpace, groundSpaces, keptGold } from './kept-gold.ts';

const even = (count: number) => Array.from({ length: count }, () => -Math.log(count));
const space = (proxy: readonly number[], gold: readonly number[]): ChoiceSpace => ({
  prompt: 'q',
  logprobs: even(gold.length),
  proxy,
  gold,
});

describe('gold kept after optimisation', () => {
  it('is all of it for gold itself on any scale, none for a constant, and what is lost for its opposite', () => {
    const rng = createRng('spaces');
    const golds = Array.from({ length: 8 }, () => Array.from({ length: 12 }, () => rng.normal()));
    const kept = (proxy: (gold: number) => number) =>
      keptGold(
        golds.map((gold) => space(gold.map(proxy), gold)),
        0.5,
      )!;
    expect(kept((gold) => 3 * gold + 2).kept).toBeCloseTo(1, 6);
    expect(kept(() => 0).kept).toBeCloseTo(0, 9);
    const opposite = kept((gold) => -gold);
    expect(opposite.kept).toBeLessThan(-0.5);
    expect(opposite.interval.high).toBeLessThan(0);
    expect(keptGold([space([1, 2], [5, 5])], 0.5)).toBeNull();
  });

  it('is an exact sum at the KL that was stated', () => {
    const one = space([1, 0, 2], [0, 3, 1]);
    const found = keptGold([one], 0.3)!;
    const policy = tilt(one.logprobs, one.proxy, betaForKl(one.logprobs, one.proxy, 0.3));
    expect(kl(policy, one.logprobs)).toBeCloseTo(0.3, 6);
    expect(found.optimised).toBeCloseTo(expectation(policy, one.gold), 6);
    expect(found.before).toBeCloseTo(4 / 3, 12);
  });

  it('has an interval that holds the share of many prompts', () => {
    const rng = createRng('coverage');
    const draw = () => {
      const gold = Array.from({ length: 10 }, () => rng.normal());
      return space(
        gold.map((value) => value + rng.normal()),
        gold,
      );
    };
    const truth = keptGold(Array.from({ length: 2000 }, draw), 0.5)!.kept;
    let covered = 0;
    for (let run = 0; run < 40; run++) {
      const { interval } = keptGold(Array.from({ length: 25 }, draw), 0.5)!;
      covered += Number(interval.low <= truth && truth <= interval.high);
    }
    expect(covered).toBeGreaterThan(33);
  });

  it('of a ground is over every reply to prompts that nothing was trained on', async () => {
    const spaces = await groundSpaces(HARBOUR, async (_, replies) => replies.map((text) => ({ mean: text.length })));
    expect(spaces!.length).toBe(HARBOUR.prompts('evaluation').length);
    expect(mean(spaces!.map(({ logprobs }) => logprobs.reduce((sum, own) => sum + Math.exp(own), 0)))).toBeCloseTo(
      1,
      9,
    );
    expect(keptGold(spaces!, 0.5)!.kept).toBeLessThan(0.5);
  });
});

describe('best of n', () => {
  it('of two, by hand: the higher score wins in three draws of four', () => {
    const [one, two] = bestOfCurve([space([0, 1], [10, 2])], [1, 2]);
    expect([one!.gold, one!.kl]).toEqual([6, expect.closeTo(0, 12)]);
    expect(two!.gold).toBeCloseTo(0.25 * 10 + 0.75 * 2, 12);
    expect(two!.kl).toBeCloseTo(0.25 * Math.log(0.5) + 0.75 * Math.log(1.5), 12);
  });
});
