import { describe, expect, it } from 'vitest';
import { sigmoid } from '../stats/index.ts';
import { contributionsOf, type Explanation } from './contributions.ts';
import { sourceOfTest } from './likelihood/cases.fake.ts';
import { candidateKey, type Observation } from './observation.ts';

const whole = (reply: string) => ({ prompt: 'q', reply });
const comparison = (itemId: string, activeMs: number | null): Observation<'comparison'> => ({
  kind: 'comparison',
  candidates: [whole('a'), whole('b')],
  answer: { kind: 'comparison', outcome: 0 },
  shown: [null, null],
  weight: 1,
  ...sourceOfTest(0),
  judgmentId: `${itemId}/${activeMs}`,
  itemId,
  activeMs,
});
const explained = (values: Readonly<Record<string, number>>, deviation: number): Explanation => ({
  values: new Map(Object.entries(values).map(([reply, value]) => [candidateKey(whole(reply)), value])),
  nuisances: new Map(),
  deviation,
});

describe('what kinds of answers contribute', () => {
  it('is the closed form for a comparison: ½·log(1 + 2·s²·p·(1 − p))', () => {
    const [own] = contributionsOf([comparison('i', 4000)], explained({ a: 1.2, b: 0 }, 1.5));
    const p = sigmoid(1.2);
    const nats = Math.log(1 + 2 * 1.5 ** 2 * p * (1 - p)) / 2;
    expect(own).toMatchObject({ kind: 'comparison', answers: 1, weight: 1, seconds: 4, timed: 1 });
    expect(own!.nats).toBeCloseTo(nats, 6);
    expect(own!.natsPerSecond).toBeCloseTo(nats / 4, 6);
    expect(own!.gain).toBeCloseTo(Math.log(2) + Math.log(p), 9);
  });

  it('grows more slowly about the same replies than about others', () => {
    const at = explained({ a: 1, b: 0 }, 1);
    const nats = (items: readonly string[]) =>
      contributionsOf(
        items.map((id, i) => comparison(id, i)),
        at,
      )[0]!.nats;
    expect(nats(['i', 'j'])).toBeCloseTo(2 * nats(['i']), 9);
    expect(nats(['i', 'i'])).toBeLessThan(1.9 * nats(['i']));
    expect(nats(['i', 'i'])).toBeGreaterThan(nats(['i']));
  });

  it('says nothing a second where no time was recorded', () => {
    const at = explained({ a: 1, b: 0 }, 1);
    const [none] = contributionsOf([comparison('i', null)], at);
    expect(none).toMatchObject({ seconds: 0, timed: 0, natsPerSecond: null });
    const [some] = contributionsOf([comparison('i', null), comparison('j', 2000)], at);
    expect(some!.natsPerSecond).toBeCloseTo(some!.nats / 2 / 2, 12);
  });

  it('counts what steps tell about the whole reply, and not about the way to it', () => {
    const steps = (labels: (1 | -1 | null)[]): Observation<'steps'> => ({
      kind: 'steps',
      candidates: [
        { prompt: 'q', reply: '', unfinished: true },
        { prompt: 'q', reply: 'a', unfinished: true },
        { prompt: 'q', reply: 'a b' },
      ],
      answer: { kind: 'steps', reply: 2, mode: 'per-step', labels },
      shown: [null, null, null],
      weight: 1,
      ...sourceOfTest(0),
    });
    const values = new Map(steps([1, 1]).candidates.map((own, k) => [candidateKey(own), k / 2]));
    const at: Explanation = { values, nuisances: new Map(), deviation: 1 };
    const nats = (labels: (1 | -1 | null)[]) => contributionsOf([steps(labels)], at)[0]!.nats;
    // Each step has half of the prior variance, and its answer tells σ'(½) about it.
    const bend = sigmoid(0.5) * (1 - sigmoid(0.5));
    const left = (judged: number) => judged / (1 / 0.5 + bend) + (2 - judged) * 0.5;
    expect(nats([1, null])).toBeCloseTo(-Math.log(left(1)) / 2, 6);
    expect(nats([1, 1])).toBeCloseTo(-Math.log(left(2)) / 2, 6);
  });
});
