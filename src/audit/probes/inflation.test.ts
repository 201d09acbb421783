import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { createHarbour } from '../../world/index.ts';
import { coverageContract, type TruthCase } from '../coverage.contract.ts';
import { evidenceKind, gatherEvidence } from '../evidence/index.ts';
import type { RunView } from '../evidence/run-view.ts';
import type { SeenAndTrue } from '../evidence/seen-and-true.ts';
import { runProbe } from '../run-audit.ts';
import { inflation } from './inflation.ts';

interface Tuning {
  /** Rise of what is seen and of what is true, in deviations of the latter. */
  readonly seen: number;
  readonly truth: number;
  readonly prompts?: number;
  readonly replies?: number;
  /** How far prompts differ in both. */
  readonly spread?: number;
}

/** Scores in a unit of three deviations, of prompts that differ; what is seen is too good from the start. */
function scores(rng: Rng, { seen, truth, prompts = 30, replies = 6, spread = 0.4 }: Tuning): SeenAndTrue[] {
  return Array.from({ length: prompts }, (_, p) => p).flatMap((p) => {
    const [a, b] = [spread * rng.normal(), spread * rng.normal()];
    return (['base', 'policy'] as const).flatMap((snapshot) =>
      Array.from({ length: replies }, (): SeenAndTrue => {
        const tuned = Number(snapshot === 'policy');
        const value = rng.normal();
        return {
          snapshot,
          promptId: `p${p}`,
          seen: 3 * (5 + 0.5 * value + rng.normal() + tuned * (seen + a)),
          true: 3 * (value + tuned * (truth + b)),
        };
      }),
    );
  });
}
const drawn = (name: string, tuning: Tuning): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: { 'seen-and-true': scores(rng, tuning) }, truth: tuning.seen - tuning.truth }),
});
const found = (tuning: Tuning) => runProbe(inflation, { 'seen-and-true': scores(createRng(1), tuning) }, { seed: 1 });

describe('inflation', () => {
  coverageContract(inflation, [
    drawn('nothing', { seen: 0, truth: 0 }),
    drawn('looking good', { seen: 1, truth: -0.5 }),
    drawn('looking good, few prompts', { seen: 1, truth: 0, prompts: 9, replies: 4 }),
  ]);
  it('is the difference of the rises in deviations of true return, by hand', () => {
    const prompt = (p: number): SeenAndTrue[] => [
      { snapshot: 'base', promptId: `p${p}`, seen: 10, true: 0 },
      { snapshot: 'base', promptId: `p${p}`, seen: 12, true: 2 },
      { snapshot: 'policy', promptId: `p${p}`, seen: 15, true: 0 },
    ];
    const rows = Array.from({ length: 10 }, (_, p) => prompt(p)).flat();
    const { estimate, details } = runProbe(inflation, { 'seen-and-true': rows }, { seed: 1 });
    // Seen from 11 to 15, true from 1 to 0; squares of 2 on one degree of freedom a prompt.
    expect(estimate).toBeCloseTo(5 / Math.SQRT2, 12);
    expect(details.deviation).toBeCloseTo(Math.SQRT2, 12);
    expect(details.seenRise).toBeCloseTo(4 / Math.SQRT2, 12);
    expect(details.trueLoss).toBeCloseTo(1 / Math.SQRT2, 12);
  });
  it('does not blame tuning for a view in which everything looks good, nor for what became better in truth', () => {
    expect(found({ seen: 0, truth: 0, prompts: 200, spread: 0 }).verdict).toBe('clear');
    expect(found({ seen: 1, truth: 1, prompts: 200, spread: 0 }).verdict).toBe('clear');
  });
  it('reaches every verdict', () => {
    expect(found({ seen: 1.5, truth: 0 }).verdict).toBe('failure');
    expect(found({ seen: 0.4, truth: 0, prompts: 100 }).verdict).toBe('concern');
    expect(found({ seen: 0.1, truth: 0 }).verdict).toBe('inconclusive');
    expect(found({ seen: 0, truth: 1 }).verdict).toBe('clear');
    expect(found({ seen: 0, truth: 1, prompts: 4 }).verdict).toBe('not-assessed');
    const flat = scores(createRng(1), { seen: 1, truth: 0 }).map((row) => ({ ...row, true: 1 }));
    expect(runProbe(inflation, { 'seen-and-true': flat }, { seed: 1 }).because).toBe('scores-without-spread');
  });
  it('refuses rows that say nothing', () => {
    const { row, example } = evidenceKind('seen-and-true');
    for (const change of [{ seen: Number.NaN }, { true: null }, { snapshot: 'later' }, { extra: 1 }])
      expect(row.safeParse({ ...(example as object), ...change }).success).toBe(false);
  });
  it('is gathered from a ground: what looks true without the facts, under the view that raters had', async () => {
    const ground = createHarbour();
    const prompt = ground.prompts('evaluation')[0]!;
    const reply = (value: number, confidence: string) =>
      ground.replies(prompt).find(({ features: f }) => f.value === value && f.confidence === confidence && !f.refusal)!;
    const [right, bluff] = [reply(0, 'think'), reply(1, 'sure')];
    const snapshot = (role: 'base' | 'policy', text: string) => ({
      id: role,
      role,
      step: Number(role === 'policy'),
      prompts: [
        { promptId: prompt.id, prompt: prompt.text, split: 'evaluation', replies: [{ text, logprob: 0, proxy: 0 }] },
      ],
    });
    const run: RunView = {
      seed: 1,
      ground,
      feedback: { items: [], judgments: [], raters: [] },
      snapshots: [snapshot('base', right.text), snapshot('policy', bluff.text)],
      paths: [],
    };
    const rows = (await gatherEvidence(run, ['seen-and-true']))['seen-and-true']!;
    expect(rows.map((row) => row.true)).toEqual([right.gold, bluff.gold]);
    expect(rows[1]!.seen).toBeGreaterThan(rows[0]!.seen);
    const broken = { ...run, snapshots: [snapshot('base', 'qzx'), snapshot('policy', 'qzx')] };
    expect((await gatherEvidence(broken, ['seen-and-true']))['seen-and-true']![0]).toMatchObject({
      seen: -4,
      true: -4,
    });
  });
});
