import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../stats/index.ts';
import {
  type Answer,
  answersAgreement,
  type Distribution,
  distributionSchema,
  fullQuota,
  inCohort,
  leaderProbability,
  nextPurpose,
  type Purpose,
  type RaterProgress,
  wantedJudgments,
} from './index.ts';

const rules = (fields: Record<string, unknown> = {}): Distribution => distributionSchema.parse(fields);
const OUTCOMES = [0, 1, 'tie', 'both-bad'] as const;
type Outcome = (typeof OUTCOMES)[number];
const vote = (outcome: Outcome | 'cant-judge'): Answer => ({ kind: 'comparison', outcome });
const votes = (...outcomes: Outcome[]) => outcomes.map(vote);
const outcomes = fc.array(fc.constantFrom(...OUTCOMES), { maxLength: 8 });

describe('how many judgments an item gets', () => {
  it('overlap falls on the share of items that was asked for, and a larger share keeps the items of a smaller one', () => {
    const items = Array.from({ length: 5000 }, (_, i) => `item-${String(i).padStart(5, '0')}`);
    const chosen = (overlapShare: number) =>
      items.filter((id) => wantedJudgments(rules({ overlap: 3, overlapShare }), id, []) === 3);
    for (const share of [0.1, 0.3, 0.8]) {
      const deviation = Math.sqrt(5000 * share * (1 - share));
      expect(Math.abs(chosen(share).length - 5000 * share)).toBeLessThan(4 * deviation);
      expect(chosen(share + 0.1)).toEqual(expect.arrayContaining(chosen(share).slice(0, 300)));
    }
    expect(chosen(0)).toEqual([]);
    expect(chosen(1)).toEqual(items);
  });
  it('extra raters come one at a time, only on disagreement, and never more than allowed', () => {
    const extra = fc.record({ overlap: fc.integer({ min: 1, max: 4 }), max: fc.integer({ min: 1, max: 4 }) });
    fc.assert(
      fc.property(extra, fc.double({ min: 0, max: 1, noNaN: true }), outcomes, (sizes, belowAgreement, list) => {
        const { overlap, max } = sizes;
        const asked = rules({ overlap, extraRaters: { belowAgreement, max } });
        const answers = votes(...list);
        const wanted = wantedJudgments(asked, 'i', answers);
        expect(wanted).toBeLessThanOrEqual(Math.max(overlap + max, answers.length));
        if (answers.length < overlap) expect(wanted).toBe(overlap);
        expect(wanted).toBeLessThanOrEqual(Math.max(overlap, answers.length + 1));
        if (answers.length >= 2 && answersAgreement(answers) >= belowAgreement) {
          expect(wanted).toBe(Math.max(overlap, answers.length));
        }
        // Judging never makes an item want fewer than it wanted before.
        for (let n = 1; n <= Math.min(answers.length, overlap + max); n++) {
          const [before, after] = [n - 1, n].map((k) => wantedJudgments(asked, 'i', answers.slice(0, k)));
          if (before! >= n) expect(after).toBeGreaterThanOrEqual(before!);
        }
      }),
    );
    const split = rules({ overlap: 2, extraRaters: { belowAgreement: 0.9, max: 3 } });
    expect(
      [[], [0], [0, 0], [0, 1], [0, 1, 0], [0, 1, 0, 1, 0]].map((l) =>
        wantedJudgments(split, 'i', votes(...(l as Outcome[]))),
      ),
    ).toEqual([2, 2, 2, 3, 4, 5]);
  });
  it('agreement is the share of agreeing pairs on what both judged', () => {
    expect(answersAgreement(votes(0, 0, 1))).toBeCloseTo(1 / 3, 12);
    expect(answersAgreement([vote(0), vote('cant-judge')])).toBe(1);
    const rank = (...groups: number[][]): Answer => ({ kind: 'ranking', groups });
    expect(answersAgreement([rank([0], [1], [2]), rank([0], [2], [1])])).toBeCloseTo(2 / 3, 12);
    expect(answersAgreement([rank([0], [1]), rank([1], [2])])).toBe(1);
    fc.assert(
      fc.property(outcomes, (list) => {
        const n = list.length;
        const counts = OUTCOMES.map((o) => list.filter((x) => x === o).length);
        const agreeing = counts.reduce((sum, k) => sum + k * (k - 1), 0);
        expect(answersAgreement(votes(...list))).toBeCloseTo(n < 2 ? 1 : agreeing / (n * (n - 1)), 12);
      }),
    );
  });
});

describe('adaptive stopping', () => {
  it('knows the probability of the leading answer: Bayes, class by class', () => {
    fc.assert(
      fc.property(outcomes, fc.double({ min: 0.51, max: 0.99, noNaN: true }), (list, accuracy) => {
        const seen = new Set<Outcome>(list);
        for (const filler of OUTCOMES) if (seen.size < 2) seen.add(filler);
        const joint = [...seen].map((truth) =>
          list.reduce((p, o) => p * (o === truth ? accuracy : (1 - accuracy) / (seen.size - 1)), 1 / seen.size),
        );
        const evidence = joint.reduce((a, b) => a + b, 0);
        expect(leaderProbability(votes(...list), accuracy)).toBeCloseTo(Math.max(...joint) / evidence, 9);
      }),
    );
  });
  it('learns nothing from who cannot judge, and has nothing to settle in free text', () => {
    const unsure = [vote('cant-judge'), vote('cant-judge'), vote('cant-judge')];
    expect(leaderProbability(unsure, 0.8)).toBe(0.5);
    expect(leaderProbability([...votes(1, 1), ...unsure], 0.8)).toBe(leaderProbability(votes(1, 1), 0.8));
    const adaptive = rules({ adaptive: { confidence: 0.9, min: 2, max: 6 } });
    expect(wantedJudgments(adaptive, 'i', unsure)).toBe(4);
    const text: Answer[] = ['one', 'other'].map((t) => ({ kind: 'critique', reply: 0, text: t }));
    expect(wantedJudgments(adaptive, 'i', text)).toBe(2);
    expect(wantedJudgments(adaptive, 'i', [])).toBe(2);
  });
  it('asks for at least min, at most max, one more at a time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 4 }), outcomes, (min, more, list) => {
        const adaptive = rules({ adaptive: { confidence: 0.9, min, max: min + more } });
        const wanted = wantedJudgments(adaptive, 'i', votes(...list));
        if (list.length < min) expect(wanted).toBe(min);
        if (list.length <= min + more) expect(wanted).toBeLessThanOrEqual(min + more);
        expect(wanted).toBeLessThanOrEqual(Math.max(min, list.length + 1));
      }),
    );
    expect(() => rules({ adaptive: { confidence: 0.9, min: 4, max: 3 } })).toThrow(/min up to max/);
  });

  /** Asks simulated raters until the rule is content; how often the leading answer is wrong, and how many were asked. */
  function stopped(rng: Rng, accuracy: number, max: number) {
    const adaptive = rules({ adaptive: { confidence: 0.95, raterAccuracy: 0.75, min: 2, max } });
    const items = 4000;
    let [wrong, asked, sure] = [0, 0, 0];
    for (let i = 0; i < items; i++) {
      const answers: Answer[] = [];
      while (wantedJudgments(adaptive, 'i', answers) > answers.length) {
        answers.push(vote(rng.uniform() < accuracy ? 0 : 1));
      }
      const right = answers.filter((a) => a.kind === 'comparison' && a.outcome === 0).length;
      wrong += 2 * right === answers.length ? 0.5 : Number(2 * right < answers.length);
      sure += Number(leaderProbability(answers, 0.75) >= 0.95);
      asked += answers.length;
    }
    return { wrong: wrong / items, asked: asked / items, sure: sure / items };
  }
  it('errs as often as it says, at the cost that the theory of random walks gives', () => {
    // Odds of 3 per vote: it stops at a lead of 3, wrong with 1/(1 + 3³) after 6·(1 − 2/28) votes on average.
    const { wrong, asked, sure } = stopped(createRng(1), 0.75, 200);
    expect(sure).toBe(1);
    expect(Math.abs(wrong - 1 / 28)).toBeLessThan(4 * Math.sqrt((1 / 28) * (27 / 28) * (1 / 4000)));
    expect(Math.abs(asked - 6 * (1 - 2 / 28))).toBeLessThan(0.25);
  });
  it('does not keep its promise when raters are worse than it was told, or stop at the most allowed', () => {
    // A lead of 3 at odds of 1.5 per vote is wrong with 1/(1 + 1.5³).
    const worse = stopped(createRng(2), 0.6, 200);
    expect(Math.abs(worse.wrong - 1 / (1 + 1.5 ** 3))).toBeLessThan(0.03);
    const capped = stopped(createRng(3), 0.75, 4);
    expect(capped.sure).toBeLessThan(0.7);
    expect(capped.wrong).toBeGreaterThan(0.05);
  });
});

const nothing = (): Record<Purpose, number> => ({
  work: 0,
  qualification: 0,
  training: 0,
  gold: 0,
  repeat: 0,
  'swapped-repeat': 0,
});
/** The purposes a rater meets, one after another. */
function sequence(asked: Distribution, raterId: string, length: number): Purpose[] {
  const progress = { presented: nothing(), qualificationRight: 0 };
  return Array.from({ length }, () => {
    const next = nextPurpose(asked, raterId, progress);
    if ('none' in next) throw new Error(next.none);
    progress.presented[next.purpose] += 1;
    return next.purpose;
  });
}
const RATERS = Array.from({ length: 40 }, (_, i) => `rater-${i}`);

describe('gold and repeats among the work', () => {
  it('gold: one in every block, never the first, in places nobody can learn', () => {
    for (const mode of ['gold', 'training'] as const) {
      const places = new Array<number>(5).fill(0);
      for (const rater of RATERS) {
        const met = sequence(rules({ gold: { every: 5, mode } }), rater, 100);
        expect(met[0]).toBe('work');
        for (let block = 0; block < 20; block++) {
          const own = met.slice(5 * block, 5 * block + 5);
          expect(own.filter((p) => p === mode)).toHaveLength(1);
          if (block > 0) places[own.indexOf(mode)]! += 1;
        }
      }
      // 760 blocks, 152 expected in each place.
      for (const count of places) expect(Math.abs(count - 152)).toBeLessThan(4 * Math.sqrt(152));
    }
  });
  it('repeats: as often as asked beside gold too, half of them swapped, never before or beyond the work', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 2, max: 12 }), fc.nat(39), (gold, repeat, r) => {
        const met = sequence(rules({ gold: { every: gold }, repeats: { every: repeat } }), RATERS[r]!, 600);
        const count = (...purposes: Purpose[]) => met.filter((p) => purposes.includes(p)).length;
        expect(Math.abs(count('gold') - 600 / gold)).toBeLessThanOrEqual(1);
        expect(count('swapped-repeat') - count('repeat')).toBeGreaterThanOrEqual(0);
        expect(count('swapped-repeat') - count('repeat')).toBeLessThanOrEqual(1);
        let [worked, repeated] = [0, 0];
        for (const purpose of met) {
          if (purpose === 'work') worked += 1;
          if (purpose.endsWith('repeat')) repeated += 1;
          expect(repeated).toBeLessThanOrEqual(worked);
        }
        if (gold >= 4 && repeat >= 4) expect(count('repeat', 'swapped-repeat')).toBeGreaterThan((0.9 * 600) / repeat);
      }),
      { numRuns: 60 },
    );
    // The same rhythm for both: no rater may be left without repeats.
    for (const rater of RATERS) {
      const met = sequence(rules({ gold: { every: 10 }, repeats: { every: 10 } }), rater, 200);
      expect(met.filter((p) => p.endsWith('repeat')).length).toBeGreaterThanOrEqual(17);
    }
  });
});

describe('who may work', () => {
  const at = (presented: Partial<Record<Purpose, number>>, qualificationRight = 0): RaterProgress => ({
    presented: { ...nothing(), ...presented },
    qualificationRight,
  });
  it('qualification comes first and admits exactly from the share that was set', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(30), fc.nat(30), (items, need, right) => {
        const passShare = Math.min(need, items) / items;
        const asked = rules({ qualification: { items, passShare } });
        expect(nextPurpose(asked, 'r', at({ qualification: items - 1 }, items))).toEqual({ purpose: 'qualification' });
        const after = nextPurpose(asked, 'r', at({ qualification: items }, Math.min(right, items)));
        if (Math.min(right, items) >= Math.min(need, items)) expect(after).toEqual({ purpose: 'work' });
        else expect(after).toEqual({ none: 'qualification not passed' });
      }),
    );
    // 0.55 · 20 is a little more than 11 in floating point.
    const half = rules({ qualification: { items: 20, passShare: 0.55 } });
    expect(nextPurpose(half, 'r', at({ qualification: 20 }, 11))).toEqual({ purpose: 'work' });
  });
  it('the cap counts work and nothing else', () => {
    const capped = rules({ perRaterCap: 3 });
    expect(nextPurpose(capped, 'r', at({ work: 2, gold: 9, repeat: 9 }))).toEqual({ purpose: 'work' });
    expect(nextPurpose(capped, 'r', at({ work: 3 }))).toEqual({ none: 'the most one rater may judge' });
  });
  it('cohorts keep items for those who describe themselves so', () => {
    const asked = rules({
      cohorts: [
        { name: 'law', items: { topic: ['law'] }, raters: { job: ['lawyer', 'judge'] } },
        { name: 'local', items: { topic: ['law', 'tax'], place: ['here'] }, raters: { home: ['here'] } },
      ],
    });
    const may = (strata: Record<string, string> | undefined, who: Record<string, string> | undefined) =>
      inCohort(asked, strata, who);
    expect(may({ topic: 'law' }, { job: 'judge' })).toBe(true);
    expect(may({ topic: 'law' }, { job: 'baker' })).toBe(false);
    expect(may({ topic: 'law' }, undefined)).toBe(false);
    expect(may({ topic: 'law', place: 'here' }, { job: 'judge' })).toBe(false);
    expect(may({ topic: 'law', place: 'here' }, { job: 'judge', home: 'here' })).toBe(true);
    expect(may({ topic: 'bread' }, undefined)).toBe(true);
    expect(may(undefined, undefined)).toBe(true);
  });
  it('a quota admits a group up to its share of all that is wanted, rounded up', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 20 }), (wanted, part) => {
        const asked = rules({ quotas: [{ attribute: 'age', shares: { old: part / 20 } }] });
        let given = 0;
        while (fullQuota(asked, { age: 'old' }, { wanted, counts: { age: { old: given } } }) === undefined) given += 1;
        expect(given).toBe(Math.ceil((part * wanted) / 20));
      }),
    );
    // 0.07 · 100 is a little more than 7 in floating point.
    const few = rules({ quotas: [{ attribute: 'age', shares: { old: 0.07 } }] });
    expect(fullQuota(few, { age: 'old' }, { wanted: 100, counts: { age: { old: 7 } } })).toBe('age');
    const asked = rules({ quotas: [{ attribute: 'age', shares: { old: 0.5, young: 0.5 } }] });
    const full = (who: Record<string, string> | undefined) =>
      fullQuota(asked, who, { wanted: 10, counts: { age: { old: 5, young: 4 } } });
    expect(full({ age: 'old' })).toBe('age');
    expect(full({ age: 'young' })).toBeUndefined();
    expect(full({ age: 'ageless' })).toBe('age');
    expect(full(undefined)).toBeUndefined();
    expect(full({ age: 'constructor' })).toBe('age');
    const named = rules({ quotas: [{ attribute: 'age', shares: { 'not-said': 0.1 } }] });
    expect(fullQuota(named, undefined, { wanted: 10, counts: { age: { 'not-said': 1 } } })).toBe('age');
  });
});
