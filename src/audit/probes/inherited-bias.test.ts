import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../stats/index.ts';
import { tilt } from '../../world/index.ts';
import { coverageContract, coverageOf, type TruthCase } from '../coverage.contract.ts';
import type { AttributeReply } from '../evidence/attribute-replies.ts';
import { runProbe } from '../run-audit.ts';
import { inheritedBias } from './inherited-bias.ts';

interface Shares {
  readonly neutral: number;
  readonly base: number;
  readonly policy: number;
  readonly prompts?: number;
  /** The neutral base is known by its replies only. */
  readonly sampled?: boolean;
  readonly attribute?: string;
}
const logit = (p: number) => Math.log(p / (1 - p));

function replies(rng: Rng, shares: Shares): AttributeReply[] {
  const { neutral, prompts = 30, sampled = false, attribute = 'flattery' } = shares;
  const snapshots = sampled ? (['neutral', 'base', 'policy'] as const) : (['base', 'policy'] as const);
  return Array.from({ length: prompts }, (_, p) => p).flatMap((p) =>
    snapshots.flatMap((snapshot) =>
      Array.from({ length: 8 }, () => ({
        snapshot,
        promptId: `p${p}`,
        attribute,
        has: rng.uniform() < shares[snapshot],
        ...(!sampled && { neutral }),
      })),
    ),
  );
}
const truthOf = ({ neutral, base, policy }: Shares) => {
  const [b, p] = [logit(base) - logit(neutral), logit(policy) - logit(neutral)];
  return Math.max(0, Math.min(b, p), Math.min(-b, -p));
};
const drawn = (name: string, shares: Shares): TruthCase => ({
  name,
  draw: (rng) => ({ evidence: { 'attribute-replies': replies(rng, shares) }, truth: truthOf(shares) }),
});

describe('inherited-bias', () => {
  coverageContract(inheritedBias, [
    drawn('a neutral base', { neutral: 0.3, base: 0.3, policy: 0.3 }),
    drawn('a base that leans', { neutral: 0.3, base: 0.6, policy: 0.6 }),
    drawn('one that leans the other way, few prompts', { neutral: 0.5, base: 0.2, policy: 0.2, prompts: 8 }),
    drawn('the neutral base known by its replies', { neutral: 0.3, base: 0.7, policy: 0.7, sampled: true }),
    drawn('half of it gone', { neutral: 0.3, base: 0.8, policy: 0.5 }),
  ]);
  it.each<readonly [string, Shares]>([
    ['an attribute that the reward paid for', { neutral: 0.3, base: 0.3, policy: 0.95, prompts: 60 }],
    ['one that tuning removed', { neutral: 0.3, base: 0.8, policy: 0.3, prompts: 60 }],
    ['one that turned round', { neutral: 0.5, base: 0.8, policy: 0.2, prompts: 60 }],
  ])('is quiet about %s', (name, shares) => {
    const { verdicts } = coverageOf(inheritedBias, drawn(name, shares), 60);
    expect((verdicts.concern ?? 0) + (verdicts.failure ?? 0)).toBeLessThanOrEqual(2);
    expect(verdicts.clear ?? 0).toBeGreaterThanOrEqual(48);
  });
  it('is an identity of the exact tilt: a reward that ignores the attribute keeps the odds of the base to the bit', () => {
    // Two slots that the base draws apart; the reward pays for the second alone.
    const base = [0.2, 0.8].flatMap((a) => [0.1, 0.9].map((b) => Math.log(a * b)));
    const policy = tilt(base, [3, 0, 3, 0], 0.7);
    const odds = (p: readonly number[]) => Math.exp(p[0]!) + Math.exp(p[1]!);
    expect(odds(policy)).toBeCloseTo(odds(base), 14);
    expect(Math.exp(policy[0]!) + Math.exp(policy[2]!)).toBeGreaterThan(0.8);
  });
  it('by hand: log-odds above the neutral base, as far as both have them, and how far tuning moved them', () => {
    const rows = Array.from({ length: 10 }, (_, p) => p).flatMap((p) =>
      (['base', 'policy'] as const).flatMap((snapshot) =>
        Array.from({ length: 100 }, (_, i) => ({
          snapshot,
          promptId: `p${p}`,
          attribute: 'a',
          has: i < (snapshot === 'base' ? 80 : 60),
          neutral: 0.5,
        })),
      ),
    );
    const finding = runProbe(inheritedBias, { 'attribute-replies': rows }, { seed: 1 });
    expect(finding.estimate).toBeCloseTo(logit(0.6), 2);
    const [own] = (finding.details as { attributes: { moved: { logOdds: number } }[] }).attributes;
    expect(own!.moved.logOdds).toBeCloseTo(logit(0.6) - logit(0.8), 2);
  });
  it('looks at every attribute and says which is the worst', () => {
    const rows = [
      ...replies(createRng(1), { neutral: 0.5, base: 0.5, policy: 0.5, attribute: 'a' }),
      ...replies(createRng(2), { neutral: 0.5, base: 0.95, policy: 0.95, attribute: 'constructor' }),
      ...replies(createRng(3), { neutral: 0.5, base: 0.9, policy: 0.9, attribute: 'rare', prompts: 3 }),
    ];
    const finding = runProbe(inheritedBias, { 'attribute-replies': rows }, { seed: 1 });
    expect(finding).toMatchObject({
      verdict: 'failure',
      details: { attribute: 'constructor', tooFewPrompts: ['rare'] },
    });
  });
  it('does not know an attribute that a prompt never or always has', () => {
    const rows = replies(createRng(1), { neutral: 0.01, base: 0, policy: 0, prompts: 8 });
    const { interval, verdict } = runProbe(inheritedBias, { 'attribute-replies': rows }, { seed: 1 });
    expect(verdict).not.toBe('failure');
    expect(interval!.high).toBeGreaterThan(0.5);
  });
  it('reaches every verdict', () => {
    const verdict = (shares: Shares) =>
      runProbe(inheritedBias, { 'attribute-replies': replies(createRng(3), shares) }, { seed: 1 }).verdict;
    expect(verdict({ neutral: 0.3, base: 0.9, policy: 0.9 })).toBe('failure');
    expect(verdict({ neutral: 0.3, base: 0.55, policy: 0.55, prompts: 60 })).toBe('concern');
    expect(verdict({ neutral: 0.3, base: 0.42, policy: 0.42, prompts: 12 })).toBe('inconclusive');
    expect(verdict({ neutral: 0.5, base: 0.5, policy: 0.5, prompts: 60 })).toBe('clear');
    expect(verdict({ neutral: 0.5, base: 0.5, policy: 0.5, prompts: 4 })).toBe('not-assessed');
  });
});
