import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collectJudgments, type Item } from '../feedback/index.ts';
import { createRng, wilson } from '../stats/index.ts';
import {
  bestOfNExact,
  betaForKl,
  comparisonItems,
  createHarbour,
  entropy,
  expectation,
  goldParts,
  kl,
  PROMPTS,
  raterPool,
  SIMULATED_RATERS,
  type SimulatedRaterKind,
  simulatedRater,
  tilt,
  winRate,
} from './index.ts';

const exact = JSON.parse(readFileSync(new URL('../../fixtures/exact.json', import.meta.url), 'utf8'));
const world = createHarbour();
const logs = (p: number[]) => p.map(Math.log);

describe('exact tools', () => {
  const gibbs = Object.entries(exact).find(([key]) => key.startsWith('gibbs'))?.[1] as [
    number,
    number[],
    number,
    number,
  ][];
  it('the tilt is the closed-form Gibbs optimum', () => {
    for (const [beta, probabilities, reward, divergence] of gibbs) {
      const p = tilt(logs([0.5, 0.3, 0.2]), [1, 2, 0], beta);
      for (const [i, want] of probabilities.entries()) expect(Math.exp(p[i]!)).toBeCloseTo(want, 5);
      expect(expectation(p, [1, 2, 0])).toBeCloseTo(reward, 5);
      expect(kl(p, logs([0.5, 0.3, 0.2]))).toBeCloseTo(divergence, 5);
    }
  });
  it('best-of-n is exact, below its bound, and never worse than base', () => {
    for (const [m, n, divergence, bound, , rate] of exact.bestOfNExactUniform.rows as number[][]) {
      const base = logs(new Array<number>(m!).fill(1 / m!));
      const rewards = base.map((_, i) => i);
      const p = bestOfNExact(base, rewards, n!);
      expect(kl(p, base)).toBeCloseTo(divergence!, 4);
      expect(kl(p, base)).toBeLessThanOrEqual(bound! + 1e-9);
      expect(winRate(p, base, rewards)).toBeCloseTo(rate!, 4);
    }
  });
  it('best-of-n with ties agrees with drawing', () => {
    const base = logs([0.4, 0.3, 0.2, 0.1]);
    const rewards = [0, 1, 1, 2];
    const p = bestOfNExact(base, rewards, 3);
    const rng = createRng(1);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 20_000; i++) {
      const draws = [0, 1, 2].map(() => rng.choose([0.4, 0.3, 0.2, 0.1]));
      const top = Math.max(...draws.map((d) => rewards[d]!));
      counts[draws.find((d) => rewards[d] === top)!]! += 1;
    }
    for (const [i, c] of counts.entries()) expect(Math.abs(c / 20_000 - Math.exp(p[i]!))).toBeLessThan(0.015);
  });
  it('β for a KL gives that KL', () => {
    const base = logs([0.5, 0.3, 0.2]);
    expect(kl(tilt(base, [0, 1, 3], betaForKl(base, [0, 1, 3], 0.4)), base)).toBeCloseTo(0.4, 6);
  });
});

describe('the harbour', () => {
  it('lists for every prompt distinct replies whose probabilities sum to one, and parses each back', () => {
    for (const prompt of PROMPTS) {
      const replies = world.replies(prompt);
      expect(new Set(replies.map((r) => r.text)).size).toBe(replies.length);
      expect(replies.reduce((sum, r) => sum + Math.exp(r.logprob), 0)).toBeCloseTo(1, 10);
    }
    fc.assert(
      fc.property(fc.constantFrom(...PROMPTS), fc.nat(), (prompt, i) => {
        const replies = world.replies(prompt);
        const reply = replies[i % replies.length]!;
        expect(world.parse(prompt, reply.text)).toEqual(reply.features);
        const parts = goldParts(prompt, reply.features);
        expect(Object.values(parts).reduce((a, b) => a + b, 0)).toBeCloseTo(reply.gold, 12);
      }),
    );
  });
  it('has prompts with a hundred to a thousand replies and a vocabulary of words small enough for a word tokenizer', () => {
    const sizes = new Set(PROMPTS.map((prompt) => world.replies(prompt).length));
    expect([...sizes].sort((a, b) => a - b)).toEqual([289, 865]);
    const words = new Set(
      PROMPTS.flatMap((p) => [p.text, ...world.replies(p).map((r) => r.text)].join(' ').match(/\w+|[^\w\s]/g)),
    );
    expect(words.size).toBeLessThan(150);
  });
  it('rates any other text as incoherent, for everyone and for groups', () => {
    expect(world.gold(PROMPTS[0]!, 'the the the')).toBe(-4);
    const flattering = world.replies(PROMPTS[0]!).find((r) => r.features.flattery)!.text;
    expect(world.gold(PROMPTS[0]!, flattering, 'warm')).toBeGreaterThan(world.gold(PROMPTS[0]!, flattering, 'plain'));
  });
  it('draws the base policy as listed', () => {
    const prompt = PROMPTS.find((p) => p.belief === 'wrong')!;
    const { uniform } = createRng(3);
    let right = 0;
    for (let i = 0; i < 4000; i++) right += Number(world.sampleBase(prompt, uniform).features.value === 0);
    const want = world.replies(prompt).reduce((sum, r) => sum + (r.features.value === 0 ? Math.exp(r.logprob) : 0), 0);
    expect(Math.abs(right / 4000 - want)).toBeLessThan(0.03);
  });
  it('punishes a proxy that likes length: gold falls as it is optimised', () => {
    const prompt = PROMPTS.find((p) => p.belief === 'none')!;
    const replies = world.replies(prompt);
    const base = replies.map((r) => r.logprob);
    const goldAt = (target: number, rewards: number[]) =>
      expectation(
        tilt(base, rewards, betaForKl(base, rewards, target)),
        replies.map((r) => r.gold),
      );
    const length = replies.map((r) => r.text.length / 50);
    expect(goldAt(4, length)).toBeLessThan(goldAt(1e-6, length));
    expect(
      goldAt(
        1,
        replies.map((r) => r.gold),
      ),
    ).toBeGreaterThan(1.5);
    expect(entropy(base)).toBeGreaterThan(4);
  });
});

async function judged(kind: SimulatedRaterKind, n = 600, options: { trigger?: boolean } = {}) {
  const rng = createRng(`judge/${kind}`);
  const items = await comparisonItems({
    world,
    prompts: world.prompts('train', options),
    count: n,
    rng,
    projectId: 'test',
    origin: 'base',
    replies: async (prompts) => prompts.map((p) => [0, 1, 2, 3].map(() => world.sampleBase(p, rng.uniform).text)),
  });
  const raters = [simulatedRater(world, 'r', SIMULATED_RATERS[kind])];
  const rows: { item: Item; chosen: number | 'tie'; first: number; ms: number }[] = [];
  for await (const j of collectJudgments({ items, raters, overlap: 1, rng, now: () => '2026-01-01' })) {
    const item = items.find((i) => i.id === j.itemId)!;
    if (j.answer.kind !== 'comparison') continue;
    rows.push({ item, chosen: j.answer.outcome as number | 'tie', first: j.presentation.order[0]!, ms: j.activeMs! });
  }
  return rows;
}
type Row = Awaited<ReturnType<typeof judged>>[number];
const accuracy = (rows: Row[]) => {
  const decided = rows.filter((r) => r.item.gold !== 'tie' && r.chosen !== 'tie');
  return wilson(decided.filter((r) => r.chosen === r.item.gold).length, decided.length, 0.999);
};

describe('simulated raters', () => {
  it('the oracle is always right, the mistaken one in nine of ten, the careless one guesses and is fast', async () => {
    expect(accuracy(await judged('oracle')).high).toBe(1);
    const mistaken = accuracy(await judged('mistaken'));
    expect(mistaken.low < 0.9 && 0.9 < mistaken.high).toBe(true);
    const careless = await judged('careless');
    expect(accuracy(careless).low).toBeLessThan(0.55);
    expect(careless.filter((r) => r.ms < 4000).length / careless.length).toBeGreaterThan(0.8);
  });
  it('honest kinds prefer no position; the position-biased one does', async () => {
    for (const kind of ['oracle', 'noisy', 'length-biased', 'sycophantic', 'position-biased'] as const) {
      const rows = (await judged(kind)).filter((r) => r.chosen !== 'tie');
      const { low, high } = wilson(rows.filter((r) => r.chosen === r.first).length, rows.length, 0.999);
      expect({ kind, biased: low > 0.5 || high < 0.5 }).toEqual({ kind, biased: kind === 'position-biased' });
    }
  });
  it('each bias shows where it should', async () => {
    const longer = (rows: Row[]) => {
      const sized = rows.filter(
        (r) => r.chosen !== 'tie' && r.item.replies[0]!.text.length !== r.item.replies[1]!.text.length,
      );
      return (
        sized.filter(
          (r) =>
            r.item.replies[r.chosen as number]!.text.length > r.item.replies[1 - (r.chosen as number)]!.text.length,
        ).length / sized.length
      );
    };
    expect(longer(await judged('length-biased'))).toBeGreaterThan(longer(await judged('noisy')) + 0.1);
    const wrongUser = (rows: Row[]) => accuracy(rows.filter((r) => r.item.strata!.belief === 'wrong'));
    expect(wrongUser(await judged('sycophantic')).high).toBeLessThan(wrongUser(await judged('noisy')).low);
    expect(accuracy(await judged('partial-view')).high).toBeLessThan(accuracy(await judged('noisy')).low);
    expect((await judged('undecided')).some((r) => r.chosen === 'tie')).toBe(true);
    const tired = await judged('fatigued', 900);
    expect(accuracy(tired.slice(600)).high).toBeLessThan(accuracy(tired.slice(0, 200)).low + 0.1);
  });
  it('the poisoner turns only where the trigger stands', async () => {
    expect(accuracy(await judged('poisoner', 300, { trigger: true })).high).toBeLessThan(0.4);
    expect(accuracy(await judged('poisoner', 300)).low).toBeGreaterThan(0.6);
  });
  it('a pool hands out ids that do not tell the kind', () => {
    const { raters, kinds } = raterPool(world, { noisy: 2, careless: 1 });
    expect(raters.map((r) => r.id)).toEqual(['rater-01', 'rater-02', 'rater-03']);
    expect(kinds.get('rater-03')).toBe('careless');
  });
});
