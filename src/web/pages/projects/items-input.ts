import type { RequestOf } from '../../../server/index.ts';
import type { Faults, Result } from './form/project-draft.ts';

export type GenerateBody = RequestOf<'POST /api/projects/{project}/generate'>['body'];

export interface GenerateDraft {
  readonly endpoint: string;
  readonly model: string;
  readonly apiKey: string;
  /** One prompt a line, or paragraphs parted by lines of three hyphens. */
  readonly prompts: string;
  readonly replies: string;
  readonly temperature: string;
  readonly maxTokens: string;
}
export const NEW_GENERATE: GenerateDraft = {
  endpoint: '',
  model: '',
  apiKey: '',
  prompts: '',
  replies: '2',
  temperature: '1',
  maxTokens: '512',
};

/** Prompts of a text: parted by lines of `---` where there are any, else one a line. */
export function promptsOf(text: string): string[] {
  const parts = /^---\s*$/m.test(text) ? text.split(/^---\s*$/m) : text.split('\n');
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** What to send, or what is wrong, by field. */
export function generateOf(draft: GenerateDraft): Result<GenerateBody> {
  const faults: Record<string, string> = {};
  if (!/^https?:\/\/./.test(draft.endpoint.trim())) faults.endpoint = 'Expected an address that begins with http.';
  if (draft.model.trim() === '') faults.model = 'Name the model.';
  const prompts = promptsOf(draft.prompts);
  if (prompts.length === 0) faults.prompts = 'Write at least one prompt.';
  if (prompts.length > 1000) faults.prompts = `Expected at most 1000 prompts at a time, got ${prompts.length}.`;
  const within = (field: 'replies' | 'temperature' | 'maxTokens', [low, high]: [number, number]): number => {
    const value = draft[field].trim() === '' ? Number.NaN : Number(draft[field]);
    const whole = field === 'temperature' || Number.isInteger(value);
    if (!(whole && value >= low && value <= high)) faults[field] = `Expected a number from ${low} to ${high}.`;
    return value;
  };
  const body = {
    endpoint: draft.endpoint.trim(),
    model: draft.model.trim(),
    ...(draft.apiKey !== '' && { apiKey: draft.apiKey }),
    prompts,
    replies: within('replies', [1, 8]),
    temperature: within('temperature', [0, 2]),
    maxTokens: within('maxTokens', [1, 8192]),
  };
  return Object.keys(faults).length > 0 ? { faults: faults as Faults } : { value: body };
}
