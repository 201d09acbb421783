import { expect, it } from 'vitest';
import { createRng, mean, type Rng } from '../stats/index.ts';
import { meanEstimate } from './estimates.ts';
import { changesInUnits, scoreUnit } from './score-units.ts';

/** Two scores a prompt; the spread of prompts differs, and only those of a kind are changed, by more where scores spread more. */
function drawn(rng: Rng, { prompts, changedShare, rise }: { prompts: number; changedShare: number; rise: number }) {
  const scores: { promptId: string; score: number }[] = [];
  const changes: { promptId: string; change: number }[] = [];
  for (let p = 0; p < prompts; p++) {
    const changed = p < changedShare * prompts;
    const width = changed ? 2 : 0.5;
    const [a, b] = [width * rng.normal(), width * rng.normal()];
    const promptId = `p${p}`;
    scores.push({ promptId, score: a }, { promptId, score: b });
    if (changed) changes.push({ promptId, change: rise + 0.3 * rng.normal() });
  }
  return { scores, changes };
}

it.each([
  { prompts: 60, changedShare: 1, rise: 1 },
  { prompts: 120, changedShare: 0.3, rise: 1 },
  { prompts: 60, changedShare: 0.2, rise: 3 },
  { prompts: 120, changedShare: 0.3, rise: 0 },
])('an interval in units of the deviation covers: %o', (setting) => {
  const { changedShare, rise } = setting;
  const truth = rise / Math.sqrt(changedShare * 4 + (1 - changedShare) * 0.25);
  const rng = createRng(`score-units/${changedShare}/${rise}`);
  let held = 0;
  for (let draw = 0; draw < 600; draw++) {
    const { scores, changes } = drawn(rng, setting);
    const { interval } = meanEstimate(changesInUnits(changes, scoreUnit(scores)!), 0.95);
    held += Number(interval.low <= truth && truth <= interval.high);
  }
  expect(held / 600).toBeGreaterThanOrEqual(0.93);
  expect(held / 600).toBeLessThanOrEqual(0.985);
});
it('leaves the mean as it is, and doubts even changes that are all alike', () => {
  const scores = [0, 1, 0, 3, 2, 5].map((score, i) => ({ promptId: `p${i >> 1}`, score }));
  const unit = scoreUnit(scores)!;
  const values = changesInUnits(
    ['p0', 'p1', 'p2'].map((promptId) => ({ promptId, change: 2 })),
    unit,
  );
  expect(mean(values)).toBeCloseTo(2 / unit.deviation, 12);
  expect(meanEstimate(values, 0.95).error).toBeGreaterThan(0);
});
