import fc from 'fast-check';
import { projectSchema } from '../../../../feedback/index.ts';
import { stepsOf } from '../../../../text/index.ts';
import { cellKey, type FieldsOf, type Form, type Question, type StepMark } from './types.ts';

/** A form with a question of every kind and anything a rater could have entered in it, for tests of what is made of it. */
export const REPLIES = ['Two and two.\nThat makes four.', 'Five, I think.', 'It is four.\n\nAsk again.\nOr not.'];

/** Questions of every kind, `loose` allowing all that a form may allow, else as strict as can be. */
export const questionsOf = (loose: boolean): Question[] =>
  projectSchema.parse({
    id: 'p',
    name: 'p',
    createdAt: '2026-01-01T00:00:00.000Z',
    questions: [
      {
        id: 'better',
        title: 'Better?',
        kind: 'comparison',
        ties: loose,
        bothBad: loose,
        cantJudge: loose,
        strength: !loose,
      },
      { id: 'rank', title: 'Rank', kind: 'ranking', ties: loose, partial: loose },
      {
        id: 'rate',
        title: 'Rate',
        kind: 'rating',
        criteria: [
          { id: 'truth', title: 'True' },
          { id: 'help', title: 'Helpful' },
        ],
        scale: { min: 0, max: loose ? 10 : 3, step: loose ? 2 : 0.5 },
      },
      {
        id: 'label',
        title: 'Label',
        kind: 'label',
        options: [
          { id: 'x', title: 'X' },
          { id: 'y', title: 'Y' },
        ],
        multiple: loose,
      },
      { id: 'edit', title: 'Correct', kind: 'correction' },
      { id: 'spans', title: 'Mark', kind: 'spans', labels: [{ id: 'x', title: 'X' }] },
      { id: 'steps', title: 'Steps', kind: 'steps', mode: loose ? 'per-step' : 'first-error' },
      { id: 'why', title: 'Why?', kind: 'critique' },
      { id: 'own', title: 'Write', kind: 'demonstration' },
    ].map((question) => ({ ...question, required: !loose })),
  }).questions;

const place = fc.integer({ min: 0, max: REPLIES.length - 1 });
const text = fc.constantFrom('', ' ', 'something', ...REPLIES);
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });
function about<T>(entry: (reply: number) => fc.Arbitrary<T>) {
  return fc
    .tuple(maybe(place), fc.uniqueArray(place))
    .chain(([reply, with_]) =>
      fc
        .tuple(...with_.map((at) => entry(at).map((value) => [at, value] as const)))
        .map((pairs) => ({ reply, per: Object.fromEntries(pairs) as Record<number, T> })),
    );
}
const list = <T>(of: fc.Arbitrary<T>, length: number) => fc.array(of, { minLength: length, maxLength: length });

/** Anything that could be on the screen of a form with these questions. */
export function anyForm(questions: readonly Question[]): fc.Arbitrary<Form> {
  const rate = questions.find((q) => q.kind === 'rating')!;
  const { min, step } = rate.scale;
  const fields: { readonly [Id in string]: fc.Arbitrary<FieldsOf[keyof FieldsOf]> } = {
    better: fc.record({
      choice: maybe(fc.oneof(place, fc.constantFrom('tie' as const, 'both-bad' as const, 'cant-judge' as const))),
      strength: maybe(fc.constantFrom(1 as const, 2 as const, 3 as const)),
    }),
    rank: list(maybe(fc.integer({ min: 1, max: REPLIES.length })), REPLIES.length).map((ranks) => ({ ranks })),
    rate: fc
      .uniqueArray(fc.tuple(place, fc.constantFrom('truth', 'help'), fc.integer({ min: 0, max: 5 })), {
        minLength: 3,
        selector: ([p, c]) => cellKey(p, c),
      })
      .map((all) => ({ values: Object.fromEntries(all.map(([p, c, n]) => [cellKey(p, c), min + n * step])) })),
    label: about(() => fc.record({ labels: fc.uniqueArray(fc.constantFrom('x', 'y')), none: fc.boolean() })),
    edit: about(() => fc.record({ text, fine: fc.boolean() })),
    spans: about(() =>
      fc.record({
        spans: fc
          .uniqueArray(fc.nat(4), { maxLength: 2 })
          .map((at) => at.map((start) => ({ start, end: start + 2, label: 'x' }))),
        none: fc.boolean(),
      }),
    ),
    steps: about((reply) =>
      list(fc.constantFrom<StepMark>(-1, 0, 1, 'none', null), stepsOf(REPLIES[reply]!).length).map((marks) => ({
        marks,
      })),
    ),
    why: about(() => fc.record({ text })),
    own: fc.record({ text }),
  };
  return fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Form>;
}
