import { describe, expect, it } from 'vitest';
import { judgmentOf } from './arbitrary.fake.ts';
import {
  ANSWER_CHOICES,
  type Answer,
  answerChooser,
  chooseAnswers,
  type Judgment,
  questionSchema,
  type RecordOf,
} from './index.ts';

const QUESTIONS = [
  questionSchema.parse({ id: 'which', title: 'Which?', kind: 'comparison' }),
  questionSchema.parse({
    id: 'about',
    title: 'About?',
    kind: 'label',
    options: ['rude', 'long'].map((id) => ({ id, title: id })),
  }),
];
const compare = (outcome: 0 | 1 | 'tie' | 'cant-judge', more: object = {}): Answer => ({
  kind: 'comparison',
  outcome,
  ...more,
});
const vote = (id: string, answer: Answer, more: Partial<Judgment> = {}) =>
  judgmentOf(id, `rater of ${id}`, answer, { questionId: answer.kind === 'comparison' ? 'which' : 'about', ...more });
const decision = (answer: Answer, more: Partial<RecordOf<'adjudication'>> = {}): RecordOf<'adjudication'> => ({
  type: 'adjudication',
  id: 'decision',
  projectId: 'p',
  itemId: 'item',
  raterId: 'lead',
  at: '2026-01-02T00:00:00Z',
  questionId: 'which',
  answer,
  reason: 'fact',
  considered: [],
  ...more,
});
const split = [vote('a', compare(0)), vote('b', compare(1)), vote('l', { kind: 'label', reply: 0, labels: ['rude'] })];
const idsOf = (judgments: readonly Judgment[]) => judgments.map(({ id }) => id);

describe('answers of a decided item', () => {
  it.each(ANSWER_CHOICES.filter((choice) => choice !== 'all'))(
    '%s: the decision stands for both votes, by who decided; other questions keep theirs',
    (choice) => {
      const { judgments, left } = chooseAnswers(
        QUESTIONS,
        { judgments: split, adjudications: [decision(compare(1))] },
        choice,
      );
      const which = judgments.filter(({ questionId }) => questionId === 'which');
      expect(which).toMatchObject([{ id: 'decision', raterId: 'lead', source: 'decision', answer: compare(1) }]);
      expect(judgments.filter(({ questionId }) => questionId === 'about')).toHaveLength(1);
      expect(left['a vote, for which the decision stands']).toBe(2);
    },
  );
  it('all: both contradicting votes go out, and the decision does not', () => {
    const chosen = chooseAnswers(QUESTIONS, { judgments: split, adjudications: [decision(compare(1))] }, 'all');
    expect(chosen).toEqual({ judgments: split, left: {} });
  });
  it('a decision without the name of its question is of the first of its kind, and one without votes goes out too', () => {
    const { questionId: _, ...unnamed } = decision(compare('tie'));
    const on = (judgments: readonly Judgment[]) =>
      answerChooser(QUESTIONS, 'decided').of(judgments, [unnamed]).judgments;
    expect(idsOf(on(split))).toEqual(['decision', 'l']);
    expect(idsOf(on([]))).toEqual(['decision']);
  });
  it('a decision about one reply leaves the votes about another, and gold and repeats are not votes', () => {
    const labels = (id: string, reply: number, more: Partial<Judgment> = {}) =>
      vote(id, { kind: 'label', reply, labels: ['long'] }, more);
    const presentation = { ...split[0]!.presentation, purpose: 'repeat' as const };
    const votes = [labels('x', 0), labels('y', 1), labels('z', 0, { presentation })];
    const about = decision({ kind: 'label', reply: 0, labels: [] }, { questionId: 'about' });
    expect(idsOf(answerChooser(QUESTIONS, 'decided').of(votes, [about]).judgments)).toEqual(['decision', 'y', 'z']);
  });
});

describe('one answer for several votes', () => {
  it('majority: what most said, without its strength; as many for each is none, and says so', () => {
    const chooser = answerChooser(QUESTIONS, 'majority');
    const three = [
      vote('a', compare(0, { strength: 3 })),
      vote('b', compare(1)),
      vote('c', compare(0, { strength: 1 })),
    ];
    const { judgments } = chooser.of(three, []);
    expect(judgments).toMatchObject([{ raterId: 'majority', answer: compare(0), metadata: { votes: '2 of 3' } }]);
    expect(judgments[0]!.answer).not.toHaveProperty('strength');
    expect(chooser.of(three.slice(0, 2), [])).toEqual({
      judgments: [],
      left: new Array(2).fill('no majority: as many votes for one answer as for another'),
    });
    const silent = chooser.of([vote('n', compare('cant-judge')), vote('a', compare(1))], []);
    expect(silent.judgments).toMatchObject([{ answer: compare(1), metadata: { votes: '1 of 1' } }]);
  });
  it('counted votes weigh as many as they count', () => {
    const counted = vote('a', { kind: 'comparison', outcome: 1, shares: [0, 1], votes: 3 });
    const { judgments } = answerChooser(QUESTIONS, 'majority').of(
      [vote('x', compare(0)), vote('y', compare(0)), counted],
      [],
    );
    expect(judgments).toMatchObject([{ answer: compare(1), metadata: { votes: '3 of 5' } }]);
  });
  it('kinds without classes go out vote by vote', () => {
    const texts = ['one', 'two'].map((text) => vote(text, { kind: 'critique', reply: 0, text }, { questionId: 'why' }));
    for (const choice of ['majority', 'dawid-skene'] as const)
      expect(chooseAnswers(QUESTIONS, { judgments: texts, adjudications: [] }, choice).judgments).toEqual(texts);
  });
  it('dawid-skene: two who are often wrong do not outvote one who is right', () => {
    // Of 40 items, two raters answer at random and three are right: on the last item the random two outvote one of those.
    const said = (n: number, i: number) => (((n * 2654435761 + i * 40503) >>> 8) % 2) as 0 | 1;
    const votes: Judgment[] = [];
    for (let i = 0; i < 40; i++) {
      const right = (i % 2) as 0 | 1;
      for (const rater of ['good-1', 'good-2', 'good-3', 'coin-1', 'coin-2']) {
        const outcome = rater.startsWith('good') ? right : said(rater === 'coin-1' ? 7 : 11, i);
        votes.push(vote(`${rater}/${i}`, compare(outcome), { raterId: rater, itemId: `i${i}` }));
      }
    }
    const last = [
      vote('last-good', compare(0), { raterId: 'good-1', itemId: 'last' }),
      vote('last-c1', compare(1), { raterId: 'coin-1', itemId: 'last' }),
      vote('last-c2', compare(1), { raterId: 'coin-2', itemId: 'last' }),
    ];
    const of = (choice: 'majority' | 'dawid-skene') =>
      chooseAnswers(QUESTIONS, { judgments: [...votes, ...last], adjudications: [] }, choice).judgments.find(
        ({ itemId }) => itemId === 'last',
      );
    expect(of('majority')!.answer).toEqual(compare(1));
    expect(of('dawid-skene')).toMatchObject({ answer: compare(0), raterId: 'dawid-skene', source: 'dawid-skene' });
    expect(Number(of('dawid-skene')!.metadata!.posterior)).toBeGreaterThan(0.9);
  });
});
