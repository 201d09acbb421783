import type { Item, Judgment } from '../feedback/index.ts';
import { createRng, sigmoid } from '../stats/index.ts';

export interface ArenaOptions {
  readonly judgments?: number;
  readonly models?: number;
  readonly raters?: number;
  /** Log-odds for standing first, and for a whole (a − b) / (a + b) of length. */
  readonly position?: number;
  readonly length?: number;
  /** Davidson's ν; 0 for no ties. */
  readonly ties?: number;
}

/** Battles between models of known strength whose replies differ in length: stronger models write more. */
export function simulatedArena(
  seed: number,
  { judgments: n = 2000, models = 6, raters = 60, position = 0.3, length = 1.5, ties = 0.5 }: ArenaOptions = {},
) {
  const rng = createRng(`arena/${seed}`);
  const names = Array.from({ length: models }, (_, i) => `model ${i}`);
  const strengths = names.map((_, i) => (models === 1 ? 0 : 0.8 - (1.6 * i) / (models - 1)));
  const items: Item[] = [];
  const judgments: Judgment[] = [];
  for (let k = 0; k < n; k++) {
    const a = rng.integer(models);
    const b = (a + 1 + rng.integer(models - 1)) % models;
    const sizes = [a, b].map((m) => Math.round(60 + 40 * strengths[m]! + 120 * rng.uniform()));
    const order = rng.uniform() < 0.5 ? [0, 1] : [1, 0];
    const r = rng.integer(raters);
    const d =
      strengths[a]! -
      strengths[b]! +
      (order[0] === 0 ? position : -position) +
      (length * (sizes[0]! - sizes[1]!)) / (sizes[0]! + sizes[1]!);
    const tie = ties / (ties + Math.exp(d / 2) + Math.exp(-d / 2));
    const outcome = rng.uniform() < tie ? 'tie' : rng.uniform() < sigmoid(d) ? 0 : 1;
    items.push({
      id: `b${k}`,
      projectId: 'arena',
      prompt: 'p',
      replies: [a, b].map((m, i) => ({ id: `b${k}/${i}`, text: 'x'.repeat(sizes[i]!), model: names[m]! })),
      source: { origin: 'simulation', selection: 'random' },
    });
    judgments.push({
      id: `j${k}`,
      projectId: 'arena',
      itemId: `b${k}`,
      raterId: `r${r}`,
      presentation: { order, view: 'full', instructionsVersion: '1', shownAt: '' },
      answer: { kind: 'comparison', outcome },
      activeMs: null,
      submittedAt: '2026-01-01T00:00:00Z',
      source: 'simulated',
    });
  }
  return { items, judgments, names, strengths };
}
