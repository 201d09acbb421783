import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Item } from '../feedback/index.ts';
import { readEvents } from '../pipeline/event-file.ts';
import { runForTest as run } from './command.fake.ts';
import { TINY } from './tiny-run.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-policy-'));
process.env.GOODHART_CACHE = join(folder, 'cache');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const whole = join(folder, 'run');
const read = (at: string, file: string) => readFileSync(join(at, file), 'utf8');
const jsonLines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, never>);
const rows = (at: string, file = 'metrics.jsonl') =>
  jsonLines(read(at, file)).filter(({ stage }) => stage === 'policy' || stage === undefined);
const eventsIn = (at: string) =>
  readEvents(readFileSync(join(at, 'events.out.tfevents.0.goodhart'))).map(({ event }) => event);
const train = (name: string, ...more: string[]) =>
  run('policy', 'train', whole, '--out', join(folder, name), '--quiet', ...more);

beforeAll(async () => {
  const config = join(folder, 'tiny.yaml');
  writeFileSync(config, TINY);
  const settings = ['--set', 'policy.bestOf=[2]', '--set', 'audit.prompts=2'];
  expect(await run('run', config, '--out', whole, '--quiet', ...settings)).toMatchObject({ code: 0, err: '' });
}, 120_000);

describe('policy train', () => {
  it('without changes comes to the policy of the run, bit for bit, and draws its curve', async () => {
    const told = await train('same');
    expect(told).toMatchObject({ code: 0, err: '' });
    const same = join(folder, 'same');
    expect(read(same, 'policy/evaluation.json')).toBe(read(whole, 'policy/evaluation.json'));
    expect(rows(same)).toEqual(rows(whole));
    expect(told.out).toMatch(/objective\/scores\n.*▲/);
    expect(told.out).toMatch(/policy of step 4 in .*same; KL \S+ nats a reply/);
    expect((await run('verify', whole)).code).toBe(0);
  });
  it('with --json tells each step whole, and writes event files under the names of TRL', async () => {
    const curves = join(folder, 'curves');
    const set = ['policy.algorithm=dpo', 'policy.steps=3', 'policy.evaluateEvery=3'].flatMap((s) => ['--set', s]);
    const told = await train('dpo', '--json', '--chart', 'loss', '--tensorboard', curves, ...set);
    expect(told).toMatchObject({ code: 0, err: '' });
    const steps = jsonLines(told.out).filter(({ type }) => type === 'step');
    const logged = rows(join(folder, 'dpo')).map(({ step, metrics }) => ({ type: 'step', step, metrics }));
    expect(steps).toEqual(logged);
    const [header, ...events] = eventsIn(curves);
    expect(header!.scalars.size).toBe(0);
    expect(events.map(({ step }) => step)).toEqual([1, 2, 3]);
    for (const [i, { scalars }] of events.entries()) {
      const { lr, ...metrics } = steps[i]!.metrics as unknown as Record<string, number>;
      const named = Object.entries({ ...metrics, learning_rate: lr! }).map(([name, value]) => [
        `train/${name}`,
        Math.fround(value),
      ]);
      expect(new Map(named as [string, number][])).toEqual(scalars);
    }
    const begun = JSON.parse(read(join(folder, 'dpo'), 'training.json'));
    // Another algorithm has its own defaults; the length of replies is the run's.
    expect(begun.policy).toMatchObject({ algorithm: 'dpo', learningRate: 2e-4, maxTokens: 24, batch: 16 });
  });
  it('taken up after a kill comes to the same bits, curves included', async () => {
    const [torn, curves] = [join(folder, 'torn'), join(folder, 'torn-curves')];
    const long = ['--set', 'policy.steps=6', '--tensorboard', curves];
    expect((await train('torn', ...long)).code).toBe(0);
    const [finished, events] = [read(torn, 'policy/evaluation.json'), eventsIn(curves)];
    // As a kill in the middle of step 6 leaves it: steps 4 and 5 evaluated and logged, the end not.
    const path = JSON.parse(finished);
    const points = path.points.filter(({ step }: { step: number }) => step <= 4);
    const at4 = { ...path, step: 4, finalStep: 4, checkpoint: 'checkpoints/policy-4', points };
    writeFileSync(join(torn, 'policy/evaluation.json'), JSON.stringify(at4));
    writeFileSync(
      join(torn, 'metrics.jsonl'),
      `${read(torn, 'metrics.jsonl').split('\n').slice(0, 5).join('\n')}\n{"st`,
    );
    expect((await train('torn', ...long)).err).toMatch(/continue it with --resume/);
    const told = await train('torn', '--resume', ...long);
    expect(told).toMatchObject({ code: 0, err: '' });
    expect(read(torn, 'policy/evaluation.json')).toBe(finished);
    const again = eventsIn(curves);
    expect(again.map(({ step, scalars }) => [step, scalars])).toEqual(
      events.map(({ step, scalars }) => [step, scalars]),
    );
    // What was said before the kill keeps its time.
    expect(again.slice(0, 5)).toEqual(events.slice(0, 5));
    expect((await train('torn', '--resume', '--set', 'policy.steps=7')).err).toMatch(/another policy\.steps/);
  });
  it('keeps a policy within a KL budget by drawing its weights back, and goes on from there after a kill', async () => {
    const NATS = 0.05;
    const budget = ['policy.steps=4', 'policy.evaluateEvery=1', 'policy.learningRate=0.02'];
    const monitor = `policy.monitor={ rule: kl-budget, nats: ${NATS}, action: project }`;
    const set = [...budget, monitor].flatMap((s) => ['--set', s]);
    expect(await train('within', ...set)).toMatchObject({ code: 0, err: '' });
    const within = join(folder, 'within');
    const finished = read(within, 'policy/evaluation.json');
    const path = JSON.parse(finished) as {
      finalStep: number;
      points: { step: number; kl: number }[];
      projected: { step: number; kl: number; share: number }[];
    };
    expect(path.finalStep).toBe(4);
    expect(path.points.filter(({ kl }) => kl > NATS)).toEqual([]);
    expect(path.projected.length).toBeGreaterThan(0);
    for (const { step, kl, share } of path.projected) {
      expect(kl).toBeGreaterThan(NATS);
      expect(path.points.map((point) => point.step)).toContain(step);
      expect([share > 0, share < 1]).toEqual([true, true]);
    }
    const at2 = {
      ...path,
      ...{ step: 2, finalStep: 2, checkpoint: 'checkpoints/policy-2' },
      points: path.points.slice(0, 3),
      projected: path.projected.filter(({ step }) => step <= 2),
    };
    writeFileSync(join(within, 'policy/evaluation.json'), JSON.stringify(at2));
    expect(await train('within', '--resume', ...set)).toMatchObject({ code: 0, err: '' });
    expect(read(within, 'policy/evaluation.json')).toBe(finished);
  });
  it('refuses what is none of its own in one line, and leaves no folder', async () => {
    const refused: [string[], RegExp][] = [
      [['--set', 'base.width=32'], /expected a key of policy/],
      [['--set', 'policy.clipLow=0.1'], /clipLow/],
      [['--set', 'policy.algorithm=none'], /policy\.algorithm: .*'rloo'/],
      [['--set', 'policy.maxTokens=70'], /leaves 2 tokens/],
    ];
    for (const [more, why] of refused) {
      const { code, err } = await train('refused', ...more);
      expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(why) });
      expect(err.trim().split('\n').length).toBe(1);
    }
    expect(existsSync(join(folder, 'refused'))).toBe(false);
    expect((await train('chart', '--chart', 'los')).err).toMatch(/--chart los: unknown metric/);
  });
});

describe('policy eval', () => {
  const evaluate = (...more: string[]) => run('policy', 'eval', whole, '--quiet', ...more);

  it('without options says of the run’s policy what its path says', async () => {
    const { points } = JSON.parse(read(whole, 'policy/evaluation.json')) as {
      points: { kl: number; entropy: number; meanTokens: number; proxy: number[]; gold: number[] }[];
    };
    const [told] = jsonLines((await evaluate('--json')).out).filter(({ type }) => type === 'evaluated') as never[];
    const { kl, entropy, tokens, worth } = told as never as Record<string, { mean: number }> & {
      worth: { by: string; base: { mean: number }; policy: { mean: number }; gain: { mean: number } }[];
    };
    const [first, last] = [points[0]!, points.at(-1)!];
    expect(kl!.mean).toBeCloseTo(last.kl, 9);
    expect(entropy!.mean).toBeCloseTo(last.entropy, 9);
    expect(tokens!.mean).toBeCloseTo(last.meanTokens, 9);
    const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    for (const [key, { base, policy, gain }] of [
      ['proxy', worth[0]!],
      ['gold', worth[1]!],
    ] as const) {
      expect(base.mean).toBeCloseTo(average(first[key]), 9);
      expect(policy.mean).toBeCloseTo(average(last[key]), 9);
      expect(gain.mean).toBeCloseTo(average(last[key]) - average(first[key]), 9);
    }
  });
  it('reads a policy that was trained later, on other prompts and more replies', async () => {
    await train('far', '--set', 'policy.learningRate=0.01');
    const options = ['--split', 'deploy', '--prompts', '3', '--samples', '5', '--seed', '9'];
    const of = (...more: string[]) => evaluate('--policy', join(folder, 'far'), ...options, ...more);
    const text = (await of()).out;
    expect(text).toMatch(/policy trained later of run tiny, step 4, on 3 deploy prompts with 5 replies each/);
    expect(text).toMatch(/true utility/);
    expect((await of()).out).toBe(text);
    expect((await evaluate(...options)).out).not.toBe(text);
    expect((await of('--variant', 'none')).err).toMatch(/expected a variant or a trained --policy, got both/);
  });
  it('refuses a folder that is no such policy, and one of another run', async () => {
    expect((await evaluate('--policy', folder)).err).toMatch(/expected a folder of goodhart policy train/);
    const stranger = join(folder, 'stranger');
    cpSync(join(folder, 'far'), stranger, { recursive: true });
    const file = join(stranger, 'training.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"seal": ?"[0-9a-f]{8}/, '"seal":"00000000'));
    expect((await evaluate('--policy', stranger)).err).toMatch(/got one of tiny \(seal 00000000\)/);
    expect((await evaluate('--variant', 'none')).err).toMatch(/no variant none/);
  });
  it('and its replies can be asked about: items name the training', async () => {
    const out = join(folder, 'items.jsonl');
    const asked = ['--policy', join(folder, 'far'), '--prompts', '4', '--replies', '2', '--out', out];
    expect(await run('policy', 'sample', whole, '--quiet', ...asked)).toMatchObject({ code: 0 });
    const items = jsonLines(readFileSync(out, 'utf8')) as unknown as Item[];
    expect(items.length).toBeGreaterThan(0);
    for (const { id, source } of items) {
      expect(id).toMatch(/^tiny\/trained-[0-9a-f]{8}\//);
      expect(source.origin).toBe('policy trained later of run tiny, step 4');
    }
  });
});
