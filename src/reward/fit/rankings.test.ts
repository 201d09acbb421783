import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Item, Judgment } from '../../feedback/index.ts';
import { ignoreProgress, parseConfig } from '../../run/index.ts';
import { createRng } from '../../stats/index.ts';
import { loadReward, saveReward } from '../artefact.ts';
import { rewardSchema } from '../families.ts';
import { fitMembers } from '../fit-members.ts';
import { rankedByChoice } from '../likelihood/cases.fake.ts';
import type { Observation } from '../observation.ts';
import { observe } from '../observe.ts';
import { tinyBase } from '../tiny-base.fake.ts';
import { fitLinearReward } from './linear.ts';

const WORDS = ['ant', 'bee', 'cat', 'dog', 'elk', 'fox', 'gnu', 'hen', 'owl', 'pig', 'rat', 'yak'];

/** Replies of a few words with a worth each, the reward their sum; raters rank them by Luce's choices. */
function ranked(k: number, { items: count, raters, seed }: { items: number; raters: number; seed: number }) {
  const rng = createRng(seed);
  const worths = WORDS.map((_, i) => (i - (WORDS.length - 1) / 2) / 3);
  const drawn = () => Array.from({ length: 5 }, () => rng.integer(WORDS.length));
  const textOf = (words: readonly number[]) => words.map((w) => WORDS[w]!).join(' ');
  const worthOf = (words: readonly number[]) => words.reduce((sum, w) => sum + worths[w]!, 0);
  const items: Item[] = [];
  const judgments: Judgment[] = [];
  for (let i = 0; i < count; i++) {
    const replies = Array.from({ length: k }, drawn);
    const rewards = Float64Array.from(replies, worthOf);
    items.push({
      id: `i${i}`,
      projectId: 'p',
      prompt: 'q',
      replies: replies.map((words, r) => ({ id: `r${r}`, text: textOf(words) })),
      source: { origin: 'test', selection: 'all' },
    });
    for (let h = 0; h < raters; h++) {
      judgments.push({
        id: `j${i}-${h}`,
        projectId: 'p',
        itemId: `i${i}`,
        raterId: `h${h}`,
        presentation: {
          order: rng.shuffle(replies.map((_, r) => r)),
          view: 'full',
          instructionsVersion: '1',
          shownAt: '2026-01-01T00:00:00Z',
        },
        answer: { kind: 'ranking', groups: rankedByChoice(rewards, rng).map((reply) => [reply]) },
        activeMs: null,
        submittedAt: '2026-01-01T00:00:00Z',
        source: 'simulated',
      });
    }
  }
  const fresh = Array.from({ length: 400 }, () => [drawn(), drawn()] as const).filter(
    ([a, b]) => worthOf(a) !== worthOf(b),
  );
  const accuracy = (scoresOf: (texts: string[]) => number[]) => {
    const scores = scoresOf(fresh.flatMap(([a, b]) => [textOf(a), textOf(b)]));
    return (
      fresh.filter(([a, b], i) => scores[2 * i]! > scores[2 * i + 1]! === worthOf(a) > worthOf(b)).length / fresh.length
    );
  };
  return { items, judgments, accuracy, texts: fresh.flatMap(([a, b]) => [textOf(a), textOf(b)]) };
}

/** The choices that a ranking is made of, each an observation of its own on an item of its own. */
function choicesOf(observation: Observation): Observation<'comparison'>[] {
  if (observation.kind !== 'ranking') throw new RangeError(`expected a ranking, got ${observation.kind}`);
  const order = observation.answer.groups.map(([reply]) => reply!);
  return order.slice(0, -1).map((_, stage) => ({
    ...observation,
    kind: 'comparison',
    itemId: `${observation.itemId}/${stage}`,
    candidates: order.slice(stage).map((reply) => observation.candidates[reply]!),
    shown: order.slice(stage).map((reply) => observation.shown[reply]!),
    answer: { kind: 'comparison', outcome: 0 },
  }));
}

describe.each([2, 3, 4])('rankings of %i replies', (k) => {
  it('fit a linear reward as the choices they are made of do', () => {
    const { items, judgments, texts, accuracy } = ranked(k, { items: 60, raters: 3, seed: k });
    const { observations, unscored } = observe(items, judgments);
    expect([observations.length, unscored]).toEqual([180, {}]);
    const options = { ridge: 1, order: 1, position: true, iterations: 400 };
    const [whole, apart] = [observations, observations.flatMap(choicesOf)].map((own) => fitLinearReward(own, options));
    const scores = apart!.scoreNow(texts);
    for (const [i, score] of whole!.scoreNow(texts).entries()) expect(scores[i]).toBeCloseTo(score, 3);
    // Pooled over different replies of an item, as they once were, rankings of four taught .68.
    expect(accuracy((own) => whole!.scoreNow(own))).toBeGreaterThan(0.83);
  });

  it.each(['transformer', 'log-ratio'] as const)(
    'teach a %s reward which of fresh replies is better',
    async (family) => {
      const { items, judgments, accuracy, texts } = ranked(k, { items: 96, raters: 2, seed: 10 + k });
      const { base, engine, text, folder, ...tiny } = await tinyBase(
        items.flatMap(({ replies }) => replies.map((reply) => reply.text)),
        { vocabulary: 261 + WORDS.length, width: 16 },
      );
      const config = parseConfig(
        rewardSchema,
        `{ family: ${family}, members: 1, epochs: 12, batch: 16, learningRate: 0.01, position: false }`,
        { source: 'test' },
      );
      const reference = [{ prompt: 'q', replies: texts.slice(0, 40) }];
      const contextOf = () => ({ reference, progress: ignoreProgress, stage: 'test', base });
      const members = await fitMembers(observe(items, judgments).observations, config, { seed: 1, contextOf });
      const scores = (await members[0]!.score('q', texts)).map(({ mean }) => mean);
      const at = new Map(texts.map((own, i) => [own, scores[i]!]));
      expect(accuracy((own) => own.map((one) => at.get(one)!))).toBeGreaterThan(0.8);
      // Saved and loaded, the scores are the same numbers.
      await saveReward(join(folder, `${family}-${k}`), members, { text });
      const loaded = await loadReward(join(folder, `${family}-${k}`), () => ({ ...engine, dispose: async () => {} }));
      expect((await loaded.score('q', texts)).map(({ mean }) => mean)).toEqual(scores);
      expect(loaded.logOdds).toBe(members[0]!.logOdds);
      await loaded.dispose();
      await members[0]!.dispose();
      await tiny.dispose();
    },
  );
});
