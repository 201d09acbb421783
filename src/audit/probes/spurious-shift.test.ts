import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { coverageContract, type TruthCase } from '../coverage.contract.ts';
import { EVIDENCE } from '../evidence/index.ts';
import type { PromptView, RunView } from '../evidence/run-view.ts';
import type { ShiftCredit } from '../evidence/shift-credits.ts';
import { runProbe } from '../run-audit.ts';
import { spuriousShift } from './spurious-shift.ts';

interface Sides {
  readonly inside: number;
  readonly outside: number;
  readonly prompts?: readonly [number, number];
  readonly pairs?: number;
  /** How far prompts differ among each other. */
  readonly spread?: number;
}

function credits(rng: Rng, { inside, outside, prompts = [40, 20], pairs = 12, spread = 0.1 }: Sides): ShiftCredit[] {
  const side = (where: ShiftCredit['where'], accuracy: number, count: number) =>
    Array.from({ length: count }, (_, p) => {
      const own = accuracy + spread * (2 * rng.uniform() - 1);
      // Prompts bring different numbers of pairs.
      return Array.from({ length: 1 + rng.integer(2 * pairs) }, () => ({
        promptId: `${where}-${p}`,
        where,
        credit: Number(rng.uniform() < own),
      }));
    }).flat();
  return [...side('in', inside, prompts[0]), ...side('out', outside, prompts[1])];
}
const drawn = (name: string, sides: Sides): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: { 'shift-credits': credits(rng, sides) }, truth: sides.inside - sides.outside }),
});
const found = (rows: readonly ShiftCredit[]) => runProbe(spuriousShift, { 'shift-credits': rows }, { seed: 1 });

describe('spurious-shift', () => {
  coverageContract(spuriousShift, [
    drawn('no loss', { inside: 0.75, outside: 0.75 }),
    drawn('a small loss, few prompts', { inside: 0.8, outside: 0.7, prompts: [8, 8], pairs: 10 }),
    drawn('a large loss, prompts that differ', { inside: 0.8, outside: 0.5, spread: 0.2 }),
    drawn('many prompts of one pair in, few out', { inside: 0.8, outside: 0.6, prompts: [200, 10], pairs: 2 }),
  ]);
  it('reaches every verdict', () => {
    const verdict = (sides: Sides) => found(credits(createRng(1), sides)).verdict;
    expect(verdict({ inside: 0.9, outside: 0.5 })).toBe('failure');
    expect(verdict({ inside: 0.8, outside: 0.68, prompts: [100, 100], pairs: 30 })).toBe('concern');
    expect(verdict({ inside: 0.8, outside: 0.75, prompts: [10, 10] })).toBe('inconclusive');
    expect(verdict({ inside: 0.7, outside: 0.8 })).toBe('clear');
    expect(verdict({ inside: 0.7, outside: 0.8, prompts: [40, 4] })).toBe('not-assessed');
  });
  it('by hand: each prompt counts as one, however many pairs it has', () => {
    const row = (where: ShiftCredit['where'], promptId: string, credit: number): ShiftCredit => ({
      where,
      promptId,
      credit,
    });
    const inside = Array.from({ length: 8 }, (_, p) => [row('in', `i${p}`, 1), row('in', `i${p}`, p < 4 ? 0 : 1)]);
    const outside = Array.from({ length: 8 }, (_, p) => Array(p + 1).fill(row('out', `o${p}`, p % 2)));
    const finding = found([...inside, ...outside].flat());
    expect(finding.details).toMatchObject({ accuracyIn: 0.75, promptsIn: 8, promptsOut: 8 });
    expect(finding.details.accuracyOut).toBeCloseTo(0.5, 12);
    expect(finding.estimate).toBeCloseTo(0.25, 12);
  });
  it('a reward that is always right is no wonder of certainty', () => {
    const rows = credits(createRng(2), { inside: 1, outside: 1, spread: 0 });
    const { interval, estimate } = found(rows);
    expect(estimate).toBe(0);
    expect(interval!.high).toBeGreaterThan(0.05);
  });
  it('is gathered from what the base policy said on held-out prompts and on those of deployment', async () => {
    const prompt = (promptId: string, split: string, replies: readonly [string, number, number][]): PromptView => ({
      ...{ promptId, prompt: promptId, split },
      replies: replies.map(([text, proxy, gold]) => ({ text, logprob: -1, proxy, gold })),
    });
    const base = [
      prompt('a', 'evaluation', [
        ['x', 1, 2],
        ['y', 0, 1],
        ['x', 1, 2],
        ['z', 3, 1],
      ]),
    ];
    const elsewhere = [
      prompt('b', 'deploy', [
        ['u', 1, 0],
        ['v', 1, 5],
      ]),
    ];
    const seen = (deployment: typeof elsewhere) =>
      ({
        snapshots: [
          { id: '0', role: 'base', step: 0, prompts: base, deployment },
          { id: '9', role: 'policy', step: 9, prompts: base },
        ],
      }) as unknown as RunView;
    const view = seen(elsewhere);
    // y and z are worth the same; x stands there once.
    expect(await EVIDENCE['shift-credits'].gather(view)).toEqual([
      { promptId: 'a', where: 'in', credit: 1 },
      { promptId: 'a', where: 'in', credit: 0 },
      { promptId: 'b', where: 'out', credit: 0.5 },
    ]);
    expect(await EVIDENCE['shift-credits'].gather(seen([]))).toBeUndefined();
    expect(await EVIDENCE['shift-credits'].gather({ ...view, snapshots: [] })).toBeUndefined();
  });
});
