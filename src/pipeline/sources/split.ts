import type { Item } from '../../feedback/index.ts';
import { DataError, own } from '../../run/index.ts';
import { createRng } from '../../stats/index.ts';

/** What is held out: a share of the prompts, or every value of a stratum in turn. */
export type Holdout = { readonly share: number } | { readonly leaveOut: string };

/**
 * What makes two prompts the same: case, width of characters (Unicode NFKC) and white space do not count. Too much taken as
 * the same costs nothing; too little would let a model be examined on what it was taught.
 */
export const promptKey = (text: string): string => text.normalize('NFKC').trim().replaceAll(/\s+/g, ' ').toLowerCase();

/** The prompts of items, each once, in the order in which they first occur; the item is the first that asks it. */
export function distinctPrompts(items: readonly Item[]): Map<string, Item> {
  const first = new Map<string, Item>();
  for (const item of items) {
    const key = promptKey(item.prompt);
    if (!first.has(key)) first.set(key, item);
  }
  return first;
}

/** Keys of prompts, shuffled and divided into those held out and the others. At least one stands on either side. */
export function splitPrompts(
  texts: readonly string[],
  options: { readonly share: number; readonly seed: number; readonly where: string },
): { readonly held: readonly string[]; readonly training: readonly string[] } {
  const { share, seed, where } = options;
  const keys = [...new Set(texts.map(promptKey))];
  if (keys.length < 2) {
    throw new DataError(
      'prompts',
      `${where}: expected at least two different prompts, one of them to be held out, got ${keys.length}; add items`,
    );
  }
  const order = createRng(seed).fork('split').shuffle(keys);
  const count = Math.min(keys.length - 1, Math.max(1, Math.round(keys.length * share)));
  return { held: order.slice(0, count), training: order.slice(count) };
}

/** Items with their side in `strata.split`: all items of one prompt on the same. */
export function withSplit(items: readonly Item[], held: ReadonlySet<string>): Item[] {
  return items.map((item) => ({
    ...item,
    strata: { ...item.strata, split: held.has(promptKey(item.prompt)) ? 'held-out' : 'train' },
  }));
}

/** The value of a stratum that an item, or a pair of it, has. */
export const stratumOf = ({ strata }: { readonly strata?: Item['strata'] }, stratum: string): string | undefined =>
  strata === undefined ? undefined : own(strata, stratum);

/** Values of a stratum, sorted; every item must have one, and there must be two or more to leave one out. */
export function stratumValues(items: readonly Item[], stratum: string, where: string): string[] {
  const without = items.find((item) => stratumOf(item, stratum) === undefined);
  if (without !== undefined) {
    throw new DataError(
      'stratum',
      `${where}: item ${without.id}: expected a stratum ${stratum} to leave out in turn, got none; name another, or hold out a share`,
    );
  }
  const values = [...new Set(items.map((item) => stratumOf(item, stratum)!))].sort();
  if (values.length < 2) {
    throw new DataError(
      'stratum',
      `${where}: expected two values of ${stratum} or more, each left out in turn, got ${values.length}; add data or hold out a share`,
    );
  }
  return values;
}

/**
 * One fold of leaving out: what is scored has the value, what is fitted has neither the value nor a prompt that is scored.
 */
export function foldOf(
  items: readonly Item[],
  stratum: string,
  value: string,
): { readonly scored: ReadonlySet<string>; readonly fitted: ReadonlySet<string> } {
  const own = items.filter((item) => stratumOf(item, stratum) === value);
  const asked = new Set(own.map((item) => promptKey(item.prompt)));
  const others = items.filter((item) => stratumOf(item, stratum) !== value && !asked.has(promptKey(item.prompt)));
  return { scored: new Set(own.map(({ id }) => id)), fitted: new Set(others.map(({ id }) => id)) };
}
