import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { rollingCheckpoints } from '../engine/node.ts';
import { DataError } from '../run/index.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { createEmbeddedEngine } from './index.ts';
import { freshState } from './store.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-checkpoint-'));
const engine = createEmbeddedEngine({ threads: 1 });
afterAll(async () => {
  await engine.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const spec = { vocabulary: 5, width: 4, layers: 1, heads: 1, feedForward: 4, maxContext: 8, seed: 1 };
const binaryIn = (path: string) => join(path, readdirSync(path).find((file) => file.endsWith('.bin'))!);
const flip = (path: string, at: number, bit: number) => {
  const bytes = readFileSync(path);
  bytes[at % bytes.length]! ^= 1 << bit;
  writeFileSync(path, bytes);
};

describe('one checkpoint', () => {
  const whole = join(folder, 'whole');
  writeCheckpoint(whole, { ...freshState(spec), step: 7 });

  it('comes back as it was; another architecture is refused, and a folder that is none', () => {
    expect(readCheckpoint(whole, spec)).toEqual({ ...freshState(spec), step: 7 });
    expect(() => readCheckpoint(whole, { ...spec, width: 8 })).toThrow(/width 4 instead of 8/);
    expect(() => readCheckpoint(join(folder, 'absent'))).toThrow(/expected a whole checkpoint folder/);
  });

  it('with any bit flipped or any tail cut, in the numbers or in the card, is refused', () => {
    const damaged = join(folder, 'damaged');
    fc.assert(
      fc.property(
        fc.constantFrom('numbers', 'card'),
        fc.boolean(),
        fc.nat(),
        fc.nat({ max: 7 }),
        (which, cut, at, bit) => {
          rmSync(damaged, { recursive: true, force: true });
          cpSync(whole, damaged, { recursive: true });
          const path = which === 'card' ? join(damaged, 'state.json') : binaryIn(damaged);
          const { length } = readFileSync(path);
          // The card ends in a newline, which says nothing.
          const meaningful = which === 'card' ? length - 1 : length;
          if (cut) truncateSync(path, at % meaningful);
          else flip(path, at % meaningful, bit);
          let outcome: unknown;
          try {
            outcome = readCheckpoint(damaged, spec);
          } catch (error) {
            outcome = error;
          }
          // A flip in the card may leave its meaning alone (a space for a tab); whatever is read is what was written.
          if (outcome instanceof Error) expect(outcome).toBeInstanceOf(DataError);
          else expect(outcome).toEqual({ ...freshState(spec), step: 7 });
        },
      ),
      { numRuns: 150 },
    );
  });

  it('replaces the one before in its folder, leaves what is not its own, and refuses numbers that are not finite', () => {
    const path = join(folder, 'replaced');
    writeCheckpoint(path, freshState(spec));
    writeFileSync(join(path, 'notes.txt'), 'mine');
    writeFileSync(join(path, 'state.json.partial-1'), 'left by a kill');
    writeCheckpoint(path, { ...freshState({ ...spec, seed: 2 }), step: 3 });
    expect(readdirSync(path).filter((file) => !file.endsWith('.bin'))).toEqual(['notes.txt', 'state.json']);
    expect(readdirSync(path).length).toBe(3);
    const broken = freshState(spec);
    broken.secondMoments.get('norm')![2] = Number.POSITIVE_INFINITY;
    expect(() => writeCheckpoint(path, broken)).toThrow(/norm at step 0: element 2 of its second moments is Infinity/);
    expect(readCheckpoint(path, spec).step).toBe(3);
  });
});

describe('rolling checkpoints', () => {
  const data = [{ tokens: Int32Array.of(0, 1, 2), targets: Int32Array.of(1, 2, 3) }];
  const train = async (prefix: string, steps: number) => {
    const model = await engine.createModel(spec);
    const warnings: string[] = [];
    const checkpoints = rollingCheckpoints(prefix, {
      state: z.strictObject({ losses: z.array(z.number()) }),
      warn: (line) => warnings.push(line),
    });
    const { step: from, state } = await checkpoints.resume(model);
    const losses = state?.losses ?? [];
    for (let step = from + 1; step <= steps; step++) {
      losses.push((await model.forwardBackward(data, 'cross_entropy')).loss);
      await model.optimStep({ learningRate: 0.01 });
      await checkpoints.save(model, step, { losses });
    }
    const { logprobs } = await model.forward(data, 'cross_entropy');
    await model.dispose();
    return { from, warnings, losses, last: [...logprobs[0]!] };
  };

  it('keep two, and a torn one is passed over for the one before with one line; the end is the same', async () => {
    const whole = await train(join(folder, 'whole-'), 6);
    for (const [name, damage] of Object.entries({
      cut: (path: string) => truncateSync(binaryIn(path), 10),
      flipped: (path: string) => flip(binaryIn(path), 33, 4),
      cardless: (path: string) => rmSync(join(path, 'state.json')),
      'loop-state': (path: string) => truncateSync(`${path}.json`, 5),
    })) {
      const prefix = join(folder, `${name}-`);
      await train(prefix, 4);
      expect(
        readdirSync(folder)
          .filter((file) => file.startsWith(`${name}-`))
          .sort(),
      ).toEqual([3, 4].flatMap((step) => [`${name}-${step}`, `${name}-${step}.json`]));
      damage(`${prefix}4`);
      writeFileSync(`${prefix}5.json`, '{"left":"by a kill"}');
      cpSync(`${prefix}3`, `${prefix}5.partial-1`, { recursive: true });
      const resumed = await train(prefix, 6);
      expect(resumed.warnings.length).toBe(1);
      expect(resumed.warnings[0]).toMatch(new RegExp(`${name}-4.*going on from .*${name}-3$`));
      expect(resumed).toEqual({ ...whole, from: 3, warnings: resumed.warnings });
    }
  });

  it('start again where none is whole, and go no further than they are told', async () => {
    const prefix = join(folder, 'none-');
    const whole = await train(prefix, 3);
    for (const step of [2, 3]) flip(binaryIn(`${prefix}${step}`), 1, 1);
    const again = await train(prefix, 3);
    expect(again.warnings.at(-1)).toMatch(/going on from the start$/);
    expect({ from: again.from, last: again.last }).toEqual({ from: 0, last: whole.last });
    const model = await engine.createModel(spec);
    const checkpoints = rollingCheckpoints(prefix, { warn: () => {} });
    expect((await checkpoints.resume(model, { upTo: 2 })).step).toBe(2);
    checkpoints.clear();
    expect(readdirSync(folder).filter((file) => file.startsWith('none-'))).toEqual([]);
    await model.dispose();
  });

  it('keep what is trained beside in step, and lose both or neither', async () => {
    const prefix = join(folder, 'pair-');
    const models = async (seed: number) => {
      const [model, critic] = [
        await engine.createModel(spec),
        await engine.createModel({ ...spec, seed, scalarHead: true }),
      ];
      const warnings: string[] = [];
      const warn = (line: string) => warnings.push(line);
      return { model, critic, warnings, checkpoints: rollingCheckpoints<never>(prefix, { beside: { critic }, warn }) };
    };
    const first = await models(1);
    for (const step of [1, 2, 3]) {
      await first.critic.forwardBackwardScalar([data[0]!.tokens], () => ({ loss: 0, gradient: Float32Array.of(1) }));
      await first.critic.optimStep({ learningRate: 0.01 });
      await first.checkpoints.save(first.model, step);
    }
    const named = () =>
      readdirSync(folder)
        .filter((file) => file.startsWith('pair-'))
        .sort();
    expect(named()).toEqual(['pair-2', 'pair-2.critic', 'pair-3', 'pair-3.critic']);
    const scalarOf = async ({ critic }: typeof first) => (await (await critic.sampler()).scalars([data[0]!.tokens]))[0];
    const second = await models(9);
    expect((await second.checkpoints.resume(second.model)).step).toBe(3);
    expect(await scalarOf(second)).toEqual(await scalarOf(first));
    flip(binaryIn(`${prefix}3.critic`), 1, 1);
    expect((await second.checkpoints.resume(second.model)).step).toBe(2);
    expect(second.warnings.length).toBe(1);
    expect(named()).toEqual(['pair-2', 'pair-2.critic']);
    flip(binaryIn(`${prefix}2.critic`), 1, 1);
    await expect(second.checkpoints.resume(second.model)).rejects.toThrow(/resume once more to begin anew/);
    expect(named()).toEqual([]);
    for (const { model, critic } of [first, second]) for (const own of [model, critic]) await own.dispose();
  });

  it('another architecture is no torn checkpoint: it is refused', async () => {
    const prefix = join(folder, 'other-');
    await train(prefix, 1);
    const model = await engine.createModel({ ...spec, width: 8 });
    await expect(rollingCheckpoints(prefix, { warn: () => {} }).resume(model)).rejects.toThrow(/width 4 instead of 8/);
    await model.dispose();
  });
});
