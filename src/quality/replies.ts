import type { Item } from '../feedback/index.ts';

/** What passes over comparisons need of the replies, looked up once. */
export interface ReplyTable {
  /** Characters of the two replies of an item; −1 where it has another number of replies. */
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** Numbers of an item's replies are number[starts[i]] to number[starts[i + 1] − 1]; equal ids, equal numbers. */
  readonly starts: Uint32Array;
  readonly number: Int32Array;
  readonly replies: number;
  /** Some reply stands in more than one item. */
  readonly recur: boolean;
}

/** Lengths and numbers of all replies. */
export function replyTable(items: readonly Item[]): ReplyTable {
  const first = new Int32Array(items.length).fill(-1);
  const second = new Int32Array(items.length).fill(-1);
  const starts = new Uint32Array(items.length + 1);
  for (const [i, { replies }] of items.entries()) starts[i + 1] = starts[i]! + replies.length;
  const number = new Int32Array(starts[items.length]!);
  const known = new Map<string, number>();
  for (const [i, { replies }] of items.entries()) {
    if (replies.length === 2) {
      first[i] = replies[0]!.text.length;
      second[i] = replies[1]!.text.length;
    }
    for (const [k, { id }] of replies.entries()) {
      let at = known.get(id);
      if (at === undefined) {
        at = known.size;
        known.set(id, at);
      }
      number[starts[i]! + k] = at;
    }
  }
  return { first, second, starts, number, replies: known.size, recur: known.size < number.length };
}
