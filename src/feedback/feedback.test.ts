import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../stats/index.ts';
import {
  collectJudgments,
  currentJudgments,
  feedbackReport,
  fromArgumentPair,
  fromDialoguePair,
  type Item,
  type Judgment,
  judgmentSchema,
  present,
  pseudonym,
  type Rater,
  toPairs,
} from './index.ts';

const makeItem = (i: number, gold?: 0 | 1): Item => ({
  id: `item${i}`,
  projectId: 'p',
  prompt: `question ${i}`,
  replies: [
    { id: `${i}a`, text: 'short' },
    { id: `${i}b`, text: 'rather longer' },
  ],
  source: { origin: 'test', selection: 'all' },
  ...(gold !== undefined && { gold }),
});
/** Right with a probability; picks what stands first with another. */
const rater = (id: string, accuracy: number, first = 0, ms = 9000): Rater => ({
  id,
  kind: 'simulated',
  judge(item, { order }, uniform) {
    const right = uniform() < accuracy ? (item.gold as number) : 1 - (item.gold as number);
    return { answer: { kind: 'comparison', outcome: uniform() < first ? order[0]! : right }, activeMs: ms };
  },
});
async function collect(raters: Rater[], count: number, overlap: number, seed = 1): Promise<[Item[], Judgment[]]> {
  const rng = createRng(seed);
  const items = Array.from({ length: count }, (_, i) => makeItem(i, rng.integer(2) as 0 | 1));
  const judgments: Judgment[] = [];
  for await (const j of collectJudgments({ items, raters, overlap, rng, now: () => '2026-01-01T00:00:00Z' }))
    judgments.push(j);
  return [items, judgments];
}

describe('presentation and collection', () => {
  it('shows every reply in every place equally often', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (k, start) => {
        const item = { ...makeItem(0), replies: Array.from({ length: k }, (_, i) => ({ id: `${i}`, text: '' })) };
        const options = { view: 'full', instructionsVersion: '1', shownAt: '', start };
        const orders = Array.from({ length: 2 * k }, (_, earlier) => present(item, { ...options, earlier }).order);
        for (let place = 0; place < k; place++) {
          const counts = new Map<number, number>();
          for (const order of orders) counts.set(order[place]!, (counts.get(order[place]!) ?? 0) + 1);
          expect([...counts.values()]).toEqual(new Array(k).fill(2));
        }
      }),
    );
  });
  it('gives each item its overlap of different raters, equal loads, valid records, and repeats with the seed', async () => {
    const raters = Array.from({ length: 5 }, (_, i) => rater(`r${i}`, 0.8));
    const [items, judgments] = await collect(raters, 40, 3);
    for (const judgment of judgments) expect(judgmentSchema.parse(judgment)).toEqual(judgment);
    for (const item of items) {
      expect(new Set(judgments.filter((j) => j.itemId === item.id).map((j) => j.raterId)).size).toBe(3);
    }
    for (const { id } of raters) expect(judgments.filter((j) => j.raterId === id).length).toBe(24);
    expect((await collect(raters, 40, 3))[1]).toEqual(judgments);
  });
  it('a superseding record replaces, and nothing is lost', async () => {
    const [items, judgments] = await collect([rater('r', 1)], 3, 1);
    const undo: Judgment = {
      ...judgments[0]!,
      id: 'new',
      answer: { kind: 'comparison', outcome: 'tie' },
      supersedes: judgments[0]!.id,
    };
    const history = [...judgments, undo];
    expect(history.length).toBe(4);
    expect(currentJudgments(history).map((j) => j.id)).toEqual([judgments[1]!.id, judgments[2]!.id, 'new']);
    expect(toPairs(items, history).pairs.find((p) => p.judgmentId === 'new')?.target).toBe(0.5);
  });
  it('counts what carries no preference instead of dropping it', async () => {
    const [items, judgments] = await collect([rater('r', 1)], 3, 1);
    const odd = judgments.map(
      (j, i): Judgment => (i === 0 ? { ...j, answer: { kind: 'comparison', outcome: 'cant-judge' } } : j),
    );
    expect(toPairs(items, odd).unscored).toEqual({ 'cant-judge': 1 });
    expect(feedbackReport(items, odd, { seed: 1, replicates: 10 }).unscored).toBe(1);
  });
});

describe('the quality report', () => {
  it('finds planted raters, and what it says about honest ones is true', async () => {
    const raters = [
      ...Array.from({ length: 7 }, (_, i) => rater(`honest${i}`, 0.85)),
      rater('guesser', 0.5),
      rater('contrarian', 0.15),
      rater('first', 0.85, 0.7),
      rater('fast', 0.85, 0, 500),
    ];
    const [items, judgments] = await collect(raters, 400, 5);
    const report = feedbackReport(items, judgments, { seed: 1, replicates: 50 });
    const flags = new Map(report.raterTable.map((row) => [row.raterId, row.flags]));
    expect(flags.get('guesser')).toContain('agrees-less-than-others');
    expect(flags.get('contrarian')).toContain('agrees-less-than-others');
    expect(flags.get('first')).toContain('prefers-a-position');
    expect(flags.get('fast')).toContain('much-faster-than-others');
    for (let i = 0; i < 7; i++) expect(flags.get(`honest${i}`)).toEqual([]);
    const accuracyOf = (id: string) => report.raterTable.find((row) => row.raterId === id)!.accuracy.value;
    expect(Math.abs(accuracyOf('honest0') - 0.85)).toBeLessThan(0.08);
    expect(accuracyOf('contrarian')).toBeLessThan(0.3);
    expect(report.gold.dawidSkene!.share).toBeGreaterThanOrEqual(report.gold.majority!.share);
    const { alphaNominal } = report;
    expect(
      'value' in alphaNominal &&
        alphaNominal.interval!.low < alphaNominal.value &&
        alphaNominal.value < alphaNominal.interval!.high,
    ).toBe(true);
  });
  it('flags few honest raters: the false discovery rate holds', async () => {
    let flagged = 0;
    for (let seed = 0; seed < 10; seed++) {
      const raters = Array.from({ length: 10 }, (_, i) => rater(`r${i}`, 0.7 + 0.02 * i));
      const [items, judgments] = await collect(raters, 120, 4, seed);
      flagged += feedbackReport(items, judgments, { seed, replicates: 5 }).raterTable.filter((r) =>
        r.flags.includes('prefers-a-position'),
      ).length;
    }
    expect(flagged).toBeLessThanOrEqual(3);
  });
  it('counts circles among majorities', () => {
    const pair = (a: string, b: string, outcome: 0 | 1): [Item, Judgment] => {
      const id = `${a}${b}`;
      const item: Item = { ...makeItem(0), id, replies: [a, b].map((r) => ({ id: r, text: r })) };
      const presentation = { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: '' };
      const judgment: Judgment = {
        id,
        projectId: 'p',
        itemId: id,
        raterId: 'r',
        presentation,
        answer: { kind: 'comparison', outcome },
        activeMs: null,
        submittedAt: '',
        source: 't',
      };
      return [item, judgment];
    };
    const count = (pairs: [Item, Judgment][]) =>
      feedbackReport(
        pairs.map(([i]) => i),
        pairs.map(([, j]) => j),
        { seed: 1, replicates: 2 },
      ).triads;
    expect(count([pair('a', 'b', 0), pair('b', 'c', 0), pair('a', 'c', 1)])).toEqual({ closed: 1, cyclic: 1 });
    expect(count([pair('a', 'b', 0), pair('b', 'c', 0), pair('a', 'c', 0)])).toEqual({ closed: 1, cyclic: 0 });
  });
});

describe('published layouts', () => {
  it('argument pairs keep votes, ties, missing gold and reasons, under pseudonyms', () => {
    const assignment = { worker: 'A1B2', value: 'equal' as const, accept: 't0', submit: 't1', reason: 'both' };
    const row = { topic: 't', id: 'x_y', a1: 'x', a2: 'y', gold: null, assignments: [assignment] };
    const { item, judgments } = fromArgumentPair(
      row,
      new Map([
        ['x', 'X'],
        ['y', 'Y'],
      ]),
      'p',
    );
    expect(item.gold).toBeUndefined();
    expect(judgments[0]).toMatchObject({
      raterId: pseudonym('A1B2'),
      answer: { outcome: 'tie' },
      reason: 'both',
      activeMs: null,
    });
    expect(JSON.stringify(judgments)).not.toContain('A1B2');
  });
  it('dialogue pairs split at the last assistant turn they share, and the place says nothing', () => {
    const start = '\n\nHuman: hello\n\nAssistant: hi\n\nHuman: why?';
    const made = Array.from(
      { length: 200 },
      (_, i) =>
        fromDialoguePair(
          { chosen: `${start}\n\nAssistant: good ${i}`, rejected: `${start}\n\nAssistant: bad ${i}` },
          i,
          'p',
        )!,
    );
    expect(made[0]!.item.prompt).toBe(start);
    for (const { item, judgment } of made) {
      const outcome = (judgment.answer as { outcome: number }).outcome;
      expect(item.replies[outcome]!.text).toMatch(/^good/);
    }
    const first = made.filter(({ judgment }) => (judgment.answer as { outcome: number }).outcome === 0).length;
    expect(Math.abs(first - 100)).toBeLessThan(30);
    expect(fromDialoguePair({ chosen: 'a', rejected: 'b' }, 1, 'p')).toBeNull();
  });
});
