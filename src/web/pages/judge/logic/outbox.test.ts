import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AnswerTo,
  type Entry,
  type EntryKind,
  type KeyValues,
  Outbox,
  type Verdict,
  waitBefore,
} from './outbox.ts';

class Dropped extends Error {}
class Refusal extends Error {}

/** Storage as the browser has it, shared by pages that follow each other. */
function storage(capacity = Number.POSITIVE_INFINITY): KeyValues & { readonly map: Map<string, string> } {
  const map = new Map<string, string>();
  return {
    map,
    get length() {
      return map.size;
    },
    key: (i) => [...map.keys()][i] ?? null,
    getItem: (key) => map.get(key) ?? null,
    setItem(key, value) {
      if (map.size >= capacity && !map.has(key)) throw new Error('full');
      map.set(key, value);
    },
    removeItem: (key) => void map.delete(key),
  };
}

type Fate = 'ok' | 'lost' | 'answer lost' | 'signed out';

/** A server that keeps what gets through once per key, over a connection with a fate for every attempt. */
function world(fates: Fate[] = []) {
  const kept: string[] = [];
  const attempts: string[] = [];
  const timers: { ms: number; then: () => void }[] = [];
  const send = async (entry: Entry): Promise<AnswerTo<EntryKind>> => {
    attempts.push(entry.key);
    const fate = fates.shift() ?? 'ok';
    if (fate === 'lost') throw new Dropped('lost');
    if (fate === 'signed out') throw new Dropped('signed out');
    if (entry.key.startsWith('bad')) throw new Refusal('the server will not have it');
    if (!kept.includes(entry.key)) kept.push(entry.key);
    if (fate === 'answer lost') throw new Dropped('answer lost');
    return { id: entry.key } as AnswerTo<EntryKind>;
  };
  const verdict = (error: unknown): Verdict => {
    if (error instanceof Refusal) return { refused: error.message };
    return (error as Error).message === 'signed out' ? 'sign-in' : 'retry';
  };
  let tail = Promise.resolve();
  const options = {
    owner: 'r',
    send,
    verdict,
    later: (ms: number, then: () => void) => {
      const timer = { ms, then };
      timers.push(timer);
      return () => {
        if (timers.includes(timer)) timers.splice(timers.indexOf(timer), 1);
      };
    },
    exclusive: (effect: () => Promise<void>) => {
      tail = tail.then(effect, effect);
      return tail;
    },
  };
  /** Lets everything happen until nothing waits. */
  const settle = async () => {
    for (let quiet = 0; quiet < 3; quiet++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (timers.length > 0) {
        quiet = 0;
        timers.shift()!.then();
      }
    }
  };
  return { kept, attempts, timers, options, settle };
}
const skip = (key: string) => ({ project: 'p', key, body: { taskId: key, reason: 'other' as const } });

describe('the outbox', () => {
  it('loses nothing, doubles nothing and keeps the order, whatever the connection does and however often the page is left', async () => {
    const fate = fc.constantFrom<Fate>('ok', 'lost', 'answer lost', 'signed out');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fate, { maxLength: 12 }),
        fc.array(fc.constantFrom('add', 'leave', 'wait'), { minLength: 1, maxLength: 12 }),
        async (fates, steps) => {
          const { kept, options, settle, timers } = world(fates);
          const disk = storage();
          let outbox = new Outbox({ ...options, storage: disk });
          const added: string[] = [];
          for (const step of steps) {
            if (step === 'add') {
              added.push(`key-${added.length}`);
              outbox.add('skip', skip(added.at(-1)!));
              expect(outbox.state().entries.map((e) => e.key)).toContain(added.at(-1));
            } else if (step === 'wait') await new Promise((resolve) => setImmediate(resolve));
            else {
              // The page is gone with its timers; another one finds what is kept.
              timers.splice(0);
              outbox = new Outbox({ ...options, storage: disk });
              outbox.retry();
            }
          }
          await settle();
          expect(kept).toEqual(added);
          expect(outbox.state()).toMatchObject({ entries: [], trouble: null });
          expect(disk.length).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });
  it('waits longer after every failure, at most half a minute, and at once when asked', async () => {
    expect([1, 2, 3, 5, 6, 60].map(waitBefore)).toEqual([1000, 2000, 4000, 16_000, 30_000, 30_000]);
    const { options, timers, attempts } = world(['lost', 'lost', 'lost', 'ok']);
    const outbox = new Outbox({ ...options, storage: storage() });
    outbox.add('skip', skip('a'));
    for (const ms of [1000, 2000]) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(timers.map((timer) => timer.ms)).toEqual([ms]);
      expect(outbox.state()).toMatchObject({ trouble: 'offline', sending: false });
      timers.shift()!.then();
    }
    await new Promise((resolve) => setImmediate(resolve));
    outbox.retry();
    expect(timers).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(attempts).toEqual(['a', 'a', 'a', 'a']);
    expect(outbox.state()).toMatchObject({ entries: [], trouble: null });
  });
  it('takes back only what was never sent', async () => {
    const { options, kept, settle } = world(['lost']);
    const outbox = new Outbox({ ...options, storage: storage() });
    outbox.add('skip', skip('sent'));
    await new Promise((resolve) => setImmediate(resolve));
    outbox.add('skip', skip('late'));
    expect(outbox.takeBack('late')).toBe(true);
    expect(outbox.takeBack('sent')).toBe(false);
    expect(outbox.takeBack('unknown')).toBe(false);
    await settle();
    expect(kept).toEqual(['sent']);
  });
  it('puts aside what the server refuses, says why, and goes on', async () => {
    const { options, kept, settle } = world();
    const outbox = new Outbox({ ...options, storage: storage() });
    const told: string[] = [];
    outbox.onAcknowledged((entry) => told.push(entry.key));
    outbox.add('skip', skip('bad'));
    outbox.add('skip', skip('good'));
    await settle();
    expect(kept).toEqual(['good']);
    expect(told).toEqual(['good']);
    expect(outbox.state().entries).toMatchObject([{ key: 'bad', refused: 'the server will not have it' }]);
    outbox.discard('good');
    outbox.discard('bad');
    expect(outbox.state().entries).toEqual([]);
  });
  it('keeps people on one browser apart', async () => {
    const disk = storage();
    const first = world(['lost']);
    new Outbox({ ...first.options, storage: disk }).add('skip', skip('mine'));
    await new Promise((resolve) => setImmediate(resolve));
    const second = world();
    const other = new Outbox({ ...second.options, storage: disk, owner: 'other' });
    other.retry();
    await second.settle();
    expect(second.attempts).toEqual([]);
    expect(other.state().entries).toEqual([]);
  });
  it('goes on in memory where the browser keeps nothing, and says so', async () => {
    const { options, kept, settle } = world(['lost']);
    const outbox = new Outbox({ ...options, storage: storage(0) });
    outbox.add('skip', skip('a'));
    expect(outbox.state()).toMatchObject({ volatile: true });
    await settle();
    expect(kept).toEqual(['a']);
    expect(outbox.state()).toMatchObject({ volatile: false, entries: [] });
  });
  it('gives the same state until something changes', () => {
    const outbox = new Outbox({ ...world().options, storage: storage() });
    expect(outbox.state()).toBe(outbox.state());
  });
});
