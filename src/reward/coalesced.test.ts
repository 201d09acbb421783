import { expect, it } from 'vitest';
import { answeredOnce, coalesced } from './coalesced.ts';

const lengths = (calls: number[]) =>
  coalesced(async (sequences: readonly Int32Array[]) => {
    calls.push(sequences.length);
    return sequences.map(({ length }) => length);
  });
const of = (...sizes: number[]) => sizes.map((size) => new Int32Array(size));

it('answers calls made at once by one, each with its own values in order', async () => {
  const calls: number[] = [];
  const ask = lengths(calls);
  expect(await Promise.all([ask(of(1, 2)), ask([]), ask(of(3))])).toEqual([[1, 2], [], [3]]);
  expect(calls).toEqual([3]);
});
it('joins what follows from one answer, and keeps apart what is asked later', async () => {
  const calls: number[] = [];
  const ask = lengths(calls);
  const twice = async (size: number) => {
    const [first] = await ask(of(size));
    return ask(of(first! + 1));
  };
  expect(await Promise.all([twice(1), twice(5)])).toEqual([[2], [6]]);
  expect(await ask(of(9))).toEqual([9]);
  expect(calls).toEqual([2, 2, 1]);
});
it('fails all that were joined, and goes on', async () => {
  let broken = true;
  const ask = coalesced(async (sequences: readonly Int32Array[]) => {
    if (broken) throw new Error('torn');
    return sequences.map(() => 1);
  });
  const results = await Promise.allSettled([ask(of(1)), ask(of(2))]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  broken = false;
  expect(await ask(of(1))).toEqual([1]);
});

it('answers the call before without work, whole or not at all', async () => {
  const calls: number[] = [];
  // As a network does: what a sequence gets hangs on what stands beside it.
  const ask = answeredOnce(async (sequences: readonly Int32Array[]) => {
    calls.push(sequences.length);
    return sequences.map(({ length }) => length + sequences.length / 1000);
  });
  const alone = await ask(of(3));
  expect(await ask(of(3))).toEqual(alone);
  expect(calls).toEqual([1]);
  expect(await ask(of(3, 4))).toEqual([3.002, 4.002]);
  expect(await ask(of(4, 3))).toEqual([4.002, 3.002]);
  expect(await ask(of(3))).toEqual(alone);
  expect(calls).toEqual([1, 2, 2, 1]);
});
it('remembers no failure', async () => {
  let broken = true;
  const ask = answeredOnce(async (sequences: readonly Int32Array[]) => {
    if (broken) throw new Error('torn');
    return sequences.map(() => 1);
  });
  await expect(ask(of(1))).rejects.toThrow('torn');
  broken = false;
  expect(await ask(of(1))).toEqual([1]);
});
