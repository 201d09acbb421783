import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LayoutId } from './layouts/layout.ts';

const FOLDER = 'fixtures/layouts';
/**
 * A source of each layout; one without is a type error. Parquet has none of its own: a binary file says nothing to a reader
 * of the repository.
 */
const FILES: { readonly [I in Exclude<LayoutId, 'parquet'>]: string } = {
  project: 'project',
  csv: 'csv.csv',
  'hh-rlhf': 'hh-rlhf.jsonl',
  'trl-preference': 'trl-preference.jsonl',
  'trl-unpaired': 'trl-unpaired.jsonl',
  'trl-stepwise': 'trl-stepwise.jsonl',
  'trl-prompt-completion': 'trl-prompt-completion.jsonl',
  'openai-preference': 'openai-preference.jsonl',
  argilla: 'argilla.json',
  'label-studio': 'label-studio.json',
  arena: 'arena.jsonl',
  'alpaca-eval': 'alpaca-eval.json',
  prm800k: 'prm800k.jsonl',
  ukp: 'ukp',
  pandalm: 'pandalm.json',
  rewardbench: 'rewardbench.jsonl',
};

/** A layout, and the path of a source of it. */
export const LAYOUT_FILES = Object.entries(FILES).map(([id, file]) => [id as LayoutId, join(FOLDER, file)] as const);

/** Those that are one file of JSON rows. */
export const JSON_FILES = LAYOUT_FILES.filter(([, path]) => /\.jsonl?$/.test(path));

/** The rows of such a file. */
export function jsonRows(path: string): Record<string, unknown>[] {
  const text = readFileSync(path, 'utf8');
  if (path.endsWith('.json')) return JSON.parse(text);
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
