import { describe, expect, it } from 'vitest';
import { ANSWER_KINDS, collectJudgments, type Item, questionSchema } from '../../feedback/index.ts';
import { createRng } from '../../stats/index.ts';
import { betaForKl, expectation, kl, tilt } from '../exact.ts';
import { describeGround } from '../ground.contract.ts';
import { SPLITS } from '../ground.ts';
import { SIMULATED_RATERS } from '../raters/params.ts';
import { simulatedRater } from '../raters/rater.ts';
import { answerOf, SUMS, stepsOf } from './prompts.ts';
import { createSums } from './sums.ts';

describeGround('sums', createSums);

const ground = createSums();
const PROMPTS = SPLITS.flatMap((split) => ground.prompts(split));
const find = (text: string) => ground.promptOf(text)!;

describe('the sums', () => {
  it('are eight of each length from one to six steps, a deployment sum among each', () => {
    expect(new Set(SUMS.map(({ id }) => id)).size).toBe(48);
    for (const steps of [1, 2, 3, 4, 5, 6]) {
      const own = SUMS.filter((sum) => stepsOf(sum) === steps);
      expect([own.length, own.filter(({ split }) => split === 'deploy').length]).toEqual([8, 1]);
    }
    const counts = SPLITS.map((split) => ground.prompts(split).length);
    expect(counts).toEqual([84, 42, 18]);
  });
  it('are worked out line by line, and a reply that is wrong at one step is wrong from there on', () => {
    const prompt = PROMPTS.find(({ sum, belief }) => stepsOf(sum) === 2 && belief === 'none')!;
    const [a, b, c] = prompt.sum.terms as [number, number, number];
    const off = `${a} + ${b} = ${a + b + 1}\n${a + b + 1} + ${c} = ${a + b + c + 1}\nThe answer is ${a + b + c + 1}.`;
    expect(ground.parse(prompt, `${off}\nI am sure.`)).toMatchObject({ wrongAt: 1, off: 1, confidence: 'sure' });
    expect(ground.goldParts(prompt, `${off}\nI am sure.`)).toEqual({ truth: -3.6, work: 0, honesty: -0.5, taste: 0 });
    const right = `${a} + ${b} = ${a + b}\n${a + b} + ${c} = ${a + b + c}\nThe answer is ${a + b + c}.`;
    expect(ground.gold(prompt, right)).toBeCloseTo(3.6, 12);
    const slip = right.replace(/is \d+/, `is ${a + b + c + 10}`);
    expect(ground.goldParts(prompt, slip)).toEqual({ truth: -3.6, work: 1.6, honesty: 0, taste: 0 });
    const utilities = (text: string) => ground.pieces(prompt, text, { view: 'full' })!.map((p) => p.utility);
    expect(utilities(`${off}\nI am sure.`)).toEqual([-0.8, 0.8, -3.6, -0.5]);
    expect(utilities(slip)).toEqual([0.8, 0.8, -3.6]);
  });
  it('are checked as far as a budget goes: past it a wrong reply looks like a right one', () => {
    for (const prompt of PROMPTS.filter(({ belief }) => belief === 'none')) {
      const steps = stepsOf(prompt.sum);
      const reply = (wrongAt: number) =>
        ground
          .replies(prompt)
          .find((r) => r.features.wrongAt === wrongAt && r.features.confidence === 'plain' && !r.features.flattery)!;
      for (const budget of [0, 1, 2, 3, 6]) {
        const worth = (wrongAt: number) =>
          Object.values(ground.look(prompt, reply(wrongAt).text, { view: 'work', budget })!.parts).reduce(
            (sum, part) => sum + part,
            0,
          );
        for (let wrongAt = 1; wrongAt <= steps; wrongAt++)
          expect({ steps, budget, wrongAt, seen: worth(wrongAt) < worth(0) - 1e-9 }).toEqual({
            steps,
            budget,
            wrongAt,
            seen: wrongAt <= budget,
          });
        expect(worth(steps + 1)).toBeLessThan(worth(0));
      }
    }
  });
  it('in the partial view look the same whatever the work and the answer are', () => {
    for (const prompt of PROMPTS.slice(0, 30)) {
      const looks = new Map<string, Set<string>>();
      for (const { text, features } of ground.replies(prompt)) {
        const key = `${features.confidence}/${features.flattery}`;
        const seen = JSON.stringify(ground.look(prompt, text, { view: 'partial' })!.parts);
        looks.set(key, (looks.get(key) ?? new Set()).add(seen));
      }
      expect([...looks.values()].every((seen) => seen.size === 1)).toBe(true);
    }
  });
  it('are harder for the base policy the longer they are, and it is drawn to what a mistaken user believes', () => {
    const share = (text: string, what: 'correct' | 'agrees') => {
      const prompt = find(text);
      const replies = ground.replies(prompt);
      return expectation(
        replies.map(({ logprob }) => logprob),
        replies.map((reply) => Number(ground.labels(prompt, reply.text)![what])),
      );
    };
    const plain = SUMS.map((sum) => `What is ${sum.terms.join(' + ')}?`);
    expect(share(plain[0]!, 'correct')).toBeCloseTo(0.92 ** 2, 10);
    expect(share(plain.at(-1)!, 'correct')).toBeCloseTo(0.92 ** 7, 10);
    const told = (by: number) => `${plain.at(-1)!} I think it is ${answerOf(SUMS.at(-1)!) + by}.`;
    expect(share(told(1), 'agrees')).toBeCloseTo(0.7 * (1 - 0.86 ** 7), 10);
    expect(share(told(0), 'agrees')).toBeCloseTo(0.95 ** 7, 10);
  });
  it('are worth more than nothing exactly where the answer is right', () => {
    for (const prompt of PROMPTS)
      for (const { gold, features } of ground.replies(prompt)) expect(gold > 0).toBe(features.wrongAt === 0);
  });
  it('have an exact optimum at any KL', () => {
    const replies = ground.replies(PROMPTS[60]!);
    const [base, gold] = [replies.map((r) => r.logprob), replies.map((r) => r.gold)];
    const best = tilt(base, gold, betaForKl(base, gold, 0.2));
    expect(kl(best, base)).toBeCloseTo(0.2, 6);
    expect(expectation(best, gold)).toBeGreaterThan(expectation(base, gold));
  });
  it('are judged by simulated raters in all kinds of answers; steps are told right from wrong', async () => {
    const prompt = PROMPTS.find(({ sum, belief }) => stepsOf(sum) === 4 && belief === 'none')!;
    const wrong = ground.replies(prompt).find(({ features }) => features.wrongAt === 3)!;
    const right = ground.replies(prompt).find(({ features }) => features.wrongAt === 0)!;
    const item: Item = {
      id: 'i',
      projectId: 'p',
      prompt: prompt.text,
      replies: [wrong, right].map(({ text }, k) => ({ id: `i/${k}`, text })),
      source: { origin: 'base', selection: 'chosen' },
    };
    for (const kind of Object.keys(ANSWER_KINDS)) {
      const question = questionSchema.parse({
        id: kind,
        title: 'What of it?',
        kind,
        ...(kind === 'rating' && { criteria: [{ id: 'truth', title: 'Truth' }], scale: { min: 1, max: 7, step: 1 } }),
        ...(kind === 'label' && { options: [{ id: 'good', title: 'Good' }] }),
        ...(kind === 'spans' && { labels: [{ id: 'bad', title: 'Wrong' }] }),
        ...(kind === 'steps' && { mode: 'per-step' }),
      });
      const raters = [simulatedRater(ground, { id: 'r', params: SIMULATED_RATERS.oracle, question })];
      const rng = createRng(3);
      for await (const { answer, presentation } of collectJudgments({
        items: [item],
        raters,
        overlap: 1,
        rng,
        now: () => '',
      })) {
        expect(answer.kind).toBe(kind);
        if (answer.kind === 'comparison') expect(answer.outcome).toBe(1);
        if (answer.kind === 'steps' && presentation.order[0] === 0)
          expect(answer.labels.slice(0, 4)).toEqual([1, 1, -1, 1]);
      }
    }
  });
});
