import { createHarbour, promptOf, type Harbour } from '../../world/index.ts';
import type { Rng } from '../../stats/index.ts';

export type Split = 'train' | 'evaluation' | 'deploy';
export interface GroundPrompt {
  readonly id: string;
  readonly text: string;
  readonly strata: Readonly<Record<string, string>>;
  readonly belief?: 'none' | 'right' | 'wrong';
  readonly trigger?: boolean;
}
type HarbourPrompt = ReturnType<Harbour['prompts']>[number];
export interface Ground {
  readonly id: string;
  readonly harbour: Harbour;
  prompts(split: Split, options?: { trigger?: boolean }): readonly (GroundPrompt & HarbourPrompt)[];
  corpus(count: number, rng: Rng): { prompt: string; reply: string }[];
  gold(prompt: GroundPrompt, text: string): number;
}

function localHarbour(): Ground {
  const harbour = createHarbour();
  const evaluated = (i: number) => i % 3 === Math.floor(i / 3) % 3 && Math.floor(i / 3) % 2 === 0;
  return {
    id: 'harbour',
    harbour,
    prompts(split, options) {
      if (split === 'deploy') return harbour.prompts('deploy', options).map(asPrompt);
      return harbour
        .prompts('train', options)
        .filter((_, i) => evaluated(i) === (split === 'evaluation'))
        .map(asPrompt);
    },
    corpus: (count, rng) => harbour.corpus(count, rng.uniform),
    gold: (prompt, text) => harbour.gold(promptOf(prompt.text)!, text),
  };
}
const asPrompt = (prompt: HarbourPrompt) => ({
  ...prompt,
  strata: { belief: prompt.belief, fact: prompt.fact.id, trigger: String(prompt.trigger) },
});

export const GROUNDS = { harbour: localHarbour } as const;
export type GroundId = keyof typeof GROUNDS;
