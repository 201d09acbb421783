import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runForTest as run } from './command.fake.ts';
import { TINY } from './tiny-run.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-critic-'));
process.env.GOODHART_CACHE = join(folder, 'cache');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a critic is saved with its policy: a run that lost its last checkpoint goes on to the same bits, and verifies', async () => {
  const [config, out] = [join(folder, 'tiny.yaml'), join(folder, 'ppo')];
  const own = 'algorithm: ppo, epochs: 2, minibatches: 2, promptsPerStep: 2, samples: 3, bestOf: []';
  const policy = `policy: { ${own}, steps: 4, maxTokens: 24, evaluateEvery: 2 }`;
  writeFileSync(config, TINY.replace(/^policy: .*$/m, policy).replace('members: 2', 'members: 1'));
  expect(await run('run', config, '--out', out, '--quiet')).toMatchObject({ code: 0, err: '' });
  const evaluation = () => readFileSync(join(out, 'policy/evaluation.json'), 'utf8');
  const whole = evaluation();
  expect(JSON.parse(whole)).toMatchObject({ method: 'ppo', finalStep: 4 });

  const last = join(out, 'checkpoints/policy-4');
  expect(existsSync(`${last}.critic`)).toBe(true);
  truncateSync(join(last, readdirSync(last).find((name) => name.endsWith('.bin'))!), 9);
  expect(await run('run', config, '--out', out, '--resume', '--quiet')).toMatchObject({ code: 0 });
  expect(evaluation()).toBe(whole);
  expect(await run('verify', out)).toMatchObject({ code: 0 });
});

it('a steered weight of KL is taken up where it was', async () => {
  const [config, out] = [join(folder, 'steered.yaml'), join(folder, 'steered')];
  const own = 'algorithm: rloo, klTarget: 0.01, klGain: 1, promptsPerStep: 2, samples: 3, bestOf: []';
  const policy = `policy: { ${own}, steps: 4, maxTokens: 24, evaluateEvery: 2 }`;
  writeFileSync(config, TINY.replace(/^policy: .*$/m, policy).replace('members: 2', 'members: 1'));
  expect(await run('run', config, '--out', out, '--quiet')).toMatchObject({ code: 0, err: '' });
  const coefficients = () =>
    readFileSync(join(out, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ stage }) => stage === 'policy')
      .map(({ metrics }) => metrics['objective/kl_coef']);
  const whole = coefficients();
  expect(new Set(whole).size).toBe(4);
  const last = join(out, 'checkpoints/policy-4');
  truncateSync(join(last, readdirSync(last).find((name) => name.endsWith('.bin'))!), 9);
  expect(await run('run', config, '--out', out, '--resume', '--quiet')).toMatchObject({ code: 0 });
  expect(coefficients()).toEqual(whole);
  expect(await run('verify', out)).toMatchObject({ code: 0 });
});

it('texts that score well are learned, and what came of it verifies', async () => {
  const [config, out] = [join(folder, 'texts.yaml'), join(folder, 'texts')];
  const policy =
    'policy: { algorithm: feedback-pretraining, batch: 4, bestOf: [], steps: 2, maxTokens: 24, evaluateEvery: 2 }';
  writeFileSync(config, TINY.replace(/^policy: .*$/m, policy).replace('members: 2', 'members: 1'));
  expect(await run('run', config, '--out', out, '--quiet')).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(readFileSync(join(out, 'policy/evaluation.json'), 'utf8'))).toMatchObject({
    method: 'feedback-pretraining',
    finalStep: 2,
  });
  expect(await run('verify', out)).toMatchObject({ code: 0 });
});
