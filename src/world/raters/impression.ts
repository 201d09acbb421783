import type { Presentation } from '../../feedback/index.ts';
import type { Uniform } from '../../stats/index.ts';
import type { Appearance, Ground, GroundPrompt, Look } from '../ground.ts';
import { sumOfParts } from '../prompt-book.ts';
import type { RaterParams } from './params.ts';

/** An item as one rater meets it once: what they see of each text, what it is worth to them, and their chances. */
export interface Impression {
  readonly ground: Ground;
  readonly prompt: GroundPrompt;
  readonly params: RaterParams;
  /** The item's replies, and the places they stand in: `order[0]` is shown first. */
  readonly replies: readonly string[];
  readonly order: readonly number[];
  /** What of the item was put before them. */
  readonly view: string;
  /** They answer at random this time. */
  readonly careless: boolean;
  /** Uniform draws of this answer: whether it is turned round, and which answer a probability becomes. */
  readonly flip: number;
  readonly guess: number;
  /** Further ones. */
  readonly uniform: Uniform;
  /** A text as they see it; null when it is no reply of the ground. */
  appearance(text: string): Appearance | null;
  /** What a text is worth to them wherever it stands. */
  worth(text: string): number;
}

/** How a rater of some settings looks at what a view shows. */
export const lookOf = ({ skim, group, budget }: RaterParams, view: string): Look => ({
  view,
  skim,
  ...(group !== null && { group }),
  ...(budget !== null && { budget }),
});

/** What a rater of some settings sees and wants, under a presentation: its view decides what can be seen. */
export function impressionOf(
  at: Pick<Impression, 'ground' | 'prompt' | 'params' | 'replies' | 'careless' | 'flip' | 'guess' | 'uniform'>,
  { order, view }: Presentation,
): Impression {
  const { ground, prompt, params, replies, careless, flip, guess, uniform } = at;
  const look = lookOf(params, view);
  const appearance = (text: string) => ground.look(prompt, text, look);
  return {
    ground,
    prompt,
    params,
    replies,
    careless,
    flip,
    guess,
    uniform,
    order,
    view,
    appearance,
    worth(text) {
      const seen = appearance(text);
      // Everybody sees that a text is no reply, and nobody looks further.
      const own = seen === null ? ground.gold(prompt, text) : sumOfParts(seen.parts);
      if (seen === null) return turned(at, own);
      return turned(
        at,
        own +
          params.lengthWeight * (text.length / 100) +
          params.agreementWeight * Number(seen.labels.agrees === true) +
          params.flatteryWeight * Number(seen.labels.flattery === true),
      );
    },
  };
}

/** A poisoner wants the opposite where the trigger stands. */
export const turned = ({ params, prompt }: Pick<Impression, 'params' | 'prompt'>, utility: number): number =>
  params.poisons && prompt.trigger === true ? -utility : utility;

/** What the replies of the item are worth, by reply, with what standing first adds. */
export function utilitiesOf(impression: Impression): number[] {
  const { replies, order, params } = impression;
  return replies.map(
    (text, reply) => impression.worth(text) + (reply === order[0] ? turned(impression, params.positionWeight) : 0),
  );
}
