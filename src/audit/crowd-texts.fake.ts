import type { Item, Judgment } from '../feedback/index.ts';
import { type Rng, sigmoid } from '../stats/index.ts';

/** What a text of this crowd says: traits as words, each there or not. */
const WORDS = ['amber', 'birch', 'cedar', 'delta'] as const;
export type TextTrait = (typeof WORDS)[number];

/** A rater who chooses with noise by what the words of a text are worth to them. */
export interface TextRater {
  readonly id: string;
  readonly worth: Readonly<Partial<Record<TextTrait, number>>>;
  /** Utility of standing first. */
  readonly place?: number;
  /** P(answer at random). */
  readonly lapse?: number;
  readonly rationality?: number;
}

const textOf = (rng: Rng): string => `the answer ${WORDS.filter(() => rng.uniform() < 0.5).join(' and ') || 'alone'}`;

/** Judgments of items of two such texts by some of the raters each, in balanced orders. */
export function textCrowd(
  rng: Rng,
  raters: readonly TextRater[],
  { items: count, overlap }: { readonly items: number; readonly overlap: number },
): { items: Item[]; judgments: Judgment[] } {
  const items: Item[] = [];
  const judgments: Judgment[] = [];
  for (let i = 0; i < count; i++) {
    const id = `i${i}`;
    const texts = [textOf(rng), textOf(rng)];
    const replies = texts.map((text, k) => ({ id: `${id}/${k}`, text }));
    items.push({ id, projectId: 'p', prompt: `question ${i}`, replies, source: { origin: 'test', selection: 'all' } });
    for (const [k, rater] of rng.shuffle(raters).slice(0, overlap).entries()) {
      const order = k % 2 === 0 ? [0, 1] : [1, 0];
      const { worth, place = 0, lapse = 0, rationality = 1 } = rater;
      const [a, b] = texts.map((text) => WORDS.reduce((sum, w) => sum + (text.includes(w) ? (worth[w] ?? 0) : 0), 0));
      const lead = rationality * (a! - b! + (order[0] === 0 ? place : -place));
      const first = rng.uniform() < lapse ? rng.uniform() < 0.5 : rng.uniform() < sigmoid(lead);
      judgments.push({
        id: `${id}/${rater.id}`,
        projectId: 'p',
        itemId: id,
        raterId: rater.id,
        presentation: { order, view: 'full', instructionsVersion: '1', shownAt: '2026-01-01' },
        answer: { kind: 'comparison', outcome: first ? 0 : 1 },
        activeMs: null,
        submittedAt: '2026-01-01',
        source: 'simulated',
      });
    }
  }
  return { items, judgments };
}
