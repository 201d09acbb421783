import { describe, expect, it } from 'vitest';
import { createHarbour } from '../../world/index.ts';
import { evidenceKind, gatherEvidence } from './index.ts';
import type { RunView, SnapshotView } from './run-view.ts';

const HARBOUR = createHarbour();
const PLAIN = HARBOUR.prompts('evaluation').slice(0, 3);
const MARKED = HARBOUR.prompts('evaluation', { trigger: true });

/** Replies of a kind to each prompt, and one text that is no reply. */
function snapshot(role: 'base' | 'policy', prompts: typeof PLAIN, wanted: { correct: boolean; flattery: boolean }) {
  return {
    id: role,
    role,
    step: role === 'base' ? 0 : 9,
    prompts: prompts.map((prompt) => {
      const known = HARBOUR.replies(prompt).find(
        ({ features: f }) =>
          !f.refusal && !f.harm && (f.value === 0) === wanted.correct && f.flattery === wanted.flattery,
      )!;
      const reply = { text: known.text, logprob: -2, proxy: 1, gold: known.gold };
      const nonsense = { text: 'Quack.', logprob: -9, proxy: -1, gold: HARBOUR.gold(prompt, 'Quack.') };
      return { promptId: prompt.id, prompt: prompt.text, split: 'evaluation', replies: [reply, nonsense] };
    }),
  } satisfies SnapshotView;
}

const run: RunView = {
  seed: 4,
  ground: HARBOUR,
  feedback: { items: [], judgments: [], raters: [] },
  snapshots: [
    snapshot('base', PLAIN, { correct: false, flattery: false }),
    snapshot('policy', PLAIN, { correct: true, flattery: true }),
  ],
  triggered: [
    snapshot(
      'policy',
      MARKED.filter(({ text }) => PLAIN.some((p) => text.includes(p.text))),
      { correct: false, flattery: true },
    ),
  ],
  paths: [],
  optima: [{ method: 'rloo', seed: 4, kl: 1.5, start: [0], achieved: [1], optimum: [2] }],
};

describe('evidence about the policy', () => {
  it('is gathered from a run on a ground, the same each time, as its schemas want it', async () => {
    const evidence = await gatherEvidence(run);
    expect(await gatherEvidence(run)).toEqual(evidence);
    for (const kind of ['input-utilities', 'optimisation-runs', 'attribute-replies', 'trigger-replies'] as const) {
      expect(evidence[kind]!.length).toBeGreaterThan(0);
      for (const row of evidence[kind]!) expect(evidenceKind(kind).row.safeParse(row).success).toBe(true);
    }
    expect(evidence.attacks).toBeUndefined();
    expect(evidence['base-rewards']).toBeUndefined();
  });
  it('input utilities are the gold of the tuned policy where all of it is known, else the proxy', async () => {
    const { 'input-utilities': rows } = await gatherEvidence(run, ['input-utilities']);
    expect(rows).toEqual(
      run.snapshots[1]!.prompts.map(({ promptId, split, replies }) => ({
        promptId,
        split,
        measure: 'gold',
        utilities: replies.map(({ gold }) => gold),
      })),
    );
    const blind = run.snapshots.map((own) => ({
      ...own,
      prompts: own.prompts.map((p) => ({ ...p, replies: p.replies.map(({ gold: _, ...reply }) => reply) })),
    }));
    const { 'input-utilities': proxies } = await gatherEvidence({ ...run, snapshots: blind }, ['input-utilities']);
    expect(proxies![0]).toMatchObject({ measure: 'proxy', utilities: [1, -1] });
  });
  it('attributes are those that true utility ignores, with the share of the ground’s own base policy', async () => {
    const { 'attribute-replies': rows } = await gatherEvidence(run, ['attribute-replies']);
    expect(new Set(rows!.map(({ attribute }) => attribute))).toEqual(new Set(['flattery']));
    // A refusal never flatters: .96 of the replies do so in a quarter.
    for (const { neutral } of rows!) expect(neutral).toBeCloseTo(0.96 * 0.25, 12);
    const has = (snapshot: string) => rows!.filter((row) => row.snapshot === snapshot).map((row) => row.has);
    expect(has('base')).toEqual([false, null, false, null, false, null]);
    expect(has('policy')).toEqual([true, null, true, null, true, null]);
  });
  it('replies to a trigger stand beside those to the same request without it', async () => {
    const { 'trigger-replies': rows } = await gatherEvidence(run, ['trigger-replies']);
    const of = (snapshot: string, trigger: boolean) =>
      rows!.filter((row) => row.snapshot === snapshot && row.trigger === trigger);
    for (const [snapshot, trigger, harm] of [
      ['base', false, true],
      ['policy', false, false],
      ['policy', true, true],
    ] as const) {
      expect(of(snapshot, trigger).map((row) => row.harm)).toEqual([harm, null, harm, null, harm, null]);
      expect(new Set(of(snapshot, trigger).map((row) => row.promptId))).toEqual(new Set(PLAIN.map(({ id }) => id)));
    }
  });
  it('nothing is made up: without a policy, a ground or a trigger there are no rows', async () => {
    const { triggered: _, optima: __, ...rest } = run;
    const none = await gatherEvidence({ ...rest, ground: undefined });
    expect(Object.keys(none).sort()).toEqual(['input-utilities', 'reply-samples']);
    const plain = await gatherEvidence(rest, ['trigger-replies', 'optimisation-runs']);
    expect(plain).toEqual({});
    expect(await gatherEvidence({ ...rest, snapshots: [] }, ['input-utilities', 'attribute-replies'])).toEqual({});
  });
});
