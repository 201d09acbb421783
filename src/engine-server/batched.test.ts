import { describe, expect, it } from 'vitest';
import { batched } from './batched.ts';

describe('requests that wait', () => {
  it('are joined by kind while a call is worked on, and each gets its own answer', async () => {
    const calls: string[] = [];
    const ask = batched(async (requests: readonly number[], key) => {
      calls.push(`${key}: ${requests}`);
      await new Promise((resolve) => setImmediate(resolve));
      return requests.map((request) => 10 * request);
    });
    const first = ask('a', 1);
    await new Promise((resolve) => setImmediate(resolve));
    const rest = [ask('a', 2), ask('b', 3), ask('a', 4)];
    expect(await Promise.all([first, ...rest])).toEqual([10, 20, 30, 40]);
    expect(calls).toEqual(['a: 1', 'a: 2,4', 'b: 3']);
    expect(await ask('b', 5)).toBe(50);
  });

  it('fail alone', async () => {
    const ask = batched(async (requests: readonly number[]) => {
      if (requests.includes(2)) throw new RangeError('no two');
      return requests;
    });
    const settled = await Promise.allSettled([ask('', 1), ask('', 2), ask('', 3)]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });
});
