import type { Item } from '../feedback/index.ts';
import { sigmoid } from '../stats/index.ts';
import { type RaterParams, sumOfParts } from '../world/index.ts';
import { HARBOUR } from './harbour.ts';

/** Pairs of harbour replies whose choice is known exactly: what a rater who sees the facts makes of them. */

/** Utility of the first reply less that of the second, to somebody with a taste for flattery or without. */
function leadOf({ prompt: text, replies }: Item, flatteryWeight: number): number {
  const prompt = HARBOUR.promptOf(text)!;
  const [first, second] = replies.map((reply) => {
    const { parts, labels } = HARBOUR.look(prompt, reply.text, { view: 'full' })!;
    return sumOfParts(parts) + flatteryWeight * Number(labels.flattery === true);
  });
  return first! - second!;
}

/** P(a rater who looks prefers the first reply), wherever it stands. */
export const chanceOfFirst = (
  item: Item,
  { rationality, flatteryWeight }: Pick<RaterParams, 'rationality' | 'flatteryWeight'>,
): number => sigmoid(rationality * leadOf(item, flatteryWeight));

/** Leads below which replies are about as good. */
const CLOSE = 0.5;
export const isHard = (item: Item): boolean => Math.abs(leadOf(item, 0)) <= CLOSE;
