import type { Item, Judgment } from '../feedback/index.ts';
import type { Rng } from '../stats/index.ts';

/** A comparison by a rater: what he answers about an item whose better reply is `better`. */
export interface CrowdRater {
  readonly id: string;
  answer(item: {
    readonly better: 0 | 1;
    readonly easy: number;
    readonly prompt: string;
    readonly at: number;
  }): 0 | 1 | 'tie';
}

/** Judgments of items by some of the raters each, with everything else as plain as it can be. */
export function crowd(
  rng: Rng,
  raters: readonly CrowdRater[],
  options: { items: number; overlap: number; prompt?: (i: number) => string; easy?: (i: number) => number },
): { items: Item[]; judgments: Judgment[] } {
  const items: Item[] = [];
  const judgments: Judgment[] = [];
  const asked = new Map<string, number>();
  for (let i = 0; i < options.items; i++) {
    const id = `i${i}`;
    const prompt = options.prompt?.(i) ?? `question ${i}`;
    const better: 0 | 1 = rng.uniform() < 0.5 ? 0 : 1;
    const easy = options.easy?.(i) ?? 1;
    const replies = ['a', 'b'].map((letter) => ({ id: `${id}/${letter}`, text: letter }));
    items.push({ id, projectId: 'p', prompt, replies, source: { origin: 'test', selection: 'all' } });
    for (const rater of rng.shuffle(raters).slice(0, options.overlap)) {
      const at = asked.get(rater.id) ?? 0;
      asked.set(rater.id, at + 1);
      judgments.push({
        id: `${id}/${rater.id}`,
        projectId: 'p',
        itemId: id,
        raterId: rater.id,
        presentation: { order: [0, 1], view: 'full', instructionsVersion: '1', shownAt: '2026-01-01' },
        answer: { kind: 'comparison', outcome: rater.answer({ better, easy, prompt, at }) },
        activeMs: null,
        submittedAt: '2026-01-01',
        source: 'simulated',
      });
    }
  }
  return { items, judgments };
}

/** A rater who is right with a probability, less on items that are not easy. */
export const honest = (rng: Rng, id: string, right: number): CrowdRater => ({
  id,
  answer: ({ better, easy }) => (rng.uniform() < 0.5 + (right - 0.5) * easy ? better : ((1 - better) as 0 | 1)),
});

/** A rater who does not look, and presses the first button with a probability. */
export const careless = (rng: Rng, id: string, first = 0.5): CrowdRater => ({
  id,
  answer: () => (rng.uniform() < first ? 0 : 1),
});
