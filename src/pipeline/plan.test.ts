import { describe, expect, it } from 'vitest';
import { checkConfig } from './check-config.ts';
import { configSchema, type PipelineConfig } from './config.ts';
import { nameInRound } from './stage.ts';
import { planOf } from './stages/index.ts';

const GROUND = { layout: 'ground', ground: 'harbour' };
const configOf = (rest: object): PipelineConfig => configSchema.parse({ name: 'x', data: GROUND, ...rest });
const whole = (rest: object = {}) => configOf({ base: {}, feedback: {}, policy: {}, ...rest });
const namesOf = (config: PipelineConfig) =>
  planOf({ config, folder: 'nowhere', round: config.rounds }).map(({ stage, place }) => nameInRound(place, stage.name));

describe('the stages of a run', () => {
  it('are a list that reads as the run goes', () => {
    const variants = { careful: { risk: 'min' } };
    expect(namesOf(whole({ rounds: 2, policy: { variants } }))).toEqual([
      'data',
      'base',
      'rounds/1/feedback',
      'rounds/1/reward',
      'rounds/1/policy',
      'feedback',
      'reward',
      'policy',
      'policy/careful',
      'best-of-n',
      'exact',
      'audit',
      'publish',
    ]);
    const imported = { layout: 'import', format: 'ukp', path: 'x', holdout: { leaveOut: 'topic' } };
    expect(namesOf(configOf({ data: imported }))).toEqual(['data', 'feedback', 'reward', 'audit', 'publish']);
  });
  it('advise to change only keys that the configuration has', () => {
    const policy = { variants: { careful: { learningRate: 1e-4 } } };
    const configs = [
      whole({ policy }),
      whole({ reward: { family: 'transformer' }, policy: { algorithm: 'grpo', ...policy } }),
      whole({ base: { from: 'a/model' } }),
    ];
    const advised = configs.map((config) => {
      const place = { config, folder: 'nowhere', round: 1 };
      return planOf(place).flatMap(({ stage }) => {
        const advice = stage.advice?.(config);
        if (advice === undefined) return [];
        const key = /^lower ([\w.-]+)$/.exec(advice)![1]!;
        const value = key.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], config);
        // What depends on whether the model is published has its default later.
        if (key !== 'base.learningRate') expect({ key, value }).toEqual({ key, value: expect.any(Number) });
        return [key];
      });
    });
    expect(advised).toEqual([
      ['base.learningRate', 'policy.learningRate', 'policy.variants.careful.learningRate'],
      ['base.learningRate', 'reward.learningRate', 'policy.learningRate', 'policy.variants.careful.learningRate'],
      ['policy.learningRate'],
    ]);
  });
});

describe('configurations', () => {
  const refused = (rest: object) => {
    try {
      checkConfig(whole(rest));
      return 'accepted';
    } catch (error) {
      return (error as Error).message;
    }
  };
  it('say which part a key lacks', () => {
    expect(refused({})).toBe('accepted');
    expect(refused({ rounds: 2, policy: undefined })).toMatch(/rounds: 2 rounds ask about a policy/);
    const imported = { data: { layout: 'import', format: 'hh-rlhf', path: 'x' }, feedback: undefined, rounds: 2 };
    expect(refused(imported)).toMatch(/rounds: 2 rounds need raters .* goodhart policy sample/);
    const one = { members: 1 };
    expect(refused({ reward: one, policy: { monitor: { rule: 'spread' } } })).toMatch(/policy\.monitor spread: .*two/);
    expect(refused({ reward: one, policy: { variants: { careful: { risk: 'min' } } } })).toMatch(
      /policy\.variants\.careful\.risk: expected two reward\.members/,
    );
  });
  it('take raters whose view and group the ground has, and name the one that it has not', () => {
    expect(refused({ feedback: { raters: { bounded: 2 } } })).toMatch(
      /feedback\.raters: bounded sees the view work, and harbour has only full, partial; leave it out/,
    );
    expect(refused({ feedback: { raters: { bounded: 0 } } })).toBe('accepted');
    const sums = { data: { layout: 'ground', ground: 'sums' } };
    expect(refused({ ...sums, feedback: { raters: { bounded: 2, trusting: 1, warm: 1 } } })).toBe('accepted');
  });
  it('take the shares of a population, which sum to 1 for each attribute', () => {
    const issue = (population: object) =>
      configSchema.safeParse({ name: 'x', data: GROUND, audit: { population } }).error?.issues[0];
    expect(issue({ group: { plain: 0.3, warm: 0.7 }, age: { young: 1 } })).toBeUndefined();
    expect(issue({ group: { plain: 0.3, warm: 0.6 } })).toMatchObject({
      path: ['audit', 'population', 'group'],
      message: 'expected shares that sum to 1',
    });
    expect(issue({ group: { plain: 1.2, warm: -0.2 } })?.path).toEqual(['audit', 'population', 'group', 'plain']);
  });
  it('refuse variants by name: of no key, of a shared key, of a taken name', () => {
    const issue = (variants: object) =>
      configSchema.safeParse({ name: 'x', data: GROUND, policy: { variants } }).error?.issues[0];
    expect(issue({ careful: { beat: 1 } })?.path).toEqual(['policy', 'variants', 'careful', 'beat']);
    expect(issue({ careful: { maxTokens: 8 } })?.message).toMatch(/the same for every optimisation/);
    expect(issue({ rloo: { beta: 1 } })?.message).toMatch(/taken/);
    expect(issue({ careful: { monitor: { rule: 'independent' } } })?.message).toMatch(/needs a second reward/);
    expect(
      issue({ careful: { beta: 1, risk: { rule: 'pessimistic', k: 2 }, monitor: { rule: 'spread' } } }),
    ).toBeUndefined();
  });
});
