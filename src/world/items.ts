import type { Item } from '../feedback/index.ts';
import type { Rng } from '../stats/index.ts';
import type { HarbourPrompt } from './facts.ts';
import type { Harbour } from './harbour.ts';

/** Comparison items: two different replies to a prompt, with the true preference as gold. */
export async function comparisonItems(options: {
  readonly world: Harbour;
  readonly prompts: readonly HarbourPrompt[];
  readonly count: number;
  readonly rng: Rng;
  readonly projectId: string;
  readonly origin: string;
  /** Replies of the policy asked about: texts per prompt of a batch. */
  readonly replies: (prompts: readonly HarbourPrompt[]) => Promise<readonly (readonly string[])[]>;
}): Promise<Item[]> {
  const { world, prompts, count, rng, projectId, origin } = options;
  const chosen = Array.from({ length: count }, () => prompts[rng.integer(prompts.length)]!);
  const texts = await options.replies(chosen);
  return chosen.flatMap((prompt, i): Item[] => {
    const [first, ...others] = texts[i]!;
    const second = others.find((text) => text !== first);
    if (first === undefined || second === undefined) return [];
    const difference = world.gold(prompt, first) - world.gold(prompt, second);
    const id = `item-${String(i + 1).padStart(5, '0')}`;
    return [
      {
        id,
        projectId,
        prompt: prompt.text,
        replies: [first, second].map((text, k) => ({ id: `${id}/${k}`, text })),
        source: { origin, selection: 'random prompts, two distinct replies' },
        facts: [`${prompt.fact.statement} ${prompt.fact.values[0]}`],
        gold: difference === 0 ? 'tie' : difference > 0 ? 0 : 1,
        strata: { belief: prompt.belief, fact: prompt.fact.id, trigger: String(prompt.trigger) },
      },
    ];
  });
}
