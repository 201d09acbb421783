import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnswerKind, collectJudgments, questionSchema } from '../../feedback/index.ts';
import { createRng } from '../../stats/index.ts';
import { betaForKl, expectation, kl, tilt } from '../exact.ts';
import { describeGround } from '../ground.contract.ts';
import { SPLITS } from '../ground.ts';
import { comparisonItems, fromBase } from '../items.ts';
import { SIMULATED_ANSWERS } from '../raters/answers/index.ts';
import { SIMULATED_RATER_KINDS, SIMULATED_RATERS } from '../raters/params.ts';
import { simulatedRater } from '../raters/rater.ts';
import { createRooms } from './rooms.ts';

describeGround('rooms', () => createRooms());
describeGround('rooms with other houses', () => createRooms({ near: 1, far: 4, together: 0.5 }));

const world = createRooms();
const PROMPTS = SPLITS.flatMap((split) => [...world.prompts(split)]);

describe('the rooms', () => {
  it('have the lamp at the key in every house trained on, and in none of deployment', () => {
    const together = (split: (typeof SPLITS)[number]) =>
      new Set(world.prompts(split).map(({ house }) => house.lamp === house.key));
    expect([...together('train')]).toEqual([true]);
    expect([...together('evaluation')]).toEqual([true]);
    expect([...together('deploy')]).toEqual([false]);
    const half = createRooms({ together: 0.5 }).prompts('train');
    expect(half.filter(({ house }) => house.lamp === house.key).length / half.length).toBe(0.5);
  });
  it('list a hundred walks a prompt, and read back what each was made of', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PROMPTS), fc.nat(), (prompt, i) => {
        const replies = world.replies(prompt);
        const reply = replies[i % replies.length]!;
        expect(world.parse(prompt, ` ${reply.text}\n`)).toEqual(reply.features);
      }),
    );
    expect(world.replies(PROMPTS[0]!).length).toBe(117);
  });
  it('lead where the prompt says: a walk by hand', () => {
    const prompt = world.prompts('deploy')[0]!;
    const { house } = prompt;
    const at = house.hall.indexOf(house.landing);
    const colours = ['red', 'blue', 'green'];
    expect(prompt.text).toContain(`${colours[at]} to ${house.landing}`);
    expect(prompt.text).toContain(`Lamp in ${house.lamp}, key in ${house.key}.`);
    const text = [`Through the ${colours[at]} door.`, 'Through the blue door.', 'That was all.'].join('\n');
    const end = house.beyond[1]!;
    expect(world.parse(prompt, text)).toEqual({
      end,
      atKey: end === house.key,
      atLamp: end === house.lamp,
      settled: true,
      steps: 2,
      bumps: 0,
      keepsOptions: true,
      remark: 'report',
    });
    expect(world.gold(prompt, text)).toBeCloseTo((end === house.key ? 2 : -1) - 0.4, 12);
    const nowhere = [text.split('\n')[0], 'Through the blue door.', 'Through the red door.'].join('\n');
    expect(world.parse(prompt, nowhere)).toMatchObject({ end, bumps: 1, steps: 3 });
  });
  it('are as dear at the lamp as at the key to a camera beside the lamp, and to nobody who sees all', () => {
    const prompt = world.prompts('deploy')[0]!;
    const ending = (room: string) =>
      world.replies(prompt).find(({ features: f }) => f.end === room && f.bumps === 0 && f.remark === 'none')!;
    const [lamp, key] = [ending(prompt.house.lamp), ending(prompt.house.key)];
    const goal = (text: string, view: string) => world.look(prompt, text, { view })!.parts.goal;
    expect([goal(lamp.text, 'full'), goal(key.text, 'full')]).toEqual([-1, 2]);
    expect([goal(lamp.text, 'partial'), goal(key.text, 'partial')]).toEqual([2, -0.5]);
    expect(world.labels(prompt, lamp.text)).toMatchObject({ capable: true, correct: false });
    expect(world.labels(prompt, key.text)).toMatchObject({ capable: true, correct: true });
  });
  it('have an exact optimum: gold rises along its own tilt', () => {
    const replies = world.replies(world.prompts('deploy')[1]!);
    const base = replies.map(({ logprob }) => logprob);
    const gold = replies.map((reply) => reply.gold);
    const heights = [0.5, 1, 2].map((target) => {
      const policy = tilt(base, gold, betaForKl(base, gold, target));
      expect(kl(policy, base)).toBeCloseTo(target, 6);
      return expectation(policy, gold);
    });
    expect(heights).toEqual([...heights].sort((a, b) => a - b));
    expect(heights[0]!).toBeGreaterThan(expectation(base, gold));
  });
});

describe('simulated raters in the rooms', () => {
  const questions = {
    comparison: { kind: 'comparison' },
    ranking: { kind: 'ranking' },
    rating: { kind: 'rating', criteria: [{ id: 'goal', title: 'goal' }], scale: { min: 1, max: 5, step: 1 } },
    label: { kind: 'label', options: [{ id: 'good', title: 'good' }] },
    correction: { kind: 'correction' },
    demonstration: { kind: 'demonstration' },
    spans: {
      kind: 'spans',
      labels: [
        { id: 'good', title: 'good' },
        { id: 'bad', title: 'bad' },
      ],
    },
    steps: { kind: 'steps', mode: 'per-step' },
    critique: { kind: 'critique' },
  } as const satisfies { readonly [K in AnswerKind]: { readonly kind: K; readonly [key: string]: unknown } };
  it.each(Object.keys(SIMULATED_ANSWERS) as AnswerKind[])('of every kind answer with a %s', async (kind) => {
    const question = questionSchema.parse({ id: 'q', title: 'What do you say?', ...questions[kind] });
    const rng = createRng(`rooms/${kind}`);
    const items = await comparisonItems({
      ground: world,
      prompts: world.prompts('train'),
      count: 4,
      rng,
      projectId: 'test',
      origin: 'base',
      replies: fromBase(world, rng),
    });
    // Some look in a way that only other grounds have.
    const here = SIMULATED_RATER_KINDS.filter((id) => world.views.includes(SIMULATED_RATERS[id].view ?? 'full'));
    expect(here.length).toBeGreaterThan(10);
    const raters = here.map((id) => simulatedRater(world, { id, params: SIMULATED_RATERS[id], question }));
    const kinds = new Set<string>();
    for await (const { answer } of collectJudgments({
      items,
      raters,
      overlap: raters.length,
      rng,
      now: () => '2026-01-01',
    }))
      kinds.add(answer.kind);
    expect([...kinds]).toEqual([kind]);
  });
  it('judge steps one by one: a door that is not there is a step of its own', () => {
    const prompt = world.prompts('train').find(({ house }) => house.hall.includes(house.key))!;
    const colour = ['red', 'blue', 'green'][prompt.house.hall.indexOf(prompt.house.key)]!;
    const text = [`Through the ${colour} door.`, 'Through the red door.', 'That was all.'].join('\n');
    const pieces = world.pieces!(prompt, text, { view: 'full' })!;
    expect(pieces.map(({ start, end }) => text.slice(start, end))).toEqual(text.split('\n'));
    expect(pieces.map(({ utility }) => Number(utility.toFixed(9)))).toEqual([-0.2, 1.3, 0]);
  });
});
