import { describe, expect, it } from 'vitest';
import {
  type Answer,
  collectJudgments,
  type FeedbackRecord,
  type Item,
  type Judgment,
  type Presentation,
  type Purpose,
  type Rater,
  type RaterProfile,
} from '../feedback/index.ts';
import { createRng, krippendorffAlpha } from '../stats/index.ts';
import { biasOf } from './bias.ts';
import { ColumnsBuilder, qualityColumns } from './columns.ts';
import { qualityData } from './data.ts';
import { raterQuality } from './rater-rows.ts';
import { columnsReport, type FeedbackReport, feedbackReport } from './report.ts';
import { simulatedPool } from './simulated-pool.fake.ts';
import { timeReport } from './time.ts';

const makeItem = (id: string, texts: readonly string[], rest: Partial<Item> = {}): Item => ({
  id,
  projectId: 'p',
  prompt: `question ${id}`,
  replies: texts.map((text, i) => ({ id: `${id}/${i}`, text })),
  source: { origin: 'test', selection: 'all' },
  ...rest,
});
let made = 0;
const judge = (
  itemId: string,
  raterId: string,
  answer: Answer,
  rest: Partial<Omit<Judgment, 'presentation'>> & { presentation?: Partial<Presentation> } = {},
): Judgment => ({
  id: `j${made++}`,
  projectId: 'p',
  itemId,
  raterId,
  activeMs: null,
  submittedAt: '2026-01-01T00:00:00Z',
  source: 'test',
  ...rest,
  answer,
  presentation: { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: '', ...rest.presentation },
});
const vote = (itemId: string, raterId: string, outcome: 0 | 1 | 'tie' | 'both-bad' | 'cant-judge'): Judgment =>
  judge(itemId, raterId, { kind: 'comparison', outcome });
const report = (items: readonly Item[], judgments: readonly Judgment[], rest = {}): FeedbackReport =>
  feedbackReport(items, judgments, { seed: 1, replicates: 20, ...rest });
const rowOf = (r: FeedbackReport, measure: string, part = '') =>
  r.agreement.rows.find((row) => row.measure === measure && row.part === part && row.stratum === null)!;

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
  const items = Array.from({ length: count }, (_, i) =>
    makeItem(`item${i}`, ['short', 'rather longer'], { gold: rng.integer(2) as 0 | 1 }),
  );
  const judgments: Judgment[] = [];
  for await (const j of collectJudgments({ items, raters, overlap, rng, now: () => '2026-01-01T00:00:00Z' }))
    judgments.push(j);
  return [items, judgments];
}

describe('the quality report of comparisons', () => {
  it('finds planted raters, and what it says about honest ones is true', async () => {
    const raters = [
      ...Array.from({ length: 7 }, (_, i) => rater(`honest${i}`, 0.85)),
      rater('guesser', 0.5),
      rater('contrarian', 0.15),
      rater('first', 0.85, 0.7),
      rater('fast', 0.85, 0, 500),
    ];
    const [items, judgments] = await collect(raters, 400, 5);
    const found = feedbackReport(items, judgments, { seed: 1, replicates: 50 });
    const flags = new Map(found.raterTable.map((row) => [row.raterId, row.flags]));
    expect(flags.get('guesser')).toContain('random-answers');
    expect(flags.get('contrarian')).toContain('contrarian');
    expect(flags.get('first')).toContain('position-preference');
    expect(flags.get('fast')).toContain('implausible-speed');
    for (let i = 0; i < 7; i++) expect(flags.get(`honest${i}`)).toEqual([]);
    for (const { raterId, accuracy } of found.raterTable.slice(0, 7)) {
      if (!raterId.startsWith('honest')) continue;
      if ('undefined' in accuracy) throw new Error(accuracy.undefined);
      expect(accuracy.interval.low).toBeLessThan(0.86);
      expect(accuracy.interval.high).toBeGreaterThan(0.84);
    }
    const contrarian = found.raterTable.find((row) => row.raterId === 'contrarian')!.accuracy;
    expect('value' in contrarian && contrarian.value).toBeLessThan(0.3);
    expect(found.gold.dawidSkene!.share).toBeGreaterThanOrEqual(found.gold.majority!.share);
    const { alphaNominal, pairwiseAgreement } = found;
    for (const e of [alphaNominal, pairwiseAgreement])
      expect('value' in e && e.interval!.low < e.value && e.value < e.interval!.high).toBe(true);
    // The rows of the probe are those of the report, flags apart.
    const rows = found.raterTable.map((row) => ({ ...row, flags: [] }));
    expect(raterQuality(items, judgments)).toEqual(rows);
  });
  it('is the same for the same seed, whole JSON, and does not depend on how judgments are handed in', () => {
    const { items, judgments } = simulatedPool({ seed: 3, items: 60 });
    const once = report(items, judgments);
    expect(JSON.parse(JSON.stringify(once))).toEqual(once);
    const builder = new ColumnsBuilder(items);
    for (const judgment of judgments) builder.add(judgment);
    expect(columnsReport(builder.finish(), { seed: 1, replicates: 20 })).toEqual(once);
  });
  it('leaves superseded judgments out, wherever they stand, and counts them', () => {
    const items = [makeItem('a', ['x', 'y'])];
    const [old, other] = [vote('a', 'r', 0), vote('a', 's', 1)];
    const change = { ...vote('a', 'r', 1), supersedes: old.id };
    const columns = qualityColumns(items, [old, change, other]);
    expect(columns.ids).toEqual([change.id, other.id]);
    expect(columns.superseded).toBe(1);
    expect(report(items, [old, change, other]).pairwiseAgreement).toMatchObject({ value: 1 });
  });
  it('counts what carries no preference, by reason', () => {
    const items = [makeItem('a', ['x', 'y'])];
    const gold = { presentation: { purpose: 'gold' as Purpose } };
    const found = report(items, [
      vote('a', 'r', 0),
      vote('a', 's', 'cant-judge'),
      vote('a', 't', 'both-bad'),
      judge('a', 'u', { kind: 'comparison', outcome: 1 }, gold),
      judge('a', 'u', { kind: 'critique', reply: 0, text: 'vague' }),
      vote('elsewhere', 'u', 0),
    ]);
    expect(found.coverage.unscored).toEqual({
      'cant-judge': 1,
      'both-bad': 1,
      'purpose-gold': 1,
      'kind-critique': 1,
      'unknown-item': 1,
    });
    expect(found.unscored).toBe(5);
    expect(found.coverage.itemsByJudgments).toEqual([{ judgments: 4, items: 1 }]);
  });
  it('recovers a planted bonus of the first place within items, and has none without', () => {
    const place = (bonus: number) => {
      const rng = createRng(5);
      const items = Array.from({ length: 300 }, (_, i) => makeItem(`i${i}`, ['x', 'y']));
      const judgments = items.flatMap((item) => {
        const better = rng.normal();
        return Array.from({ length: 6 }, (_, r) => {
          const order = r % 2 === 0 ? [0, 1] : [1, 0];
          const d = better + (order[0] === 0 ? bonus : -bonus);
          const outcome = rng.uniform() < 1 / (1 + Math.exp(-d)) ? 0 : 1;
          return judge(item.id, `r${r}`, { kind: 'comparison', outcome }, { presentation: { order } });
        });
      });
      return biasOf(qualityData(qualityColumns(items, judgments))).position;
    };
    for (const bonus of [0, 0.5]) {
      const { method, order, itemsInBothOrders } = place(bonus);
      expect({ method, itemsInBothOrders }).toEqual({ method: 'within-items', itemsInBothOrders: 300 });
      if ('undefined' in order) throw new Error(order.undefined);
      expect(Math.abs(order.value - bonus)).toBeLessThan(3 * order.standardError);
      expect(order.standardError).toBeLessThan(0.08);
    }
  });
  it('estimates the place by Bradley–Terry where replies recur, and length beside strengths', () => {
    const rng = createRng(8);
    const texts = Array.from({ length: 12 }, (_, i) => 'x'.repeat(20 + 15 * i));
    const strength = texts.map(() => 0.8 * rng.normal());
    const items: Item[] = [];
    const judgments: Judgment[] = [];
    for (let i = 0; i < 12; i++) {
      for (let j = i + 1; j < 12; j++) {
        const id = `${i}-${j}`;
        items.push({
          ...makeItem(id, []),
          replies: [i, j].map((k) => ({ id: `reply${k}`, text: texts[k]! })),
        });
        for (let r = 0; r < 30; r++) {
          const first = rng.integer(2);
          const length = (i: number) => texts[i]!.length;
          const style = (1.5 * (length(i) - length(j))) / (length(i) + length(j));
          const d = strength[i]! - strength[j]! + style + (first === 0 ? 0.6 : -0.6);
          const outcome = rng.uniform() < 1 / (1 + Math.exp(-d)) ? 0 : 1;
          const presentation = { order: [first, 1 - first] };
          judgments.push(judge(id, `r${r}`, { kind: 'comparison', outcome }, { presentation }));
        }
      }
    }
    const { position, length } = biasOf(qualityData(qualityColumns(items, judgments)));
    expect(position.method).toBe('bradley-terry');
    if ('undefined' in position.order) throw new Error(position.order.undefined);
    expect(Math.abs(position.order.value - 0.6)).toBeLessThan(4 * position.order.standardError);
    expect(position.order.standardError).toBeLessThan(0.1);
    expect('value' in length.bradleyTerry).toBe(true);
  });
});

describe('agreement of every kind of answer', () => {
  const text = 'one two three four five';
  it('spans: over characters as if each were a unit, and F1 of what was marked', () => {
    const items = [makeItem('a', [text]), makeItem('b', [text])];
    const spans = (item: string, who: string, ...marks: [number, number, string][]) =>
      judge(item, who, {
        kind: 'spans',
        reply: 0,
        spans: marks.map(([start, end, label]) => ({ start, end, label })),
      });
    const judgments = [
      spans('a', 'r', [0, 10, 'wrong']),
      spans('a', 's', [5, 15, 'wrong']),
      spans('a', 't', [5, 10, 'vague'], [8, 12, 'wrong']),
      spans('b', 'r'),
      spans('b', 's'),
    ];
    const at = (marks: [number, number, string][], i: number) =>
      marks
        .filter(([from, to]) => from <= i && i < to)
        .map(([, , label]) => label)
        .sort()
        .join();
    const marks: [number, number, string][][] = [
      [[0, 10, 'wrong']],
      [[5, 15, 'wrong']],
      [
        [5, 10, 'vague'],
        [8, 12, 'wrong'],
      ],
    ];
    const codes = new Map<string, number>();
    const code = (label: string) => {
      if (!codes.has(label)) codes.set(label, codes.size);
      return codes.get(label)!;
    };
    const units = [
      ...Array.from(text, (_, i) => marks.map((own) => code(at(own, i)))),
      ...Array.from(text, () => [code(''), code('')]),
    ];
    const found = report(items, judgments);
    const expected = krippendorffAlpha(units) as { value: number };
    expect(rowOf(found, 'alpha-nominal', 'characters').estimate).toEqual({ value: expect.closeTo(expected.value, 10) });
    // r and s share 5 of 10 + 10; r and t 2 of 10 + 9; s and t 4 of 10 + 9; the pair on b marked nothing.
    const f1 = ((2 * 5) / 20 + (2 * 2) / 19 + (2 * 4) / 19) / 3;
    expect(rowOf(found, 'span-f1', 'marked pairs').units).toBe(3);
    const pairs = [...marks.keys()].length;
    expect(pairs).toBe(3);
    const estimate = rowOf(found, 'span-f1', 'marked pairs').estimate;
    // One item with marks: its mean is there, though one cluster has no error.
    if ('value' in estimate) expect(estimate.value).toBeCloseTo(f1, 10);
    else expect(estimate.undefined).toMatch(/cluster/);
  });
  it('ratings: interval α, and intraclass correlations where ratings are complete', () => {
    // Shrout and Fleiss (1979): ICC(1,1) .17, ICC(2,1) .29.
    const table = [
      [9, 2, 5, 8],
      [6, 1, 3, 2],
      [8, 4, 6, 8],
      [7, 1, 2, 6],
      [10, 5, 6, 9],
      [6, 2, 4, 7],
    ];
    const items = table.map((_, i) => makeItem(`i${i}`, ['x']));
    const scale = { min: 1, max: 10, step: 1 };
    const judgments = table.flatMap((row, i) =>
      row.map((value, r) =>
        judge(`i${i}`, `r${r}`, { kind: 'rating', scale, values: [{ reply: 0, criterion: 'quality', value }] }),
      ),
    );
    const found = report(items, judgments);
    expect(rowOf(found, 'icc-1-1', 'quality').estimate).toEqual({ value: expect.closeTo(0.165742, 5) });
    expect(rowOf(found, 'icc-2-1', 'quality').estimate).toEqual({ value: expect.closeTo(0.289764, 5) });
    const alpha = krippendorffAlpha(table, 'interval') as { value: number };
    expect(rowOf(found, 'alpha-interval').estimate).toEqual({ value: expect.closeTo(alpha.value, 10) });
    const incomplete = report(items, judgments.slice(1));
    expect(rowOf(incomplete, 'icc-2-1', 'quality').estimate).toHaveProperty('undefined');
  });
  it('rankings by pairs and by concordance, labels option by option, steps in order, texts with a reason', () => {
    const items = ['a', 'b'].map((id) => makeItem(id, ['x', 'y', 'z\nw']));
    const ranking = (id: string, who: string, ...groups: number[][]) => judge(id, who, { kind: 'ranking', groups });
    const label = (id: string, who: string, ...labels: string[]) => judge(id, who, { kind: 'label', reply: 0, labels });
    const steps = (id: string, who: string, ...labels: (-1 | 0 | 1 | null)[]) =>
      judge(id, who, { kind: 'steps', reply: 2, mode: 'per-step', labels });
    const found = report(items, [
      ranking('a', 'r', [0], [1], [2]),
      ranking('a', 's', [0], [1], [2]),
      ranking('b', 'r', [0], [1], [2]),
      ranking('b', 's', [2], [1], [0]),
      label('a', 'r', 'rude', 'false'),
      label('a', 's', 'rude'),
      label('b', 'r'),
      label('b', 's'),
      steps('a', 'r', 1, -1),
      steps('a', 's', 1, 0),
      steps('b', 'r', 1, 1),
      steps('b', 's', -1, null),
      judge('a', 'r', { kind: 'correction', reply: 0, text: 'better' }),
      judge('a', 'r', { kind: 'critique', reply: 0, text: 'why' }),
      judge('a', 's', { kind: 'demonstration', text: 'so' }),
    ]);
    // Concordance 1 on a, 0 on b.
    expect(rowOf(found, 'kendall-w', 'complete rankings').estimate).toEqual({ value: expect.closeTo(0.5, 10) });
    const byKind = (kind: string, measure: string, part = '') =>
      found.agreement.rows.find((row) => row.kind === kind && row.measure === measure && row.part === part)!;
    expect(byKind('ranking', 'pairwise').estimate).toEqual({ value: 0.5 });
    expect(byKind('label', 'pairwise', 'rude').estimate).toEqual({ value: 1 });
    expect(byKind('label', 'pairwise', 'false').estimate).toEqual({ value: 0.5 });
    expect(byKind('label', 'alpha-nominal', 'rude').estimate).toEqual({ value: 1 });
    const ordinal = krippendorffAlpha(
      [
        [1, 1],
        [-1, 0],
        [1, -1],
      ],
      'ordinal',
    ) as { value: number };
    expect(byKind('steps', 'alpha-ordinal').estimate).toEqual({ value: expect.closeTo(ordinal.value, 10) });
    for (const kind of ['correction', 'critique', 'demonstration'])
      expect(byKind(kind, 'pairwise').estimate).toEqual({ undefined: expect.stringContaining('text') });
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });
  it('by stratum of items and by version of the instructions, leaving out keys that are ids', () => {
    const items = Array.from({ length: 60 }, (_, i) =>
      makeItem(`i${i}`, ['x', 'y'], { strata: { topic: i % 2 === 0 ? 'even' : 'odd', id: `i${i}` } }),
    );
    const judgments = items.flatMap((item, i) =>
      ['r', 's'].map((who, r) =>
        judge(
          item.id,
          who,
          { kind: 'comparison', outcome: i % 2 === 0 ? ((i / 2) % 2 === 0 ? 0 : 1) : (r as 0 | 1) },
          { presentation: { instructionsVersion: i < 30 ? '1' : '2' } },
        ),
      ),
    );
    const { agreement } = report(items, judgments);
    const inStratum = (key: string, value: string) =>
      agreement.rows.find(
        (row) => row.stratum?.key === key && row.stratum.value === value && row.measure === 'pairwise',
      )!;
    expect(inStratum('topic', 'even').estimate).toEqual({ value: 1 });
    expect(inStratum('topic', 'odd').estimate).toEqual({ value: 0 });
    expect(inStratum('instructions', '2').units).toBe(30);
    expect(agreement.strataLeftOut).toEqual([{ key: 'id', values: 60 }]);
  });
});

describe('repeats, known items, suggestions', () => {
  const items = [makeItem('a', ['x', 'y'], { gold: 0 }), makeItem('b', ['x', 'y'], { role: 'gold', gold: 1 })];
  it('measures consistency, and whether an answer went with the place', () => {
    const first = vote('a', 'r', 0);
    const again = (outcome: 0 | 1, purpose: Purpose, order: number[]) =>
      judge('a', 'r', { kind: 'comparison', outcome }, { presentation: { purpose, repeats: first.id, order } });
    const { repeats, raterTable } = report(items, [
      first,
      again(0, 'repeat', [0, 1]),
      again(0, 'swapped-repeat', [1, 0]),
      again(1, 'swapped-repeat', [1, 0]),
      judge('a', 's', { kind: 'comparison', outcome: 0 }, { presentation: { purpose: 'repeat', repeats: 'lost' } }),
    ]);
    expect(repeats.selfConsistency).toMatchObject({ k: 1, n: 1 });
    expect(repeats.swappedConsistency).toMatchObject({ k: 1, n: 2 });
    // Of both swapped repeats one went with the place, one with the reply.
    expect(repeats.followedPlace).toMatchObject({ k: 1, n: 2 });
    expect(repeats.unmatched).toBe(1);
    expect(raterTable[0]!.consistency).toMatchObject({ k: 2, n: 3 });
  });
  it('keeps known items apart from work, by purpose', () => {
    const known = (outcome: 0 | 1 | 'cant-judge', purpose: Purpose) =>
      judge('b', 'r', { kind: 'comparison', outcome }, { presentation: { purpose } });
    const found = report(items, [
      vote('a', 'r', 1),
      known(1, 'gold'),
      known(0, 'gold'),
      known(1, 'training'),
      known('cant-judge', 'qualification'),
    ]);
    expect(found.known.byPurpose).toMatchObject({
      gold: { k: 1, n: 2 },
      training: { k: 1, n: 1 },
      qualification: null,
    });
    expect(found.known.unscored).toBe(1);
    expect(found.raterTable[0]!.gold).toMatchObject({ k: 2, n: 3 });
    expect(found.gold.majority).toMatchObject({ k: 0, n: 1 });
    expect(found.coverage.judgmentsByPurpose).toMatchObject({ work: 1, gold: 2 });
  });
  it('compares answers with and without a suggestion in sight', () => {
    const many = Array.from({ length: 30 }, (_, i) => makeItem(`s${i}`, ['x', 'y']));
    const suggestion = { by: 'model', answer: { kind: 'comparison', outcome: 0 } } as const;
    const judgments = many.flatMap((item, i) => [
      judge(item.id, 'r', { kind: 'comparison', outcome: i < 27 ? 0 : 1 }, { presentation: { suggestion } }),
      vote(item.id, 's', i < 15 ? 0 : 1),
    ]);
    const { anchoring } = report(many, judgments).bias;
    expect(anchoring.shown).toMatchObject({ k: 27, n: 30 });
    expect(anchoring.notShown).toMatchObject({ k: 15, n: 30 });
    expect('value' in anchoring.difference && anchoring.difference.value).toBeCloseTo(0.4, 10);
    expect(report(many, judgments.slice(0, 1)).bias.anchoring.difference).toHaveProperty('undefined');
    expect(report(items, [vote('a', 'r', 0)]).bias.anchoring.difference).toEqual({
      undefined: 'no suggestion was shown',
    });
  });
});

describe('consistency', () => {
  const pair = (a: string, b: string, outcome: 0 | 1): [Item, Judgment] => {
    const id = `${a}${b}`;
    return [
      { ...makeItem(id, []), replies: [a, b].map((r) => ({ id: r, text: r })) },
      judge(id, 'r', { kind: 'comparison', outcome }),
    ];
  };
  const of = (pairs: [Item, Judgment][]) =>
    report(
      pairs.map(([i]) => i),
      pairs.map(([, j]) => j),
    );
  it('counts circles among majorities, and winners of complete sets', () => {
    const circle = of([pair('a', 'b', 0), pair('b', 'c', 0), pair('a', 'c', 1)]);
    expect(circle.triads).toEqual({ closed: 1, cyclic: 1 });
    expect(circle.consistency.condorcet).toMatchObject({ k: 0, n: 1 });
    const order = of([pair('a', 'b', 0), pair('b', 'c', 0), pair('a', 'c', 0)]);
    expect(order.triads).toEqual({ closed: 1, cyclic: 0 });
    expect(order.consistency.condorcet).toMatchObject({ k: 1, n: 1 });
    const open = of([pair('a', 'b', 0), pair('b', 'c', 0)]);
    expect(open.consistency).toMatchObject({ condorcet: null, incomplete: 1 });
  });
  it('reads rankings: Condorcet’s own circle has no winner', () => {
    const item = makeItem('a', ['x', 'y', 'z']);
    const rank = (who: string, ...order: number[]) =>
      judge('a', who, { kind: 'ranking', groups: order.map((r) => [r]) });
    const found = report([item], [rank('r', 0, 1, 2), rank('s', 1, 2, 0), rank('t', 2, 0, 1)]);
    expect(found.consistency).toMatchObject({ triads: { closed: 1, cyclic: 1 }, condorcet: { k: 0, n: 1 } });
  });
});

describe('people and history', () => {
  const items = Array.from({ length: 3 }, (_, i) => makeItem(`i${i}`, ['short', 'longer text']));
  const consent = { version: '1', at: '2026-01-01' };
  const profile = (id: string, age: string, agreed = true): RaterProfile => ({
    id,
    kind: 'human',
    demographics: { age },
    ...(agreed && { consent }),
  });
  const judgments = items.flatMap((item) => [
    vote(item.id, 'young1', 0),
    vote(item.id, 'young2', 0),
    vote(item.id, 'old', 1),
    vote(item.id, 'silent', 0),
  ]);
  const raters = [
    profile('young1', 'young'),
    profile('young2', 'young'),
    profile('old', 'old'),
    profile('silent', 'old', false),
  ];
  it('reads descriptions only under a consent, and says what weighting changes', () => {
    const targets = { age: { young: 0.1, old: 0.9 } };
    const { people } = report(items, judgments, { raters, targets });
    expect(people).toMatchObject({ raters: 4, withProfile: 4, consented: 3 });
    expect(people.groups).toEqual([
      { attribute: 'age', value: 'old', raters: 1, judgments: 3, share: 1 / 3, target: 0.9 },
      { attribute: 'age', value: 'young', raters: 2, judgments: 6, share: 2 / 3, target: 0.1 },
    ]);
    const { weighting } = people;
    if ('undefined' in weighting) throw new Error(weighting.undefined);
    // 0.9 × 3 for the one old rater, 0.1 × 3 / 2 for each young one; the silent rater keeps 1.
    expect(weighting.weights.largest).toBeCloseTo(2.7, 9);
    expect(weighting.weights.smallest).toBeCloseTo(0.15, 9);
    expect(weighting.changedMajorities).toEqual({ k: 3, n: 3 });
    expect('value' in weighting.longer && weighting.longer.value).toBeCloseTo(2.7 / 4, 9);
    const missing = report(items, judgments, { raters, targets: { age: { young: 0.5, old: 0.4, ancient: 0.1 } } });
    expect(missing.people.weighting).toEqual({ undefined: expect.stringContaining('ancient') });
    expect(report(items, judgments).people.weighting).toHaveProperty('undefined');
  });
  it('counts skips, flags and undo from the history, and reads judgments from it', () => {
    const base = { projectId: 'p', at: '2026-01-01T00:00:00Z' };
    const records: FeedbackRecord[] = [
      ...judgments.map((judgment) => ({ type: 'judgment', judgment }) as const),
      { type: 'skip', id: 's1', ...base, raterId: 'young1', itemId: 'i0', reason: 'unclear' },
      { type: 'flag', id: 'f1', ...base, raterId: 'old', itemId: 'i1', reason: 'spam' },
      { type: 'undo', id: 'u1', ...base, raterId: 'old', undoes: judgments[2]!.id },
      { type: 'withdrawal', id: 'w1', ...base, raterId: 'silent' },
    ];
    const found = report(items, [], { records, wanted: 3 });
    expect(found.judgments).toBe(8);
    expect(found.coverage.history).toEqual({
      skips: { unclear: 1 },
      flags: 1,
      flaggedItems: 1,
      undone: 1,
      withdrawn: 3,
      openDrafts: 0,
      adjudications: 0,
    });
    expect(found.coverage.wanted).toEqual({ judgments: 3, itemsBelow: 1 });
    expect(report(items, judgments).coverage.history).toBeNull();
  });
});

describe('truth and time', () => {
  it('lists units where methods differ, and tests the independence they stand on', () => {
    const { items, judgments } = simulatedPool({ seed: 2, items: 150 });
    const [truth] = report(items, judgments).truth;
    expect(truth!.assumes.map((a) => a.id)).toContain('independent-errors');
    expect(truth!.disputes.length).toBe(Math.min(50, truth!.disputed));
    for (const d of truth!.disputes) expect(new Set([d.majority, d.dawidSkene, d.oneCoin]).size).toBeGreaterThan(1);
    expect('p' in truth!.independence || truth!.independence.undefined.length > 0).toBe(true);
  });
  it('sees agreement fall over sessions of tiring raters, and not of others', () => {
    const slope = (tiring: boolean) => {
      const planted = { kind: 'fatigue' as const, strength: 1 };
      const pool = simulatedPool({ seed: 6, items: 500, raters: 6, texts: false, ...(tiring && { planted }) });
      return timeReport(qualityData(qualityColumns(pool.items, pool.judgments))).fatigue;
    };
    const [tired, fresh] = [slope(true), slope(false)];
    expect('value' in tired && 'value' in fresh && tired.value < fresh.value && tired.value < 0).toBe(true);
    const { items, judgments } = simulatedPool({ seed: 6, items: 100 });
    const { active, calendar, session } = timeReport(qualityData(qualityColumns(items, judgments)));
    expect(active!.histogram.reduce((sum, bar) => sum + bar.count, 0)).toBe(judgments.length);
    expect(calendar.length).toBeGreaterThan(5);
    expect(session[0]!.from).toBe(0);
  });
  it('puts the latest of a rater’s votes on a unit in, and counts the others', () => {
    const items = [makeItem('a', ['x', 'y'])];
    const found = report(items, [vote('a', 'r', 0), vote('a', 'r', 1), vote('a', 's', 1)]);
    expect(found.pairwiseAgreement).toMatchObject({ value: 1 });
    expect(found.coverage.repeatedByRater).toBe(1);
    expect(qualityData(qualityColumns(items, [])).voteSets).toEqual([]);
  });
});
