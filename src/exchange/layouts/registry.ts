import { UsageError } from '../../run/index.ts';
import { argilla } from './argilla.ts';
import { alpacaEval, arena } from './battles.ts';
import { hhRlhf } from './hh-rlhf.ts';
import { labelStudio } from './label-studio.ts';
import { LAYOUT_IDS, type Layout, type LayoutId } from './layout.ts';
import { openaiPreference, trlPreference } from './preference.ts';
import { prm800k } from './prm800k.ts';
import { project } from './project-folder.ts';
import { pandalm, ukp } from './published.ts';
import { rewardbench } from './rewardbench.ts';
import { csv, parquet } from './table.ts';
import { trlPromptCompletion, trlStepwise, trlUnpaired } from './trl.ts';

/** Every layout; one without an entry is a type error. */
export const LAYOUTS: { readonly [I in LayoutId]: Layout } = {
  project,
  csv,
  parquet,
  'hh-rlhf': hhRlhf,
  'trl-preference': trlPreference,
  'trl-unpaired': trlUnpaired,
  'trl-stepwise': trlStepwise,
  'trl-prompt-completion': trlPromptCompletion,
  'openai-preference': openaiPreference,
  argilla,
  'label-studio': labelStudio,
  arena,
  'alpaca-eval': alpacaEval,
  prm800k,
  ukp,
  pandalm,
  rewardbench,
};

/** The layout of a name or an alias of it. */
export function findLayout(name: string): Layout {
  const found = Object.values(LAYOUTS).find((layout) => layout.id === name || layout.aliases.includes(name));
  if (found === undefined)
    throw new UsageError('layout', `unknown layout ${name}; expected ${LAYOUT_IDS.join(', ')}, or auto`);
  return found;
}

/** The layouts that a first row looks like. */
export const detectLayouts = (row: unknown): Layout[] =>
  Object.values(LAYOUTS).filter((layout) => typeof layout.detect === 'function' && layout.detect(row));
