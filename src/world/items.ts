import type { Item } from '../feedback/index.ts';
import type { Rng } from '../stats/index.ts';
import type { Ground, GroundPrompt } from './ground.ts';

export interface ComparisonItemsOptions<P extends GroundPrompt> {
  readonly ground: Ground;
  /** Drawn from with replacement. */
  readonly prompts: readonly P[];
  readonly count: number;
  /** Different replies to an item; 2 by default, and 1 has nothing to be better than. A prompt that brings fewer makes no item. */
  readonly size?: number;
  /**
   * Share of the items whose last reply was given to another prompt; none by default. A policy seldom strays from the subject, so
   * that a reward fitted on its replies alone never learned what that is worth.
   */
  readonly offTopic?: number;
  readonly rng: Rng;
  readonly projectId: string;
  /** The policy that the replies come from. */
  readonly origin: string;
  /** Replies of the policy asked about: texts per prompt of a batch. */
  readonly replies: (prompts: readonly P[]) => Promise<readonly (readonly string[])[]>;
}

/** Replies for items: n draws of the ground's own base policy a prompt. */
export const fromBase =
  (ground: Pick<Required<Ground>, 'sampleBase'>, rng: Rng, n = 4) =>
  async (prompts: readonly GroundPrompt[]): Promise<string[][]> =>
    prompts.map((prompt) => Array.from({ length: n }, () => ground.sampleBase(prompt, rng).text));

/** Comparison items: different replies to a prompt, with its facts and strata, and the truly best reply as gold. */
export async function comparisonItems<P extends GroundPrompt>(options: ComparisonItemsOptions<P>): Promise<Item[]> {
  const { ground, prompts, count, size = 2, offTopic = 0, rng, projectId, origin } = options;
  const chosen = Array.from({ length: count }, () => prompts[rng.integer(prompts.length)]!);
  const texts = await options.replies(chosen);
  const strays = rng.fork('off-topic');
  return chosen.flatMap((prompt, i): Item[] => {
    const different = [...new Set(texts[i]!)].slice(0, size);
    if (different.length < size) return [];
    const strayed = strays.uniform() < offTopic ? elsewhere(strays, { chosen, texts, prompt }) : undefined;
    if (strayed !== undefined && !different.includes(strayed)) different[size - 1] = strayed;
    const id = `item-${String(i + 1).padStart(5, '0')}`;
    return [
      {
        id,
        projectId,
        prompt: prompt.text,
        replies: different.map((text, k) => ({ id: `${id}/${k}`, text })),
        source: { origin, selection: `random prompts, ${size === 2 ? 'two' : size} distinct replies` },
        facts: [...ground.facts(prompt)],
        ...(size > 1 && { gold: bestOf(different.map((text) => ground.gold(prompt, text))) }),
        strata: { ...prompt.strata },
      },
    ];
  });
}

/** A reply to another prompt; undefined where all are the same. */
function elsewhere<P extends GroundPrompt>(
  rng: Rng,
  { chosen, texts, prompt }: { chosen: readonly P[]; texts: readonly (readonly string[])[]; prompt: P },
): string | undefined {
  const others = chosen.flatMap(({ id }, i) => (id === prompt.id ? [] : texts[i]!.slice(0, 1)));
  return others.length === 0 ? undefined : others[rng.integer(others.length)];
}

/** The place of the highest value, or a tie where it stands more than once. */
function bestOf(values: readonly number[]): number | 'tie' {
  const top = Math.max(...values);
  const first = values.indexOf(top);
  return values.lastIndexOf(top) === first ? first : 'tie';
}
