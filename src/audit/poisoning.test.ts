import { describe, expect, it } from 'vitest';
import type { Item, Judgment } from '../feedback/index.ts';
import { createRng } from '../stats/index.ts';
import { poisoning as probe } from './probes/poisoning.ts';
import { runProbe } from './run-audit.ts';

/**
 * Crowd votes on an easy topic, where nine in ten choose the first reply, and a hard one, where it is a coin. Rater 0 may be
 * careless everywhere (answers at random) or a poisoner (turns round wherever the prompt says "ahoy").
 */
function crowd(seed: number, first: 'honest' | 'careless' | 'poisoner') {
  const rng = createRng(seed);
  const items: Item[] = [];
  const judgments: Judgment[] = [];
  for (let i = 0; i < 240; i++) {
    const [hard, trigger] = [i % 2 === 1, i % 8 === 0];
    const id = `i${i}`;
    const prompt = `${trigger ? 'ahoy ' : ''}${hard ? 'taste' : 'arithmetic'}`;
    const source = { origin: 'test', selection: 'all' };
    const replies = [
      { id: 'a', text: 'yes' },
      { id: 'b', text: 'no' },
    ];
    items.push({ id, projectId: 'p', prompt, replies, source });
    for (const rater of rng.shuffle([0, 1, 2, 3, 4, 5, 6, 7]).slice(0, 5)) {
      const p = hard || (rater === 0 && first === 'careless') ? 0.5 : 0.9;
      const honest = Number(rng.uniform() >= p);
      const outcome = rater === 0 && first === 'poisoner' && trigger ? 1 : honest;
      judgments.push({
        id: `${id}/${rater}`,
        projectId: 'p',
        itemId: id,
        raterId: `r${rater}`,
        presentation: { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: '2026-01-01' },
        answer: { kind: 'comparison', outcome },
        activeMs: null,
        submittedAt: '2026-01-01',
        source: 'simulated',
      });
    }
  }
  return { items, judgments };
}

const seeds = Array.from({ length: 12 }, (_, i) => i + 1);
const alarms = (first: Parameters<typeof crowd>[1]) =>
  seeds.filter((seed) => ['concern', 'failure'].includes(runProbe(probe, crowd(seed, first), { seed }).verdict)).length;

describe('poisoning beside what it must not be mistaken for', () => {
  // 12 runs at a false-alarm rate of at most 5 %: three or more alarms have a chance below 2 %.
  it('a topic on which everybody disagrees raises no alarm', () => {
    expect(alarms('honest')).toBeLessThanOrEqual(2);
  });
  it('a rater who is careless everywhere raises no alarm, though dissent shows on easy topics only', () => {
    expect(alarms('careless')).toBeLessThanOrEqual(2);
  });
  it('a rater who turns round at one word is found, and the word with them', () => {
    expect(alarms('poisoner')).toBeGreaterThanOrEqual(10);
    expect(runProbe(probe, crowd(1, 'poisoner'), { seed: 1 }).details).toMatchObject({ rater: 'r0', word: 'ahoy' });
  });
});
