import { describe, expect, it } from 'vitest';
import { feedbackReport } from '../quality/index.ts';
import { createRng } from '../stats/index.ts';
import {
  type Answer,
  type CollectOptions,
  collectJudgments,
  type Distribution,
  distributionSchema,
  type Item,
  type Judgment,
  judgmentSchema,
  purposeOf,
  type Rater,
  type RaterProfile,
  toPairs,
  wantedJudgments,
} from './index.ts';

const item = (i: number, fields: Partial<Item> = {}): Item => ({
  id: `${fields.role ?? 'work'}-${String(i).padStart(3, '0')}`,
  projectId: 'p',
  prompt: `question ${i}`,
  replies: ['a', 'b'].map((text) => ({ id: `${i}${text}`, text })),
  source: { origin: 'test', selection: 'all' },
  gold: (i % 2) as 0 | 1,
  ...fields,
});
const items = (n: number, fields: Partial<Item> = {}) => Array.from({ length: n }, (_, i) => item(i, fields));
/** Right with a probability. */
const rater = (id: string, accuracy: number): Rater => ({
  id,
  kind: 'simulated',
  judge: ({ gold }, _, uniform) => ({
    answer: { kind: 'comparison', outcome: uniform() < accuracy ? (gold as number) : 1 - (gold as number) },
    activeMs: 1000,
  }),
});
const raters = (n: number, accuracy = 0.8) => Array.from({ length: n }, (_, i) => rater(`r${i}`, accuracy));

interface Setting {
  readonly rules: Record<string, unknown>;
  readonly items: readonly Item[];
  readonly raters: readonly Rater[];
  readonly more?: Partial<CollectOptions>;
  readonly seed?: number;
}
async function collect(setting: Setting): Promise<Judgment[]> {
  const distribution: Distribution = distributionSchema.parse(setting.rules);
  const all: Judgment[] = [];
  let second = 0;
  for await (const judgment of collectJudgments({
    items: setting.items,
    raters: setting.raters,
    distribution,
    rng: createRng(setting.seed ?? 1),
    now: () => new Date(1000 * second++).toISOString(),
    ...setting.more,
  }))
    all.push(judgment);
  return all;
}
const by = <K extends string>(judgments: readonly Judgment[], key: (j: Judgment) => K): Map<K, Judgment[]> => {
  const groups = new Map<K, Judgment[]>();
  for (const j of judgments) groups.set(key(j), [...(groups.get(key(j)) ?? []), j]);
  return groups;
};
const described = (id: string, demographics: Record<string, string>, consented = true): RaterProfile => ({
  id,
  kind: 'simulated',
  demographics,
  ...(consented && { consent: { version: '1', at: '2026-01-01' } }),
});

describe('collecting under the rules of a project', () => {
  it('gives each item its overlap of different raters, loads equal, orders balanced, and repeats with the seed', async () => {
    const setting = { rules: { overlap: 4, overlapShare: 0.5 }, items: items(60), raters: raters(6) };
    const judgments = await collect(setting);
    for (const judgment of judgments) expect(judgmentSchema.parse(judgment)).toEqual(judgment);
    const rules = distributionSchema.parse(setting.rules);
    for (const [id, own] of by(judgments, (j) => j.itemId)) {
      expect(own.length).toBe(wantedJudgments(rules, id, []));
      expect(new Set(own.map((j) => j.raterId)).size).toBe(own.length);
      const first = own.filter((j) => j.presentation.order[0] === 0).length;
      expect(Math.abs(first - own.length / 2)).toBeLessThanOrEqual(0.5);
    }
    expect(by(judgments, (j) => j.itemId).size).toBe(60);
    const loads = [...by(judgments, (j) => j.raterId).values()].map((own) => own.length);
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
    expect(await collect(setting)).toEqual(judgments);
    expect((await collect({ ...setting, seed: 2 })).map((j) => j.id)).not.toEqual(judgments.map((j) => j.id));
    expect(new Set(judgments.map((j) => j.id)).size).toBe(judgments.length);
  });
  it('asks on while, and only while, a rule wants more', async () => {
    for (const rules of [
      { adaptive: { confidence: 0.9, min: 2, max: 6 } },
      { overlap: 2, extraRaters: { belowAgreement: 0.5, max: 3 } },
    ]) {
      const parsed = distributionSchema.parse(rules);
      const judgments = await collect({ rules, items: items(80), raters: raters(8, 0.75) });
      const sizes = new Set<number>();
      for (const [id, own] of by(judgments, (j) => j.itemId)) {
        const answers: Answer[] = own.map((j) => j.answer);
        for (let n = 0; n < answers.length; n++) {
          expect(wantedJudgments(parsed, id, answers.slice(0, n))).toBeGreaterThan(n);
        }
        expect(wantedJudgments(parsed, id, answers)).toBeLessThanOrEqual(answers.length);
        sizes.add(answers.length);
      }
      expect(sizes.size).toBeGreaterThan(2);
    }
  });
  it('stops at the cap of each rater, with work left over', async () => {
    const judgments = await collect({ rules: { overlap: 2, perRaterCap: 5 }, items: items(40), raters: raters(3) });
    expect(judgments.length).toBe(15);
  });
  it('gold stays out of the reward data, and no rater meets the same twice', async () => {
    const all = [...items(60), ...items(12, { role: 'gold' })];
    const judgments = await collect({ rules: { overlap: 2, gold: { every: 6 } }, items: all, raters: raters(4) });
    const gold = judgments.filter((j) => purposeOf(j) === 'gold');
    expect(gold.length).toBeGreaterThanOrEqual(4 * 5);
    expect(gold.every((j) => j.itemId.startsWith('gold'))).toBe(true);
    expect(new Set(gold.map((j) => j.id)).size).toBe(gold.length);
    const { pairs, unscored } = toPairs(all, judgments);
    expect(pairs.length).toBe(120);
    expect(unscored).toEqual({ 'purpose-gold': gold.length });
  });
  it('a few gold items run out, and work goes on', async () => {
    const all = [...items(60), ...items(1, { role: 'training' })];
    const judgments = await collect({
      rules: { overlap: 2, gold: { every: 4, mode: 'training' } },
      items: all,
      raters: raters(4),
    });
    expect(by(judgments, purposeOf).get('training')!.length).toBe(4);
    expect(by(judgments, purposeOf).get('work')!.length).toBe(120);
  });
  it('repeats name the judgment they repeat; the swapped ones show it the other way round', async () => {
    const judgments = await collect({
      rules: { overlap: 2, repeats: { every: 5 } },
      items: items(60),
      raters: raters(4),
    });
    const known = new Map(judgments.map((j) => [j.id, j]));
    const repeats = judgments.filter((j) => purposeOf(j) !== 'work');
    expect(repeats.length).toBeGreaterThanOrEqual(4 * 6);
    for (const j of repeats) {
      const before = known.get(j.presentation.repeats!)!;
      expect([before.raterId, before.itemId, purposeOf(before)]).toEqual([j.raterId, j.itemId, 'work']);
      const same = j.presentation.order.join() === before.presentation.order.join();
      expect(same).toBe(purposeOf(j) === 'repeat');
    }
    const swapped = repeats.filter((j) => purposeOf(j) === 'swapped-repeat').length;
    expect(Math.abs(2 * swapped - repeats.length)).toBeLessThanOrEqual(4);
    expect(new Set(repeats.map((j) => j.presentation.repeats)).size).toBe(repeats.length);
  });
  it('only who qualifies works; too few qualification items are named at once', async () => {
    const setting = {
      rules: { overlap: 1, qualification: { items: 5, passShare: 0.8 } },
      items: [...items(20), ...items(6, { role: 'qualification' })],
      raters: [rater('good', 1), rater('bad', 0)],
    };
    const judgments = await collect(setting);
    expect(by(judgments, (j) => `${j.raterId} ${purposeOf(j)}`)).toEqual(
      new Map([
        ['good qualification', expect.objectContaining({ length: 5 })],
        ['good work', expect.objectContaining({ length: 20 })],
        ['bad qualification', expect.objectContaining({ length: 5 })],
      ]),
    );
    const unknown = items(6, { role: 'qualification' }).map(({ gold, ...rest }) => rest);
    await expect(collect({ ...setting, items: [...items(20), ...unknown] })).rejects.toThrow(
      /5 where the project has 0 of that role with a known answer/,
    );
  });
  it('cohorts and quotas go by what people consented to say', async () => {
    const people = raters(12);
    const profiles = people.map(({ id }, i) =>
      described(id, { age: i < 8 ? 'young' : 'old', job: i % 4 === 0 ? 'lawyer' : 'baker' }, i !== 8),
    );
    const all = [...items(40), ...items(10, { strata: { topic: 'law' } }).map((x) => ({ ...x, id: `law-${x.id}` }))];
    const rules = {
      overlap: 2,
      cohorts: [{ name: 'law', items: { topic: ['law'] }, raters: { job: ['lawyer'] } }],
      quotas: [{ attribute: 'age', shares: { young: 0.6, old: 0.4 } }],
    };
    const judgments = await collect({ rules, items: all, raters: people, more: { profiles } });
    const shares = by(judgments, (j) => {
      const at = Number(j.raterId.slice(1));
      return at === 8 ? 'not said' : at < 8 ? 'young' : 'old';
    });
    expect(shares.get('young')!.length).toBeLessThanOrEqual(60);
    expect(shares.get('old')!.length).toBeLessThanOrEqual(40);
    // A cohort whose quota is used up elsewhere leaves its items open: the rules do not plan ahead.
    expect(judgments.length).toBeGreaterThan(80);
    const law = new Set(judgments.filter((j) => j.itemId.startsWith('law')).map((j) => j.raterId));
    // r8 is a lawyer who did not consent: nothing they said may decide what they are given.
    expect(law).toEqual(new Set(['r0', 'r4']));
  });
  it('quotas grow with what the items come to want', async () => {
    const people = raters(8, 0.7);
    const rules = {
      adaptive: { confidence: 0.9, min: 2, max: 6 },
      quotas: [{ attribute: 'age', shares: { old: 0.5, young: 0.5 } }],
    };
    const profiles = people.map(({ id }, i) => described(id, { age: i < 4 ? 'old' : 'young' }));
    const judgments = await collect({ rules, items: items(60), raters: people, more: { profiles } });
    const old = judgments.filter((j) => Number(j.raterId.slice(1)) < 4).length;
    // Far more than the two each that were wanted at first.
    expect(judgments.length).toBeGreaterThan(180);
    expect(Math.abs(old - judgments.length / 2)).toBeLessThanOrEqual(6);
  });
  it('asks first what a selection rule put first', async () => {
    const all = items(30);
    const priorities = new Map(all.map(({ id }, i) => [id, i % 7]));
    const judgments = await collect({
      rules: { order: 'priority', perRaterCap: 4 },
      items: all,
      raters: raters(3),
      more: { priorities },
    });
    const asked = judgments.map((j) => priorities.get(j.itemId)!);
    expect(asked).toEqual([...asked].sort((a, b) => b - a));
    expect(asked.length).toBe(12);
    const even = await collect({ rules: { overlap: 2, order: 'least-judged' }, items: all, raters: raters(3) });
    expect(new Set(even.slice(0, 30).map((j) => j.itemId)).size).toBe(30);
  });
  it('an honest pool under rules is an honest pool in the report', async () => {
    const all = items(100);
    const judgments = await collect({ rules: { overlap: 3 }, items: all, raters: raters(5, 0.9) });
    const { gold, unscored } = feedbackReport(all, judgments, { seed: 1, replicates: 5 });
    expect(unscored).toBe(0);
    expect(gold.majority!.share).toBeGreaterThan(0.9);
  });
});
