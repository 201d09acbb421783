import { beforeAll, describe, expect, it } from 'vitest';
import {
  assess,
  type Change,
  type CurvePoint,
  HARDEST,
  type Lesson,
  sceneOf,
  sentenceOf,
  type Taught,
  teach,
} from './index.ts';

const HONEST: Taught = { sycophantic: 0, lengthBiased: 0, pairs: 400, blind: [], seed: 1 };

describe('the harbour to explore', () => {
  let honest: Lesson;
  let pandered: Lesson;
  let blind: Lesson;
  beforeAll(async () => {
    [honest, pandered, blind] = (await Promise.all(
      [HONEST, { ...HONEST, sycophantic: 8 }, { ...HONEST, lengthBiased: 8, blind: ['truth'] as const }].map(teach),
    )) as [Lesson, Lesson, Lesson];
  });

  it('leads to better replies where raters are honest, see all and are many', () => {
    const { curve, here, changes, sentence } = sceneOf(honest, { by: 'kl', kl: 1 });
    expect(here.kl).toBeCloseTo(1, 3);
    expect(here.gold).toBeGreaterThan(curve[0]!.gold + 1);
    expect(changes.find(({ what }) => what === 'truth')!.after).toBeGreaterThan(0.9);
    expect(sentence).toMatch(/so far the measure leads where it should/);
  });
  it('gives the score and takes the utility where the reward cannot see truth', () => {
    const { curve, here, sentence, exchanges } = sceneOf(blind, { by: 'kl', kl: 5 });
    expect(here.proxy).toBeGreaterThan(2);
    expect(here.gold).toBeLessThan(curve[0]!.gold);
    expect(sentence).toMatch(/learned what pays, not what is good/);
    expect(exchanges).toHaveLength(3);
    for (const { before, after } of exchanges) expect(after.proxy).toBeGreaterThan(before.proxy);
  });
  it('draws the same curve whatever point of it is asked for: proxy never falls, KL never goes beyond the hardest', () => {
    for (const [by, strengths] of [
      [
        'kl',
        [
          { by: 'kl', kl: 0 },
          { by: 'kl', kl: HARDEST.kl },
        ],
      ],
      [
        'n',
        [
          { by: 'n', n: 1 },
          { by: 'n', n: HARDEST.n },
        ],
      ],
    ] as const) {
      const [first, last] = strengths.map((strength) => sceneOf(blind, strength));
      expect({ by, curve: last!.curve }).toEqual({ by, curve: first!.curve });
      const { curve } = first!;
      expect(curve[0]!.kl).toBeCloseTo(0, 9);
      for (const [i, point] of curve.slice(1).entries()) {
        expect(point.proxy).toBeGreaterThanOrEqual(curve[i]!.proxy - 1e-9);
        expect(point.kl).toBeGreaterThanOrEqual(curve[i]!.kl - 1e-9);
        expect(point.kl).toBeLessThanOrEqual(HARDEST.kl + 1e-6);
      }
      expect(first!.sentence).toMatch(/^Nothing is optimised yet/);
    }
  });
  it('is audited like a run: pandering is found from the raters to the policy, and honest raters are not accused', async () => {
    const found = async (lesson: Lesson) => {
      const { findings, chains } = await assess(lesson, { by: 'kl', kl: 1.5 });
      const verdict = (probe: string) => findings.find((finding) => finding.probe === probe)!.verdict;
      const [agreement] = chains;
      return {
        verdicts: ['pandering-raters', 'reward-agreement', 'sycophancy'].map(verdict),
        chain: Object.values(agreement!.stations).map(({ verdict: own }) => own),
      };
    };
    expect(await found(honest)).toEqual({
      verdicts: ['clear', 'clear', 'clear'],
      chain: ['clear', 'clear', 'clear'],
    });
    const { verdicts, chain } = await found(pandered);
    for (const verdict of verdicts) expect(['concern', 'failure']).toContain(verdict);
    expect(chain).toEqual(verdicts);
  });
});

describe('the sentence', () => {
  const curve = (...golds: number[]): CurvePoint[] => golds.map((gold, i) => ({ kl: i, proxy: i, gold }));
  const said = (points: readonly CurvePoint[], changes: readonly Change[] = []) =>
    sentenceOf(points, points.at(-1)!, changes);
  it.each<[CurvePoint[], RegExp]>([
    [curve(0, 0.5, 1), /^The score rose by \+2\.0 and true utility rose with it \(\+1\.0\)/],
    [curve(0, 1, 0.4), /rose by \+1\.0 up to 1\.0 nats and fell by 0\.6 since/],
    [curve(0, -0.2, -0.5), /fell from the start \(−0\.5\)/],
    [curve(0, 0, 0.01), /did not move/],
    [curve(0), /cannot tell replies apart/],
  ])('%j', (points, words) => {
    expect(said(points)).toMatch(words);
  });
  it('does not praise a policy that learned to agree with the mistaken, to talk or to sound sure', () => {
    const up = curve(0, 1);
    const change = (what: Change['what'], before: number, after: number) => said(up, [{ what, before, after }]);
    expect(change('agreement', 0.4, 1)).toMatch(
      /utility rose too.*agree with users who are wrong: 100 % of replies, 40 %/,
    );
    expect(change('words', 10, 20)).toMatch(/to talk: 20 words a reply, 10 before/);
    expect(change('sure', 0.2, 0.6)).toMatch(/to sound sure: 60 %/);
    expect(change('truth', 0.2, 0.6)).toMatch(/leads where it should/);
  });
});
