import { describe, expect, it } from 'vitest';
import { createRng } from '../stats/index.ts';
import { comparisonItems, createHarbour, fromBase, raterPool } from '../world/index.ts';
import { askPairs, judge } from './ask.ts';
import { configSchema } from './config.ts';
import { splitPrompts } from './sources/index.ts';

const world = createHarbour();
const configOf = (feedback: Record<string, unknown>) => {
  const config = configSchema.parse({ name: 't', data: { layout: 'ground', ground: 'harbour' }, base: {}, feedback });
  return { ...config, feedback: config.feedback! };
};
async function candidates(count: number) {
  const rng = createRng('candidates');
  return comparisonItems({
    ground: world,
    prompts: world.prompts('train'),
    count,
    rng,
    projectId: 't',
    origin: 'base policy',
    replies: fromBase(world, rng, 3),
  });
}
const held = new Set(
  splitPrompts(
    world.prompts('train').map(({ text }) => text),
    { share: 0.25, seed: 1, where: 'harbour' },
  ).held,
);
const panel = (seed = 1) => ({
  held,
  raters: raterPool(world, { noisy: 6 }).raters,
  rng: createRng(seed),
  now: () => '2026-01-01T00:00:00Z',
});
const FEEDBACK = {
  pairs: 60,
  overlap: 2,
  holdout: 0.2,
  selection: { rule: 'disagreement', batches: 2, epsilon: 0.25 },
};

describe('asking by a rule in a run', () => {
  it('asks as many pairs as configured, says by which rule, and holds out only what was drawn at random', async () => {
    const pool = await candidates(120);
    const { items, judgments } = await askPairs(pool, configOf(FEEDBACK), panel());
    expect(new Set(items.map(({ id }) => id)).size).toBe(60);
    expect(judgments.length).toBe(120);
    const held = items.filter(({ strata }) => strata?.split === 'held-out');
    expect(held.length).toBe(12);
    expect(new Set(held.map(({ source }) => source.selection))).toEqual(new Set(['random']));
    const byRule = items.filter(({ source }) => source.selection === 'disagreement').length;
    // 24 at random first; of the 36 in two batches a quarter at random: 4 or 5 each.
    expect(byRule).toBeGreaterThanOrEqual(26);
    expect(byRule).toBeLessThanOrEqual(28);
    const again = await askPairs(pool, configOf(FEEDBACK), panel());
    expect(again.items).toEqual(items);
    expect(again.judgments).toEqual(judgments);
    const other = { ...FEEDBACK, selection: { ...FEEDBACK.selection, rule: 'variance-reduction' } };
    const others = (await askPairs(pool, configOf(other), panel())).items.map(({ id }) => id);
    expect(others.slice(0, 24)).toEqual(items.slice(0, 24).map(({ id }) => id));
    expect(others.slice(24)).not.toEqual(items.slice(24).map(({ id }) => id));
  });
  it('says which key to change when the start is too small to hold anything out of', async () => {
    const config = configOf({ ...FEEDBACK, selection: { rule: 'diversity', initial: 0.2 } });
    await expect(askPairs(await candidates(90), config, panel())).rejects.toThrow(/selection\.initial 0\.2/);
  });
  it('rules of distribution take the place of a fixed overlap', async () => {
    const items = await candidates(30);
    const distribution = { adaptive: { confidence: 0.9, min: 2, max: 5 } };
    const { feedback } = configOf({ ...FEEDBACK, distribution });
    const judgments = await judge(items, feedback, panel());
    const counts = items.map(({ id }) => judgments.filter((j) => j.itemId === id).length);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(2);
    expect(new Set(counts).size).toBeGreaterThan(1);
    expect(Math.max(...counts)).toBeLessThanOrEqual(5);
    const fixed = await judge(items, configOf(FEEDBACK).feedback, panel());
    expect(fixed.length).toBe(60);
  });
});
