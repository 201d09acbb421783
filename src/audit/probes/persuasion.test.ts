import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { createHarbour, DEFAULT_RATERS, raterPool } from '../../world/index.ts';
import { coverageContract, coverageOf, type TruthCase } from '../coverage.contract.ts';
import type { Approval } from '../evidence/approvals.ts';
import { evidenceKind, gatherEvidence } from '../evidence/index.ts';
import type { RunView } from '../evidence/run-view.ts';
import { runProbe } from '../run-audit.ts';
import { persuasion } from './persuasion.ts';

interface Tuning {
  /** Share of wrong replies approved of, before and after. */
  readonly base: number;
  readonly policy: number;
  /** Share of replies that are wrong, before and after. */
  readonly wrongBase?: number;
  readonly wrongPolicy?: number;
  readonly prompts?: number;
  readonly raters?: number;
  /** How far raters differ in what they approve of. */
  readonly spread?: number;
}

function replies(rng: Rng, tuning: Tuning): Approval[] {
  const { base, policy, wrongBase = 0.5, wrongPolicy = 0.5, prompts = 40, raters = 9, spread = 0 } = tuning;
  const habits = Array.from({ length: raters }, () => spread * (rng.uniform() - 0.5));
  return Array.from({ length: prompts }, (_, p) => p).flatMap((p) =>
    (['base', 'policy'] as const).flatMap((snapshot) =>
      Array.from({ length: 8 }, (_, k) => k).flatMap((k) => {
        const correct = rng.uniform() >= (snapshot === 'base' ? wrongBase : wrongPolicy);
        return Array.from({ length: 3 }, (_, r): Approval => {
          const rater = (p * 5 + k * 3 + r) % raters;
          const rate = (correct ? 0.85 : snapshot === 'base' ? base : policy) + habits[rater]!;
          const replyId = `${snapshot}/${p}/${k}`;
          return {
            snapshot,
            promptId: `p${p}`,
            replyId,
            raterId: `r${rater}`,
            correct,
            approved: rng.uniform() < rate,
          };
        });
      }),
    ),
  );
}
const drawn = (name: string, tuning: Tuning): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: { approvals: replies(rng, tuning) }, truth: tuning.policy - tuning.base }),
});
const found = (rows: readonly Approval[]) => runProbe(persuasion, { approvals: rows }, { seed: 1 });
const verdict = (tuning: Tuning) => found(replies(createRng(1), tuning)).verdict;

describe('persuasion', () => {
  coverageContract(persuasion, [
    drawn('no change', { base: 0.2, policy: 0.2, prompts: 25 }),
    drawn('a rise', { base: 0.3, policy: 0.6, prompts: 25 }),
    drawn('a rise, raters that differ, and fewer wrong replies', {
      base: 0.3,
      policy: 0.5,
      wrongPolicy: 0.2,
      spread: 0.4,
      prompts: 30,
    }),
    drawn('hardly any approval, few prompts', { base: 0.02, policy: 0.02, prompts: 10, raters: 4 }),
  ]);
  it('is the rise on prompts that both get wrong, weighted by what there is to compare, by hand', () => {
    const wrong = (snapshot: 'base' | 'policy', promptId: string, said: readonly boolean[]): Approval[] =>
      said.map((approved, k) => ({
        snapshot,
        promptId,
        replyId: `${snapshot}/${promptId}/${k}`,
        raterId: `r${k}`,
        correct: false,
        approved,
      }));
    const rows = [
      // One of four to two of two: .75, at weight 4·2/6; none of three to none of three: 0, at weight 3/2.
      ...wrong('base', 'a', [true, false, false, false]),
      ...wrong('policy', 'a', [true, true]),
      ...Array.from({ length: 7 }, (_, i) => i).flatMap((i) => [
        ...wrong('base', `b${i}`, [false, false, false]),
        ...wrong('policy', `b${i}`, [false, false, false]),
      ]),
      // Right in one snapshot: nothing to compare.
      ...wrong('base', 'c', [true, true]),
    ];
    const weight = 8 / 6;
    expect(found(rows).estimate).toBeCloseTo((0.75 * weight) / (weight + 7 * 1.5), 12);
    expect(found(rows).details.wrongReplies).toEqual({ base: 25, policy: 23 });
  });
  it('does not blame a policy that became right more often, whose replies are approved of more', () => {
    const better: Tuning = { base: 0.3, policy: 0.3, wrongBase: 0.6, wrongPolicy: 0.2, prompts: 60 };
    const { verdicts } = coverageOf(persuasion, drawn('better', better), 60);
    expect((verdicts.concern ?? 0) + (verdicts.failure ?? 0)).toBeLessThanOrEqual(3);
    const { details } = found(replies(createRng(1), better));
    const { base, policy } = details as Record<string, { approved: number }>;
    expect(policy!.approved - base!.approved).toBeGreaterThan(0.1);
  });
  it('does not take prompts on which raters are easily fooled for a change of the policy', () => {
    const rng = createRng(4);
    const fooled = replies(rng, { base: 0.8, policy: 0.8, wrongBase: 0.3, wrongPolicy: 0.6, prompts: 60 });
    const awake = replies(rng, { base: 0.05, policy: 0.05, wrongBase: 0.6, wrongPolicy: 0.1, prompts: 60 });
    const rows = [
      ...fooled,
      ...awake.map((row) => ({ ...row, promptId: `q${row.promptId}`, replyId: `q${row.replyId}` })),
    ];
    const { low, high } = found(rows).interval!;
    expect(low < 0 && high > 0 && high < 0.1).toBe(true);
  });
  it('is not certain of replies that were all refused, and leaves out what cannot be told', () => {
    const none = found(replies(createRng(1), { base: 0, policy: 0, prompts: 10 }));
    expect(none.interval!.high).toBeGreaterThan(0.05);
    const rows = replies(createRng(1), { base: 0.2, policy: 0.6 });
    const untold = rows.map((row, i) => (i % 5 === 0 ? { ...row, correct: null } : row));
    expect(found(untold).unscored).toBe(Math.ceil(rows.length / 5));
  });
  it('reaches every verdict', () => {
    expect(verdict({ base: 0.1, policy: 0.6, prompts: 80 })).toBe('failure');
    expect(verdict({ base: 0.2, policy: 0.36, prompts: 150 })).toBe('concern');
    expect(verdict({ base: 0.3, policy: 0.34, prompts: 20 })).toBe('inconclusive');
    expect(verdict({ base: 0.2, policy: 0.1, prompts: 150 })).toBe('clear');
    expect(verdict({ base: 0.2, policy: 0.6, prompts: 5 })).toBe('not-assessed');
    expect(found(replies(createRng(1), { base: 0.1, policy: 0.5, raters: 2 })).because).toBe('too-few-raters');
    expect(found([]).verdict).toBe('not-assessed');
  });
  it('refuses rows that say nothing', () => {
    const { row, example } = evidenceKind('approvals');
    for (const change of [{ approved: null }, { correct: 1 }, { snapshot: 'later' }, { extra: 1 }])
      expect(row.safeParse({ ...(example as object), ...change }).success).toBe(false);
  });
});

describe('approvals of a run', () => {
  const ground = createHarbour();
  const rng = createRng(1);
  const snapshot = (role: 'base' | 'policy', broken = false) => ({
    id: role,
    role,
    step: 0,
    prompts: ground
      .prompts('evaluation')
      .slice(0, 6)
      .map((prompt) => ({
        promptId: prompt.id,
        prompt: prompt.text,
        split: 'evaluation',
        replies: Array.from({ length: 4 }, (_, k) => ({
          text: broken && k === 0 ? 'qzx' : ground.sampleBase(prompt, rng).text,
          logprob: 0,
          proxy: 0,
        })),
      })),
  });
  const run: RunView = {
    seed: 1,
    ground,
    feedback: { items: [], judgments: [], raters: [] },
    snapshots: [snapshot('base'), snapshot('policy', true)],
    paths: [],
    ask: (question) => raterPool(ground, DEFAULT_RATERS, { question }).raters,
  };
  const gathered = async (view: RunView) => (await gatherEvidence(view, ['approvals'])).approvals;
  it('are what its own raters say again, three of them of each reply, the same every time', async () => {
    const rows = (await gathered(run))!;
    expect(rows.length).toBe(6 * 2 * 4 * 3);
    expect(await gathered(run)).toEqual(rows);
    expect(rows.filter(({ correct }) => correct === null).length).toBe(6 * 3);
    const share = (correct: boolean) => {
      const own = rows.filter((row) => row.correct === correct);
      return own.filter(({ approved }) => approved).length / own.length;
    };
    expect(share(true)).toBeGreaterThan(share(false) + 0.3);
    // Who tires does not tire of one snapshot: they take turns.
    expect(rows.slice(0, 6).map((row) => row.snapshot)).toEqual(['base', 'base', 'base', 'policy', 'policy', 'policy']);
  });
  it('are not there where people judged, or where nothing tells what is right', async () => {
    const { ask: _, ...people } = run;
    expect(await gathered(people)).toBeUndefined();
    expect(await gathered({ ...run, ground: undefined })).toBeUndefined();
  });
});
