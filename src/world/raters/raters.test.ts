import { describe, expect, it } from 'vitest';
import { collectJudgments, type Item } from '../../feedback/index.ts';
import { createRng, wilson } from '../../stats/index.ts';
import {
  comparisonItems,
  createHarbour,
  fromBase,
  raterPool,
  SIMULATED_RATERS,
  type SimulatedRaterKind,
  simulatedRater,
} from '../index.ts';

const world = createHarbour();

async function judged(kind: SimulatedRaterKind, n = 600, options: { trigger?: boolean } = {}) {
  const rng = createRng(`judge/${kind}`);
  const items = await comparisonItems({
    ground: world,
    prompts: world.prompts('train', options),
    count: n,
    rng,
    projectId: 'test',
    origin: 'base',
    replies: fromBase(world, rng),
  });
  const raters = [simulatedRater(world, { id: 'r', params: SIMULATED_RATERS[kind] })];
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
