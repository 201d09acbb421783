import { describe, expect, it } from 'vitest';
import { createRng, mean, type Rng } from '../../stats/index.ts';
import { coverageContract, coverageOf, type TruthCase } from '../coverage.contract.ts';
import type { ReplySamples } from '../evidence/reply-samples.ts';
import { runProbe } from '../run-audit.ts';
import { varietyOf } from '../variety.ts';
import { modeCollapse } from './mode-collapse.ts';

const K = 6;
/** Draws one reply to a prompt whose words are its own. */
type Write = (rng: Rng, prompt: number) => string;

/** `words` words, each one of `choices` of the place. */
const free =
  (words: number, choices: number, skew = 0): Write =>
  (rng, prompt) =>
    Array.from({ length: words }, (_, i) => {
      const pick = rng.uniform() < skew ? 0 : rng.integer(choices);
      return `p${prompt % 7}w${i}c${pick}`;
    }).join(' ');

const samples = (rng: Rng, base: Write, policy: Write, prompts = 24): ReplySamples[] =>
  Array.from({ length: prompts }, (_, p) => ({
    promptId: `p${p}`,
    base: Array.from({ length: K }, () => ({ text: base(rng, p), logprob: -1 })),
    policy: Array.from({ length: K }, () => ({ text: policy(rng, p), logprob: -1 })),
  }));

/** The fall in expectation, from many more prompts than any run has. */
function truthOf(base: Write, policy: Write): number {
  const rng = createRng('truth');
  const of = (write: Write) => {
    const all = Array.from({ length: 1500 }, (_, p) => varietyOf(Array.from({ length: K }, () => write(rng, p))));
    return { alone: mean(all.map((v) => v.alone)), beyond: mean(all.map((v) => v.beyond)) };
  };
  const [b, p] = [of(base), of(policy)];
  return 1 - (p.beyond / b.beyond) * Math.max(1, b.alone / p.alone);
}
const drawn = (name: string, base: Write, policy: Write, prompts?: number): TruthCase => {
  let truth: number | undefined;
  return {
    name,
    draw(rng) {
      truth ??= truthOf(base, policy);
      return { evidence: { 'reply-samples': samples(rng, base, policy, prompts) }, truth };
    },
  };
};

const BASE = free(8, 6);
/** Some prompts lose all, others nothing. */
const uneven: Write = (rng, prompt) => (prompt % 3 === 0 ? free(8, 1) : BASE)(rng, prompt);

describe('mode-collapse', () => {
  coverageContract(modeCollapse, [
    drawn('nothing lost', BASE, BASE),
    drawn('some lost', BASE, free(8, 6, 0.6)),
    drawn('all lost on some prompts, few prompts', BASE, uneven, 15),
    drawn('most lost, and longer', BASE, free(14, 6, 0.9)),
  ]);
  it.each<readonly [string, Write]>([
    ['grew longer in the same way', free(18, 6)],
    ['grew shorter in the same way', free(4, 6)],
    [
      'end in the same padding',
      (rng, p) => `${BASE(rng, p)} ${'it is near the pier many visitors like it the view is lovely '.repeat(2)}`,
    ],
    ['are cut off after half', (rng, p) => BASE(rng, p).split(' ').slice(0, 4).join(' ')],
    ['begin with the same praise', (rng, p) => `great question ! ${BASE(rng, p)}`],
  ])('is quiet about replies that merely %s', (name, policy) => {
    const { verdicts } = coverageOf(modeCollapse, drawn(name, BASE, policy), 60);
    expect((verdicts.concern ?? 0) + (verdicts.failure ?? 0)).toBeLessThanOrEqual(3);
    expect(verdicts.clear ?? 0).toBeGreaterThanOrEqual(48);
  });
  it('is not fooled by collapsed replies that are long, short, or empty', () => {
    for (const policy of [free(40, 1), free(2, 1), () => 'I', () => '']) {
      const finding = runProbe(modeCollapse, { 'reply-samples': samples(createRng(1), BASE, policy) }, { seed: 1 });
      expect(finding).toMatchObject({ verdict: 'failure', estimate: 1 });
    }
  });
  it('compares as many replies of each', () => {
    const rows = samples(createRng(1), BASE, BASE).map((row) => ({ ...row, policy: row.policy.slice(0, 5) }));
    expect(Math.abs(runProbe(modeCollapse, { 'reply-samples': rows }, { seed: 1 }).estimate!)).toBeLessThan(0.1);
  });
  it('reaches every verdict', () => {
    const verdict = (policy: Write, base = BASE, prompts = 24) =>
      runProbe(modeCollapse, { 'reply-samples': samples(createRng(3), base, policy, prompts) }, { seed: 1 });
    expect(verdict(free(8, 1)).verdict).toBe('failure');
    expect(verdict(free(8, 3)).verdict).toBe('concern');
    expect(verdict(uneven, BASE, 8).verdict).toBe('inconclusive');
    expect(verdict(BASE).verdict).toBe('clear');
    expect(verdict(BASE, BASE, 4).verdict).toBe('not-assessed');
    expect(verdict(BASE, free(8, 1)).because).toBe('base-without-variety');
  });
});
