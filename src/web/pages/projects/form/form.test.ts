import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Distribution, distributionSchema, projectSchema, type Question } from '../../../../feedback/index.ts';
import {
  changeOf,
  creationOf,
  creationOfFile,
  draftOfProject,
  newProject,
  nextVersion,
  projectId,
  type StudioSettings,
} from './project-draft.ts';
import {
  draftOfQuestion,
  freeId,
  idFrom,
  KINDS,
  newDefinition,
  newQuestion,
  questionProblems,
  questionsOf,
  withKind,
} from './question-draft.ts';
import { draftOfRules, NEW_RULES, rulesOf } from './rules-draft.ts';

const AT = '2026-03-01T00:00:00.000Z';
const SETTINGS: StudioSettings = {
  demographics: [{ attribute: 'region', values: ['north', 'south'] }],
  breakAfterMinutes: 45,
  pay: { amount: 12.5, currency: 'EUR', per: 'hour' },
  paused: false,
};
const define = (...titles: string[]) => titles.map((title) => newDefinition(title));

/** One complete draft of every kind. */
const everyKind = () =>
  KINDS.map((kind) => ({
    ...newQuestion(kind),
    definitions: kind === 'rating' || kind === 'label' || kind === 'spans' ? define('True', 'Kind') : [],
  }));
const stored = (questions: readonly Question[], distribution: Partial<Distribution> = {}) =>
  projectSchema.parse({
    id: 'p',
    name: 'P',
    createdAt: AT,
    questions,
    instructions: [{ version: '1', text: 'Read.', at: AT }],
    consent: { version: '1', text: 'Agree.' },
    distribution,
  });

describe('questions', () => {
  it('every kind becomes a question that the schema takes, and comes back the same', () => {
    const questions = questionsOf(everyKind());
    expect(questions.map(({ kind }) => kind)).toEqual(KINDS);
    const { questions: parsed } = stored(questions);
    expect(parsed).toEqual(questions);
    expect(questionsOf(parsed.map(draftOfQuestion))).toEqual(parsed);
  });
  it('options come through', () => {
    fc.assert(
      fc.property(
        fc.record({
          ties: fc.boolean(),
          bothBad: fc.boolean(),
          cantJudge: fc.boolean(),
          strength: fc.boolean(),
          partial: fc.boolean(),
          multiple: fc.boolean(),
          required: fc.boolean(),
        }),
        (options) => {
          const questions = questionsOf(everyKind().map((draft) => ({ ...draft, ...options })));
          const { ties, bothBad, cantJudge, strength, partial, multiple, required } = options;
          expect(questions[0]).toMatchObject({ ties, bothBad, cantJudge, strength, required });
          expect(questions[1]).toMatchObject({ ties, partial });
          expect(questions[3]).toMatchObject({ multiple });
          expect(questionsOf(stored(questions).questions.map(draftOfQuestion))).toEqual(questions);
        },
      ),
      { numRuns: 25 },
    );
  });
  it('gives each question and definition an id of its own, and keeps those there are', () => {
    const questions = questionsOf([
      newQuestion('comparison'),
      { ...newQuestion('comparison'), id: 'comparison' },
      { ...newQuestion('label'), definitions: [...define('Is kind', 'is KIND!'), newDefinition('x', '', 'is-kind')] },
    ]);
    expect(questions.map(({ id }) => id)).toEqual(['comparison-2', 'comparison', 'label']);
    expect(questions[2]).toMatchObject({ options: [{ id: 'is-kind-2' }, { id: 'is-kind-3' }, { id: 'is-kind' }] });
  });
  it('changes the kind without losing what was typed', () => {
    const draft = { ...newQuestion('rating'), definitions: define('True'), min: '0' };
    expect(withKind(withKind(draft, 'comparison'), 'rating')).toMatchObject({ min: '0', title: draft.title });
    expect(withKind({ ...draft, title: 'My own' }, 'critique').title).toBe('My own');
  });
  it('says what is missing', () => {
    const problem = (change: Partial<ReturnType<typeof newQuestion>>) =>
      questionProblems({ ...newQuestion('rating'), definitions: define('True'), ...change });
    expect(problem({})).toEqual([]);
    expect(problem({ title: ' ' })).toEqual(['Write what is asked.']);
    expect(problem({ definitions: [] })).toEqual(['Add at least one criterion.']);
    expect(problem({ definitions: define('') })).toEqual(['Name every criterion.']);
    expect(problem({ min: '5' })[0]).toContain('below');
    expect(problem({ max: '' })[0]).toContain('numbers');
    expect(problem({ step: '0' })[0]).toContain('step');
  });
  it('makes ids from names in any script', () => {
    expect(idFrom('  Höflich & wahr? ')).toBe('hoflich-wahr');
    expect(idFrom('Помощь 2')).toBe('помощь-2');
    expect(freeId('', ['question'])).toBe('question-2');
  });
});

describe('rules', () => {
  const rules = fc
    .record(
      {
        overlap: fc.integer({ min: 1, max: 9 }),
        overlapShare: fc.integer({ min: 0, max: 100 }).map((n) => n / 100),
        reservationMinutes: fc.integer({ min: 1, max: 500 }),
        perRaterCap: fc.integer({ min: 1, max: 500 }),
        gold: fc.record({ every: fc.integer({ min: 2, max: 50 }), mode: fc.constantFrom('gold', 'training') }),
        repeats: fc.record({ every: fc.integer({ min: 2, max: 50 }) }),
        qualification: fc.record({
          items: fc.integer({ min: 1, max: 50 }),
          passShare: fc.integer({ min: 0, max: 100 }).map((n) => n / 100),
        }),
        order: fc.constantFrom('random', 'least-judged', 'priority'),
        quotas: fc.constantFrom([], [{ attribute: 'region', shares: { north: 0.5, south: 0.5 } }]),
      },
      { requiredKeys: [] },
    )
    .chain((base) =>
      fc
        .constantFrom<Record<string, unknown>>(
          {},
          { extraRaters: { belowAgreement: 0.6, max: 2 } },
          { adaptive: { confidence: 0.9, raterAccuracy: 0.7, min: 2, max: 6 } },
        )
        .map((more) => distributionSchema.parse({ ...base, ...more })),
    );
  it('any stored rules come back the same through the form', () => {
    fc.assert(
      fc.property(rules, (stored) => {
        expect(rulesOf(draftOfRules(stored))).toEqual({ rules: stored });
      }),
    );
  });
  it('new rules are ones that the schema takes', () => {
    const result = rulesOf(NEW_RULES);
    expect('rules' in result && distributionSchema.parse(result.rules)).toMatchObject({ overlap: 3 });
  });
  it('names the field that is wrong', () => {
    const faults = (change: Partial<typeof NEW_RULES>) => {
      const result = rulesOf({ ...NEW_RULES, ...change });
      return 'faults' in result ? Object.keys(result.faults) : [];
    };
    expect(faults({ overlap: '' })).toEqual(['overlap']);
    expect(faults({ overlap: '1.5' })).toEqual(['overlap']);
    expect(faults({ overlapPercent: '101' })).toEqual(['overlapPercent']);
    expect(faults({ goldEvery: '1' })).toEqual(['goldEvery']);
    expect(faults({ reservationMinutes: '0' })).toEqual(['reservationMinutes']);
    expect(faults({ more: 'adaptive', adaptiveMin: '6', adaptiveMax: '5' })).toEqual(['adaptiveMax']);
    expect(faults({ more: 'adaptive', adaptivePercent: '50' })).toEqual(['adaptivePercent']);
    expect(faults({ cohorts: '{}' })).toEqual(['cohorts']);
    expect(faults({ quotas: '[' })).toEqual(['quotas']);
  });
});

describe('projects', () => {
  it('a new project is one that the schema takes', () => {
    const draft = {
      ...newProject(),
      name: 'Harbour replies',
      instructions: 'Read.',
      consent: 'Agree.',
      questions: everyKind(),
      demographics: 'region: north, south\n\nage: under 40, 40 or more',
      payAmount: '12.5',
    };
    const result = creationOf(draft, AT);
    expect(result).toMatchObject({
      value: {
        project: { id: 'harbour-replies', instructions: [{ version: '1', at: AT }], consent: { version: '1' } },
        settings: {
          demographics: [
            { attribute: 'region', values: ['north', 'south'] },
            { attribute: 'age', values: ['under 40', '40 or more'] },
          ],
          pay: { amount: 12.5, currency: 'EUR', per: 'hour' },
        },
      },
    });
    if ('value' in result) projectSchema.parse({ ...result.value.project, createdAt: AT });
    expect(projectId({ id: ' own ', name: 'x' })).toBe('own');
  });
  it('says what is wrong, by field', () => {
    const faults = (change: object) => {
      const result = creationOf({ ...newProject(), name: 'N', ...change }, AT);
      return 'faults' in result ? Object.keys(result.faults) : [];
    };
    expect(faults({})).toEqual([]);
    expect(faults({ name: '' })).toEqual(['name']);
    expect(faults({ name: '?!' })).toEqual(['id']);
    expect(faults({ questions: [] })).toEqual(['questions']);
    expect(faults({ demographics: 'region' })).toEqual(['demographics']);
    expect(faults({ payAmount: 'x' })).toEqual(['payAmount']);
    expect(faults({ questions: [1, 2].map(() => ({ ...newQuestion('critique'), id: 'same' })) })).toEqual([
      'questions',
    ]);
  });
  it('an untouched project has nothing to send; a change sends its part only', () => {
    const project = stored(questionsOf(everyKind()), { overlap: 4 });
    const draft = draftOfProject(project, SETTINGS);
    expect(changeOf(draft, project, SETTINGS)).toEqual({ value: {} });
    expect(changeOf({ ...draft, name: 'Q' }, project, SETTINGS)).toEqual({ value: { name: 'Q' } });
    expect(changeOf({ ...draft, instructions: 'Read twice.' }, project, SETTINGS)).toEqual({
      value: { instructions: 'Read twice.' },
    });
    expect(changeOf({ ...draft, consent: ' ' }, project, SETTINGS)).toEqual({ value: { consent: null } });
    expect(changeOf({ ...draft, consent: 'Agree again.' }, project, SETTINGS)).toEqual({
      value: { consent: { version: '2', text: 'Agree again.' } },
    });
    expect(changeOf({ ...draft, paused: true }, project, SETTINGS)).toEqual({
      value: { settings: { ...SETTINGS, paused: true } },
    });
    expect(changeOf({ ...draft, rules: { ...draft.rules, overlap: '5' } }, project, SETTINGS)).toEqual({
      value: { distribution: { ...project.distribution, overlap: 5 } },
    });
    expect(changeOf({ ...draft, questions: draft.questions.slice(1) }, project, SETTINGS)).toEqual({
      value: { questions: project.questions.slice(1) },
    });
  });
  it('counts versions on', () => {
    expect([undefined, '1', '9', 'v2', 'first'].map(nextVersion)).toEqual(['1', '2', '10', 'v3', 'first-2']);
  });
  it('reads a project file, bare or with settings, and leaves its time of creation out', () => {
    const project = stored(questionsOf([newQuestion('comparison')]));
    const { createdAt: _, ...rest } = project;
    expect(creationOfFile(JSON.stringify(project))).toEqual({ value: { project: rest } });
    expect(creationOfFile(JSON.stringify({ project, settings: SETTINGS }))).toEqual({
      value: { project: rest, settings: SETTINGS },
    });
    for (const text of ['{', '[]', 'null', '{"id": "x"}']) expect(creationOfFile(text)).toHaveProperty('faults.file');
  });
});
