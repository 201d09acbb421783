import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DataError, parseLine, UsageError } from '../run/index.ts';
import { readLines } from '../run/node.ts';
import { readProject } from './project-folder.ts';

/** A prompt for a model, and what its reply may be held against. */
const promptSchema = z
  .strictObject({
    id: z.string().min(1).exactOptional(),
    prompt: z.string().min(1),
    split: z.string().min(1).exactOptional(),
    /** What the user of the prompt believes, and what is so: words that a reply holds where it says the one or the other. */
    belief: z.string().min(1).exactOptional(),
    truth: z.string().min(1).exactOptional(),
  })
  .refine(
    ({ belief, truth }) => (belief === undefined) === (truth === undefined),
    'expected belief and truth, or neither',
  );
export type AskedPrompt = z.infer<typeof promptSchema> & { readonly id: string };

/**
 * Prompts of a file: JSON Lines (`.jsonl`), else a prompt a line; or of the items of a project folder. Each once: two of one text are
 * one prompt.
 */
export async function readPrompts(path: string): Promise<AskedPrompt[]> {
  if (!existsSync(path)) throw new UsageError('prompts', `${path}: no such file or folder; check the path`);
  const prompts = new Map<string, AskedPrompt>();
  const ids = new Set<string>();
  const add = (given: z.infer<typeof promptSchema>, place: string) => {
    if (prompts.has(given.prompt)) return;
    const id = given.id ?? `prompt-${prompts.size + 1}`;
    if (ids.has(id)) throw new DataError('prompts', `${place}: id ${id} occurs twice; ids must be unique`);
    ids.add(id);
    prompts.set(given.prompt, { ...given, id });
  };
  if (existsSync(join(path, 'items.jsonl'))) {
    const { items } = await readProject(path);
    for (const { id, prompt } of items) add({ id, prompt }, path);
  } else {
    const rows = path.endsWith('.jsonl');
    for await (const line of readLines(path)) {
      const place = `${path}:${line.line}`;
      if (rows) add(parseLine(path, line, promptSchema), place);
      else if (line.text.trim() !== '') add({ prompt: line.text.trim() }, place);
    }
  }
  if (prompts.size === 0) throw new UsageError('prompts', `${path}: expected prompts, got none`);
  return [...prompts.values()];
}
