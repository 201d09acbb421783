import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Answer,
  type FeedbackRecord,
  foldRecords,
  type Gold,
  hasGold,
  inCohort,
  isGoldAnswer,
  itemCohorts,
  type Judgment,
  type Question,
  questionOf,
  raterInCohorts,
  wantedOfItem,
} from '../feedback/index.ts';
import { createBatches } from './batches.ts';
import { answeredSeats, type Entry, foldEntries, scatter } from './derive.ts';
import { aProject, T0 } from './places.fake.ts';
import { ANSWERED, purposeCode } from './schema.ts';

describe('the known answer', () => {
  const scale = { min: 1, max: 5, step: 1 };
  const rating = (a: number, b: number): Answer => ({
    kind: 'rating',
    scale,
    values: [
      { reply: 0, criterion: 'x', value: a },
      { reply: 1, criterion: 'x', value: b },
    ],
  });
  it('is the better reply or a tie, as comparison, ranking or rating', () => {
    const cases: [Answer, number | 'tie', boolean | undefined][] = [
      [{ kind: 'comparison', outcome: 1 }, 1, true],
      [{ kind: 'comparison', outcome: 0 }, 1, false],
      [{ kind: 'comparison', outcome: 'tie' }, 'tie', true],
      [{ kind: 'comparison', outcome: 'cant-judge' }, 1, false],
      [{ kind: 'ranking', groups: [[1], [0]] }, 1, true],
      [{ kind: 'ranking', groups: [[0, 1]] }, 1, false],
      [{ kind: 'ranking', groups: [[0, 1]] }, 'tie', true],
      [rating(2, 4), 1, true],
      [rating(4, 4), 1, false],
      [rating(4, 4), 'tie', true],
      [{ kind: 'critique', reply: 0, text: 'short' }, 0, undefined],
    ];
    for (const [answer, gold, right] of cases)
      expect([answer, isGoldAnswer({ answer }, { gold })]).toEqual([answer, right]);
  });
  it('is a known rating at the nearest step, or the known labels, of the question that is meant', () => {
    const known: Gold = {
      goldAnswers: [
        { kind: 'rating', reply: 1, criterion: 'clarity', value: 3.4 },
        { kind: 'rating', reply: 0, criterion: 'truth', value: 2, questionId: 'other' },
        { kind: 'label', reply: 0, labels: ['toxic', 'rude'] },
      ],
    };
    const rated = (reply: number, criterion: string, value: number, questionId = 'q') => {
      const answer: Answer = { kind: 'rating', scale, values: [{ reply, criterion, value }] };
      return { questionId, answer };
    };
    const labelled = (reply: number, labels: string[]): { answer: Answer } => ({
      answer: { kind: 'label', reply, labels },
    });
    expect(isGoldAnswer(rated(1, 'clarity', 3), known)).toBe(true);
    expect(isGoldAnswer(rated(1, 'clarity', 4), known)).toBe(false);
    expect(isGoldAnswer(rated(0, 'truth', 2), known)).toBeUndefined();
    expect(isGoldAnswer(rated(0, 'truth', 1, 'other'), known)).toBe(false);
    expect(isGoldAnswer(labelled(0, ['rude', 'toxic']), known)).toBe(true);
    expect(isGoldAnswer(labelled(0, ['rude']), known)).toBe(false);
    expect(isGoldAnswer(labelled(1, ['rude']), known)).toBeUndefined();
    // Ratings fall back to the better reply only where no rating of theirs is known.
    expect(isGoldAnswer({ answer: rating(2, 4) }, { ...known, gold: 1 })).toBe(true);
    expect(hasGold(known)).toBe(true);
    expect(hasGold({})).toBe(false);
  });
});

describe('cohorts by their places', () => {
  it('admit whom inCohort admits', () => {
    const value = fc.constantFrom('a', 'b');
    const attributes = fc.dictionary(fc.constantFrom('x', 'y'), value, { maxKeys: 2 });
    const wanted = fc.dictionary(fc.constantFrom('x', 'y'), fc.array(value, { minLength: 1, maxLength: 2 }), {
      maxKeys: 2,
    });
    const cohorts = fc.array(fc.record({ name: fc.constant('c'), items: wanted, raters: wanted }), { maxLength: 3 });
    fc.assert(
      fc.property(cohorts, attributes, attributes, (all, strata, demographics) => {
        const rules = aProject('p', { cohorts: all }).distribution;
        // Said again in the plainest way: each cohort that holds the item must hold the rater.
        const holds = (want: Record<string, string[]>, have: Record<string, string>) =>
          Object.keys(want).every((key) => want[key]!.includes(have[key] ?? ''));
        const expected = all.every(({ items, raters }) => !holds(items, strata) || holds(raters, demographics));
        expect(raterInCohorts(rules, itemCohorts(rules, strata), demographics)).toBe(expected);
        expect(inCohort(rules, strata, demographics)).toBe(expected);
      }),
    );
  });
});

const judgment = (id: string, raterId: string, more: Partial<Judgment> = {}): FeedbackRecord => ({
  type: 'judgment',
  judgment: {
    id,
    projectId: 'p',
    itemId: 'i',
    raterId,
    presentation: { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: T0 },
    answer: { kind: 'comparison', outcome: 0 },
    activeMs: null,
    submittedAt: T0,
    source: 'test',
    ...more,
  },
});

describe('what follows from records', () => {
  const label: Question = {
    id: 'topic',
    kind: 'label',
    title: 'Topic',
    required: true,
    options: [{ id: 'a', title: 'A' }],
    multiple: true,
  };
  const [comparison] = aProject('p').questions;
  const project = aProject(
    'p',
    { extraRaters: { belowAgreement: 0.9, max: 3 }, overlap: 2 },
    { questions: [comparison!, label] },
  );
  const labelled = (id: string, raterId: string) =>
    judgment(id, raterId, { questionId: 'topic', answer: { kind: 'label', reply: 0, labels: ['a'] } });

  it('finds the question of an answer by its name, or by its kind', () => {
    const answer: Answer = { kind: 'label', reply: 0, labels: [] };
    expect(questionOf(project.questions, { questionId: 'better', answer })?.id).toBe('better');
    expect(questionOf(project.questions, { answer })?.id).toBe('topic');
    expect(questionOf(project.questions, { answer: { kind: 'critique', reply: 0, text: 'x' } })).toBeUndefined();
  });
  it('counts an item as judged once every required question is answered', () => {
    const seat = (records: FeedbackRecord[]) =>
      answeredSeats(project, { role: 'work' }, foldRecords(records)).get('r')?.get(purposeCode('work'))?.answered;
    const skip: FeedbackRecord = {
      type: 'skip',
      id: 's',
      projectId: 'p',
      raterId: 'r',
      itemId: 'i',
      at: T0,
      reason: 'other',
    };
    const both = [judgment('1', 'r', { questionId: 'better' }), labelled('2', 'r')];
    expect(seat([])).toBeUndefined();
    expect(seat([both[0]!])).toBe(ANSWERED.partly);
    expect(seat(both)).toBe(ANSWERED.whole);
    expect(seat([skip])).toBe(ANSWERED.skipped);
    expect(seat([both[0]!, skip])).toBe(ANSWERED.skipped);
    expect(seat([skip, ...both])).toBe(ANSWERED.whole);
  });
  it('asks as many raters as the question with the least agreement needs', () => {
    const answers = (outcomes: number[]) =>
      outcomes.flatMap((outcome, i) => [
        judgment(`c${i}`, `r${i}`, { questionId: 'better', answer: { kind: 'comparison', outcome } }),
        labelled(`l${i}`, `r${i}`),
      ]);
    const wanted = (outcomes: number[]) => wantedOfItem(project, 'i', foldRecords(answers(outcomes)).judgments);
    expect([wanted([]), wanted([0]), wanted([0, 0]), wanted([0, 1])]).toEqual([2, 2, 2, 3]);
    expect([wanted([0, 1, 0]), wanted([0, 1, 0, 1]), wanted([0, 1, 0, 1, 0])]).toEqual([4, 5, 5]);
  });
  it('folds entries in the order of their numbers, however they come', () => {
    const records = [judgment('1', 'r'), judgment('2', 'r', { supersedes: '1' }), judgment('3', 'q')];
    const entries: Entry[] = records.map((record, i) => ({ seq: i + 1, rater: 1, item: 1, record }));
    fc.assert(
      fc.property(fc.shuffledSubarray(entries, { minLength: 3 }), (shuffled) => {
        expect(foldEntries(shuffled)).toEqual(foldRecords(records));
      }),
    );
  });
  it('scatters ids evenly over 31 bits', () => {
    const buckets = new Array<number>(16).fill(0);
    for (let i = 0; i < 16_000; i++) buckets[Math.floor(scatter(`shuffle/item-${i}`) / 2 ** 27)]! += 1;
    // 1000 expected; a chi-square of 15 degrees of freedom exceeds 44.3 once in 10,000.
    expect(buckets.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0)).toBeLessThan(44.3);
  });
});

describe('batches', () => {
  it('run what waits together, in order, and answer each with its own outcome', async () => {
    const ran: number[][] = [];
    let release = () => {};
    const push = createBatches<number, number>(
      async (batch) => {
        ran.push([...batch]);
        if (ran.length === 1) await new Promise<void>((resolve) => (release = resolve));
        if (batch.includes(99)) throw new Error('the database is gone');
        return batch.map((n) => (n % 2 === 0 ? { value: n * 10 } : { error: new Error(`odd ${n}`) }));
      },
      { most: 3 },
    );
    const first = [0, 2].map(push);
    await new Promise((resolve) => setImmediate(resolve));
    const rest = [4, 5, 6, 8].map(push);
    release();
    expect(await Promise.all(first)).toEqual([0, 20]);
    const outcomes = await Promise.allSettled(rest);
    expect(outcomes.map((o) => (o.status === 'fulfilled' ? o.value : (o.reason as Error).message))).toEqual([
      40,
      'odd 5',
      60,
      80,
    ]);
    expect(ran).toEqual([[0, 2], [4, 5, 6], [8]]);
    const broken = await Promise.allSettled([push(10), push(99)]);
    expect(broken.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await push(12)).toBe(120);
  });
});
