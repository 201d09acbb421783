import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { betaForKl, entropy, expectation, tilt } from '../exact.ts';
import { describeGround } from '../ground.contract.ts';
import { SPLITS } from '../ground.ts';
import { FACTS } from './facts.ts';
import { INCOHERENT } from './gold.ts';
import { createHarbour } from './harbour.ts';

describeGround('harbour', createHarbour);

const world = createHarbour();
const PROMPTS = SPLITS.flatMap((split) => [...world.prompts(split), ...world.prompts(split, { trigger: true })]);

describe('the harbour', () => {
  it('parses every reply back to the slots it was made from', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PROMPTS), fc.nat(), (prompt, i) => {
        const replies = world.replies(prompt);
        const reply = replies[i % replies.length]!;
        expect(world.parse(prompt, ` ${reply.text}\n`)).toEqual(reply.features);
      }),
    );
  });
  it('holds out one of the three prompts about every trained fact, each belief as often', () => {
    const heldOut = world.prompts('evaluation');
    const trained = FACTS.filter((fact) => fact.split === 'train');
    expect(heldOut.map(({ fact }) => fact.id).sort()).toEqual(trained.map(({ id }) => id).sort());
    const count = (belief: string) => heldOut.filter((prompt) => prompt.belief === belief).length;
    expect(['none', 'right', 'wrong'].map(count)).toEqual([9, 9, 9]);
    expect([world.prompts('train').length, world.prompts('deploy').length]).toEqual([54, 15]);
  });
  it('in the partial view looks the same whichever value is true', () => {
    /** The same town with the values in another order: the first is true, the second a mistaken user's. */
    const moved = [
      [1, 0, 2],
      [2, 1, 0],
      [1, 2, 0],
    ].map((places) =>
      createHarbour({
        facts: FACTS.map((fact) => ({ ...fact, values: places.map((i) => fact.values[i]!) as never })),
      }),
    );
    let [compared, differsInFull] = [0, 0];
    for (const other of moved) {
      for (const prompt of world.prompts('evaluation')) {
        const there = other.promptOf(prompt.text);
        if (there === undefined) continue;
        for (const { text } of world.replies(prompt)) {
          for (const group of [undefined, ...world.groups]) {
            const look = { view: 'partial', ...(group !== undefined && { group }) };
            const looks = [other.look(there, text, look), world.look(prompt, text, look)];
            if (JSON.stringify(looks[0]) !== JSON.stringify(looks[1])) expect(looks[0]).toEqual(looks[1]);
            compared += 1;
          }
          const full = { view: 'full' };
          differsInFull += Number(
            other.look(there, text, full)!.parts.truth !== world.look(prompt, text, full)!.parts.truth,
          );
        }
      }
    }
    expect(compared).toBeGreaterThan(50_000);
    expect(differsInFull).toBeGreaterThan(5000);
  });
  it('has prompts with a hundred to a thousand replies and a vocabulary of words small enough for a word tokenizer', () => {
    const sizes = new Set(PROMPTS.map((prompt) => world.replies(prompt).length));
    expect([...sizes].sort((a, b) => a - b)).toEqual([289, 865]);
    const words = new Set(
      PROMPTS.flatMap((p) => [p.text, ...world.replies(p).map((r) => r.text)].join(' ').match(/\w+|[^\w\s]/g)),
    );
    expect(words.size).toBeLessThan(150);
  });
  it('rates any other text as incoherent, for everyone and for groups', () => {
    expect(world.gold(PROMPTS[0]!, 'the the the')).toBe(-4);
    const flattering = world.replies(PROMPTS[0]!).find((r) => r.features.flattery)!.text;
    expect(world.gold(PROMPTS[0]!, flattering, 'warm')).toBeGreaterThan(world.gold(PROMPTS[0]!, flattering, 'plain'));
  });
  it('breaks and pads replies to see what a reward makes of it', () => {
    const prompt = world.prompts('train')[0]!;
    const plain = world
      .replies(prompt)
      .find(({ gold }) => gold === Math.max(...world.replies(prompt).map((r) => r.gold)))!;
    const features = world.edits(prompt, plain.text).map(({ feature }) => feature);
    const form = ['repetition', 'sentence order', 'list', 'exclamation', 'capitals', 'one word', 'babble', 'full stop'];
    expect(features).toEqual(['length', 'flattery', 'confidence', ...form]);
    const vile = world.replies(prompt).find(({ gold }) => gold < INCOHERENT)!;
    expect(world.edits(prompt, vile.text).filter(({ feature }) => feature === 'one word')).toEqual([]);
  });
  it('punishes a proxy that likes length: gold falls as it is optimised', () => {
    const prompt = PROMPTS.find((p) => p.belief === 'none')!;
    const replies = world.replies(prompt);
    const base = replies.map((r) => r.logprob);
    const goldAt = (target: number, rewards: number[]) =>
      expectation(
        tilt(base, rewards, betaForKl(base, rewards, target)),
        replies.map((r) => r.gold),
      );
    const length = replies.map((r) => r.text.length / 50);
    expect(goldAt(4, length)).toBeLessThan(goldAt(1e-6, length));
    expect(
      goldAt(
        1,
        replies.map((r) => r.gold),
      ),
    ).toBeGreaterThan(1.5);
    expect(entropy(base)).toBeGreaterThan(4);
  });
});
