import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { coverageContract, type TruthCase } from '../coverage.contract.ts';
import type { CollectionPrompt } from '../evidence/collection-prompts.ts';
import { EVIDENCE } from '../evidence/index.ts';
import type { RunView } from '../evidence/run-view.ts';
import { runProbe } from '../run-audit.ts';
import { aucInterval, weightedAuc } from '../two-sample.ts';
import { collectionShift } from './collection-shift.ts';

interface Options {
  readonly feedback?: number;
  readonly deployment?: number;
  readonly kinds?: number;
  readonly text?: (source: CollectionPrompt['source'], kind: number) => string;
  readonly known?: boolean;
}

/** Prompts of kinds that deployment brings alike, and of which feedback leaves out the first few. */
function prompts(rng: Rng, leftOut: number, options: Options = {}): CollectionPrompt[] {
  const {
    feedback = 120,
    deployment = 120,
    kinds = 8,
    known = true,
    text = (_, kind) => `about thing ${kind}`,
  } = options;
  return (['feedback', 'deployment'] as const).flatMap((source) =>
    Array.from({ length: source === 'feedback' ? feedback : deployment }, (_, i): CollectionPrompt => {
      const kind = source === 'feedback' ? leftOut + rng.integer(kinds - leftOut) : rng.integer(kinds);
      const strata: Record<string, string> = known ? { topic: `topic ${kind}`, mood: `${rng.integer(2)}` } : {};
      return { promptId: `${source}/${i}`, source, text: text(source, kind), strata };
    }),
  );
}
const drawn = (name: string, leftOut: number, options: Options = {}): TruthCase => ({
  name,
  draw: (rng) => ({
    evidence: { 'collection-prompts': prompts(rng, leftOut, options) },
    truth: leftOut / (options.kinds ?? 8) / 2,
  }),
});
const found = (rows: readonly CollectionPrompt[]) =>
  runProbe(collectionShift, { 'collection-prompts': rows }, { seed: 1 });

describe('collection-shift', () => {
  coverageContract(
    collectionShift,
    [
      drawn('the same kinds', 0, { feedback: 40, deployment: 40, kinds: 4 }),
      drawn('a quarter is left out', 1, { feedback: 60, deployment: 40, kinds: 4 }),
      drawn('most is left out, few prompts of deployment', 3, { feedback: 80, deployment: 20, kinds: 4 }),
    ],
    { draws: 80 },
  );
  it('reaches every verdict', () => {
    const verdict = (leftOut: number, options?: Options) => found(prompts(createRng(3), leftOut, options)).verdict;
    expect(verdict(7)).toBe('failure');
    expect(verdict(4)).toBe('concern');
    expect(verdict(1, { feedback: 30, deployment: 30 })).toBe('inconclusive');
    expect(verdict(0, { feedback: 400, deployment: 400 })).toBe('clear');
    expect(verdict(0, { deployment: 6 })).toBe('not-assessed');
  });
  it('takes other wording for a shift only where no strata are known', () => {
    const text: Options['text'] = (source, kind) => `${source === 'feedback' ? 'please' : 'kindly'} about ${kind}`;
    const options = { feedback: 300, deployment: 300, text };
    expect(found(prompts(createRng(1), 0, options)).verdict).toBe('clear');
    const worded = found(prompts(createRng(1), 0, { ...options, known: false }));
    expect(worded.verdict).toBe('failure');
    expect(worded.details.basis).toMatch(/^words/);
    // Without other wording there is none.
    expect(found(prompts(createRng(1), 0, { feedback: 300, deployment: 300, known: false })).verdict).toBe('clear');
  });
  it('names what was under-collected, and what the reward loses there', () => {
    const rows = prompts(createRng(2), 0).filter(
      ({ source, strata }, i) => source === 'deployment' || strata.topic !== 'topic 0' || i % 4 === 0,
    );
    const curve = rows
      .filter(({ source }) => source === 'feedback')
      .map(({ text, strata }, i) => ({
        itemId: `${i}`,
        promptId: text,
        judgments: 1,
        credits: [{ share: 0.75, fewer: 'pairs' as const, credit: strata.topic === 'topic 0' ? 0.5 : 0.75 }],
      }));
    const { details } = runProbe(collectionShift, { 'collection-prompts': rows, 'learning-curve': curve }, { seed: 1 });
    expect((details.underCollected as { stratum: string }[])[0]!.stratum).toBe('topic: topic 0');
    expect(details.accuracyLostWhereUnderCollected).toBeCloseTo(0.25, 9);
  });
  it('keeps a stratum named like a key of every object apart', () => {
    const rows = prompts(createRng(1), 0).map((row) => ({ ...row, strata: { constructor: row.strata.topic! } }));
    expect(found(rows).details.basis).toBe('strata: constructor');
  });
});

describe('an AUC', () => {
  it('is the share of pairs in order, ties half, by weight', () => {
    const unit = (score: number, second: boolean, weight = 1) => ({ score, second, weight });
    expect(weightedAuc([unit(1, false), unit(2, true)])).toBe(1);
    expect(weightedAuc([unit(1, false), unit(1, true)])).toBe(0.5);
    expect(weightedAuc([unit(1, false, 3), unit(3, false), unit(2, true)])).toBe(0.75);
  });
  it('has an interval at its ends, too', () => {
    expect(aucInterval(1, [10, 10], 0.95)).toMatchObject({ high: 1 });
    expect(aucInterval(1, [10, 10], 0.95).low).toBeGreaterThan(0.6);
    expect(aucInterval(1, [10, 10], 0.95).low).toBeLessThan(0.95);
    const { low, high } = aucInterval(0.5, [100, 100], 0.95);
    // The variance of the rank sum under no difference, (m + n + 1) / 12mn, gives 0.5 ± 0.080.
    expect(low).toBeCloseTo(0.42, 2);
    expect(high).toBeCloseTo(0.58, 2);
  });
});

describe('prompts of feedback and of deployment', () => {
  const item = (id: string, prompt: string, strata?: Record<string, string>) => ({
    id,
    projectId: 'p',
    prompt,
    replies: [],
    source: { origin: 'o', selection: 's' },
    ...(strata !== undefined && { strata }),
  });
  const judgment = (itemId: string) => ({ itemId }) as RunView['feedback']['judgments'][number];
  const view = (...deployed: string[]): RunView => ({
    seed: 1,
    ground: undefined,
    feedback: {
      items: [
        item('a', 'one', { topic: 'x', split: 'train' }),
        item('b', 'one', { topic: 'x', split: 'train' }),
        item('c', 'two'),
      ],
      judgments: [judgment('a'), judgment('b')],
      raters: [],
    },
    snapshots: (['base', 'policy'] as const).map((role) => ({
      id: role,
      role,
      step: 0,
      prompts: [],
      deployment: deployed.map((prompt) => ({ promptId: prompt, prompt, split: 'deploy', replies: [] })),
    })),
    paths: [],
  });
  it('come from a run that has both', async () => {
    const { gather } = EVIDENCE['collection-prompts'];
    expect(await gather(view())).toBeUndefined();
    expect(await gather(view('three'))).toEqual([
      { promptId: 'one', source: 'feedback', text: 'one', strata: { topic: 'x' }, times: 2 },
      { promptId: 'three', source: 'deployment', text: 'three', strata: {} },
    ]);
  });
});
