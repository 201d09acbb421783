import { describe, expect, it } from 'vitest';
import { createCodec, createTokenizer, trainBpe } from '../../text/index.ts';
import { createRooms, tiltAtMeanKl } from '../../world/index.ts';
import { gapOf, listedPolicy, rewardedSpaces } from './listed-policy.ts';

const ground = createRooms();
const prompts = ground.prompts('train').slice(0, 2);

describe('a policy on listed replies', () => {
  it('is read off token by token, with the rest for what is no reply', async () => {
    const texts = prompts.flatMap((prompt) => [prompt.text, ...ground.replies(prompt).map(({ text }) => text)]);
    const codec = createCodec(createTokenizer(trainBpe(texts, 300)), { maxPrompt: 40, maxReply: 48 });
    // Every token of every sequence has the same probability, so that a reply of n tokens has its n-th power.
    const logprobs = async (sequences: readonly Int32Array[]) =>
      sequences.map(({ length }) => new Float32Array(length - 1).fill(-2));
    const policy = await listedPolicy({ logprobs }, codec, { ground, prompts });
    for (const [p, prompt] of prompts.entries()) {
      const replies = ground.replies(prompt);
      expect(policy[p]).toHaveLength(replies.length + 1);
      for (const [i, { text }] of replies.entries())
        expect(policy[p]![i]).toBeCloseTo(-2 * codec.encodeReply(text).length, 6);
      expect(policy[p]!.reduce((sum, lp) => sum + Math.exp(lp), 0)).toBeCloseTo(1, 9);
    }
  });
  it('has no gap where it is the optimum, no gain where it is the base, and the worth of nonsense where it says nothing else', () => {
    const base = prompts.map((prompt) => {
      const listed = ground.replies(prompt).map(({ logprob }) => logprob + Math.log(0.9));
      return [...listed, Math.log(0.1)];
    });
    const spaces = rewardedSpaces(base, { ground, prompts });
    const best = gapOf(tiltAtMeanKl(spaces, 0.7), spaces);
    expect(best.kl).toBeCloseTo(0.7, 6);
    expect(best.gain).toBeCloseTo(best.best, 6);
    expect(gapOf(base, spaces)).toMatchObject({ kl: expect.closeTo(0, 9), gain: expect.closeTo(0, 9) });
    const nonsense = base.map((row) => row.map((_, i) => (i === row.length - 1 ? 0 : Number.NEGATIVE_INFINITY)));
    const { gain, kl, rest } = gapOf(nonsense, spaces);
    expect([kl, rest]).toEqual([expect.closeTo(Math.log(10), 9), 1]);
    expect(gain).toBeLessThan(0);
  });
});
