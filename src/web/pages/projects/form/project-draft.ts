import type { Distribution, Project } from '../../../../feedback/index.ts';
import { setOwn } from '../../../../run/index.ts';
import type { RequestOf } from '../../../../server/index.ts';
import {
  draftOfQuestion,
  idFrom,
  newQuestion,
  type QuestionDraft,
  questionProblems,
  questionsOf,
} from './question-draft.ts';
import { draftOfRules, NEW_RULES, type RulesDraft, rulesOf } from './rules-draft.ts';

export type NewProjectBody = RequestOf<'POST /api/projects'>['body'];
export type ProjectChange = RequestOf<'PATCH /api/projects/{project}'>['body'];

/** The Studio's settings of a project, as stored. */
export interface StudioSettings {
  readonly demographics: readonly { readonly attribute: string; readonly values: readonly string[] }[];
  readonly breakAfterMinutes: number;
  readonly pay?: { readonly amount: number; readonly currency: string; readonly per: 'hour' | 'item' } | undefined;
  readonly paused: boolean;
}

/** A project as it is being written. */
export interface ProjectDraft {
  readonly name: string;
  /** Follows the name while empty. */
  readonly id: string;
  readonly questions: readonly QuestionDraft[];
  readonly instructions: string;
  readonly consent: string;
  readonly view: string;
  readonly rules: RulesDraft;
  /** One attribute a line: `region: north, south`. */
  readonly demographics: string;
  readonly breakAfterMinutes: string;
  readonly payAmount: string;
  readonly payCurrency: string;
  readonly payPer: 'hour' | 'item';
  readonly paused: boolean;
}

export type Faults = Readonly<Record<string, string>>;
export type Result<T> = { readonly value: T } | { readonly faults: Faults };

export const newProject = (): ProjectDraft => ({
  name: '',
  id: '',
  questions: [newQuestion('comparison')],
  instructions: '',
  consent: '',
  view: 'full',
  rules: NEW_RULES,
  demographics: '',
  breakAfterMinutes: '45',
  payAmount: '',
  payCurrency: 'EUR',
  payPer: 'hour',
  paused: false,
});

export const projectId = (draft: Pick<ProjectDraft, 'id' | 'name'>): string =>
  draft.id.trim() === '' ? idFrom(draft.name) : draft.id.trim();

/** `region: north, south` a line. */
function demographicsOf(text: string): Result<{ attribute: string; values: string[] }[]> {
  const rows = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [attribute = '', rest = ''] = line.split(/:(.*)/s);
      const values = rest
        .split(',')
        .map((value) => value.trim())
        .filter((value) => value !== '');
      return { attribute: attribute.trim(), values };
    });
  const odd = rows.find(({ attribute, values }) => attribute === '' || values.length === 0);
  return odd === undefined
    ? { value: rows }
    : { faults: { demographics: 'Expected lines such as “region: north, south”.' } };
}

/** Settings, questions and rules of a draft, or what is wrong, by field. */
function partsOf(draft: ProjectDraft): Result<{
  questions: ReturnType<typeof questionsOf>;
  rules: Distribution;
  settings: {
    -readonly [K in keyof NonNullable<ProjectChange['settings']>]: NonNullable<ProjectChange['settings']>[K];
  };
}> {
  const faults: Record<string, string> = {};
  if (draft.name.trim() === '') faults.name = 'Give the project a name.';
  if (draft.questions.length === 0) faults.questions = 'Add at least one question.';
  for (const question of draft.questions) {
    const problems = questionProblems(question);
    if (problems.length > 0) setOwn(faults, question.key, problems.join(' '));
  }
  const ids = draft.questions.map(({ id }) => id.trim()).filter((id) => id !== '');
  if (new Set(ids).size < ids.length) faults.questions = 'Two questions have the same id.';
  const rules = rulesOf(draft.rules);
  if ('faults' in rules) Object.assign(faults, rules.faults);
  const demographics = demographicsOf(draft.demographics);
  if ('faults' in demographics) Object.assign(faults, demographics.faults);
  const minutes = Number(draft.breakAfterMinutes);
  if (!(minutes > 0)) faults.breakAfterMinutes = 'Expected minutes above 0.';
  const amount = Number(draft.payAmount);
  if (draft.payAmount.trim() !== '' && !(amount >= 0)) faults.payAmount = 'Expected an amount, 0 or more.';
  if (Object.keys(faults).length > 0 || 'faults' in rules || 'faults' in demographics) return { faults };
  return {
    value: {
      questions: questionsOf(draft.questions),
      rules: rules.rules,
      settings: {
        demographics: demographics.value,
        breakAfterMinutes: minutes,
        ...(draft.payAmount.trim() !== '' && {
          pay: { amount, currency: draft.payCurrency.trim(), per: draft.payPer },
        }),
        paused: draft.paused,
      },
    },
  };
}

/** What to send to create the project; `at` is when its instructions were written. */
export function creationOf(draft: ProjectDraft, at: string): Result<NewProjectBody> {
  const parts = partsOf(draft);
  const id = projectId(draft);
  const idFault = id === '' && draft.name.trim() !== '' ? { id: 'Give the project an id.' } : {};
  if ('faults' in parts) return { faults: { ...idFault, ...parts.faults } };
  if ('id' in idFault) return { faults: idFault };
  const { questions, rules, settings } = parts.value;
  return {
    value: {
      project: {
        id,
        name: draft.name.trim(),
        questions,
        instructions: draft.instructions.trim() === '' ? [] : [{ version: '1', text: draft.instructions, at }],
        ...(draft.consent.trim() !== '' && { consent: { version: '1', text: draft.consent } }),
        view: draft.view.trim() === '' ? 'full' : draft.view.trim(),
        distribution: rules,
      },
      settings,
    },
  };
}

/** What to send to change a project; only the parts that changed, so that a change made elsewhere meanwhile stays. */
export function changeOf(draft: ProjectDraft, project: Project, stored: StudioSettings): Result<ProjectChange> {
  const parts = partsOf(draft);
  if ('faults' in parts) return parts;
  const { questions, rules, settings } = parts.value;
  // Compared by what the unchanged project would send, so that defaults and the order of keys make no difference.
  const before = partsOf(draftOfProject(project, stored));
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  const was = 'value' in before ? before.value : null;
  const view = draft.view.trim() === '' ? 'full' : draft.view.trim();
  const consent = draft.consent.trim();
  return {
    value: {
      ...(draft.name.trim() !== project.name && { name: draft.name.trim() }),
      ...(!same(questions, was?.questions) && { questions }),
      ...(draft.instructions !== (project.instructions.at(-1)?.text ?? '') && { instructions: draft.instructions }),
      ...(consent !== (project.consent?.text.trim() ?? '') && {
        consent: consent === '' ? null : { version: nextVersion(project.consent?.version), text: draft.consent },
      }),
      ...(view !== project.view && { view }),
      ...(!same(rules, was?.rules) && { distribution: rules }),
      ...(!same(settings, was?.settings) && { settings }),
    },
  };
}

/** The version after: one more where versions are numbers, else with `-2` behind. */
export function nextVersion(version: string | undefined): string {
  if (version === undefined) return '1';
  let start = version.length;
  while (start > 0 && /\d/.test(version[start - 1]!)) start -= 1;
  return start === version.length ? `${version}-2` : `${version.slice(0, start)}${Number(version.slice(start)) + 1}`;
}

/** A stored project for changing. */
export const draftOfProject = (project: Project, settings: StudioSettings): ProjectDraft => ({
  name: project.name,
  id: project.id,
  questions: project.questions.map(draftOfQuestion),
  instructions: project.instructions.at(-1)?.text ?? '',
  consent: project.consent?.text ?? '',
  view: project.view,
  rules: draftOfRules(project.distribution),
  demographics: settings.demographics.map(({ attribute, values }) => `${attribute}: ${values.join(', ')}`).join('\n'),
  breakAfterMinutes: String(settings.breakAfterMinutes),
  payAmount: settings.pay === undefined ? '' : String(settings.pay.amount),
  payCurrency: settings.pay?.currency ?? 'EUR',
  payPer: settings.pay?.per ?? 'hour',
  paused: settings.paused,
});

/**
 * What to send for project JSON from a file: a bare project, or `{ project, settings }`. Only its outer shape is looked
 * at; the server checks the rest and says what is wrong.
 */
export function creationOfFile(text: string): Result<NewProjectBody> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return { faults: { file: `This is not JSON: ${(cause as Error).message}.` } };
  }
  const object = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!object(json)) return { faults: { file: 'Expected a project in curly brackets.' } };
  const whole = object(json.project) ? json : { project: json };
  const { createdAt: _, ...project } = whole.project as Record<string, unknown>;
  if (!Array.isArray(project.questions))
    return { faults: { file: 'Expected a project with “id”, “name” and “questions”, as project.json holds it.' } };
  return { value: { project, ...('settings' in whole && { settings: whole.settings }) } as NewProjectBody };
}
