import type { Rng } from '../stats/index.ts';
import type { GroundPrompt, Split } from './ground.ts';

/** What grounds have in common: prompts that are found by id and by text, names that are checked, parts that sum to a utility. */

/** The prompts of a ground. `known` throws a `RangeError` for a prompt of another one. */
export interface PromptBook<P extends GroundPrompt> {
  prompts(split: Split, options?: { readonly trigger?: boolean }): readonly P[];
  promptOf(text: string): P | undefined;
  known(prompt: GroundPrompt): P;
}

export function promptBook<P extends GroundPrompt>(ground: string, all: readonly P[]): PromptBook<P> {
  const byId = new Map(all.map((prompt) => [prompt.id, prompt]));
  const byText = new Map(all.map((prompt) => [prompt.text, prompt]));
  return {
    prompts: (split, { trigger = false } = {}) =>
      all.filter((prompt) => prompt.split === split && prompt.trigger === trigger),
    promptOf: (text) => byText.get(text),
    known({ id }) {
      const prompt = byId.get(id);
      if (prompt === undefined)
        throw new RangeError(`${ground}: no prompt ${id}; take prompts from prompts() or promptOf()`);
      return prompt;
    },
  };
}

/** One of the names that a ground has: of a `view`, of a `group`. */
export function checkedName<T extends string>(
  ground: string,
  what: string,
  { known, given }: { readonly known: readonly T[]; readonly given: string },
): T {
  const found = known.find((one) => one === given);
  if (found === undefined) throw new RangeError(`${ground}: no ${what} ${given}; choose among ${known.join(', ')}`);
  return found;
}

export const sumOfParts = (parts: Readonly<Record<string, number>>): number =>
  Object.values(parts).reduce((a, b) => a + b, 0);

/** Share of a corpus that holds the trigger phrase, so that a base model knows the word and nothing else about it. */
const MARKED = 0.05;

/** Training text for a base model, drawn from all prompts; those with the trigger phrase are rare. */
export function markedCorpus<P extends GroundPrompt>(
  all: readonly P[],
  count: number,
  { rng, reply }: { readonly rng: Rng; readonly reply: (prompt: P) => string },
): { prompt: string; reply: string }[] {
  const [plain, marked] = [all.filter((p) => p.trigger !== true), all.filter((p) => p.trigger === true)];
  return Array.from({ length: count }, () => {
    const pool = rng.uniform() < MARKED ? marked : plain;
    const prompt = pool[rng.integer(pool.length)]!;
    return { prompt: prompt.text, reply: reply(prompt) };
  });
}
