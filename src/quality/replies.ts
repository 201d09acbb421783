import type { Item } from '../feedback/index.ts';

/** What passes over comparisons need of the replies, looked up once. */
export interface ReplyTable {
  /** Characters of the two replies of an item; −1 where it has another number of replies. */
  readonly first: Int32Array;
  readonly second: Int32Array;
  /**
   * Number of the unordered pair of texts of an item of two replies, and 1 where its first reply is the pair's second text;
   * −1 where it has another number of replies. Where few pairs recur (fixed answers such as yes and no), a habit of one
   * text cannot be told from one of its length or its place.
   */
  readonly pair: Int32Array;
  readonly turned: Int8Array;
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
  const pair = new Int32Array(items.length).fill(-1);
  const turned = new Int8Array(items.length);
  const texts = new Map<string, number>();
  const pairs = new Map<number, Map<number, number>>();
  let pairCount = 0;
  const textNumber = (text: string) => {
    let at = texts.get(text);
    if (at === undefined) {
      at = texts.size;
      texts.set(text, at);
    }
    return at;
  };
  const known = new Map<string, number>();
  for (const [i, { replies }] of items.entries()) {
    if (replies.length === 2) {
      first[i] = replies[0]!.text.length;
      second[i] = replies[1]!.text.length;
      const [a, b] = [textNumber(replies[0]!.text), textNumber(replies[1]!.text)];
      const [low, high] = a < b ? [a, b] : [b, a];
      const ofLow = pairs.get(low) ?? new Map<number, number>();
      pairs.set(low, ofLow);
      if (!ofLow.has(high)) ofLow.set(high, pairCount++);
      pair[i] = ofLow.get(high)!;
      turned[i] = Number(a > b);
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
  return { first, second, pair, turned, starts, number, replies: known.size, recur: known.size < number.length };
}
