import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runForTest as run } from './command.fake.ts';
import { TINY } from './tiny-run.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-pairs-'));
process.env.GOODHART_CACHE = join(folder, 'cache');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const config = join(folder, 'tiny.yaml');

const tinyWith = (policy: string) =>
  writeFileSync(config, TINY.replace(/^policy: .*$/m, `policy: { ${policy}, steps: 4, maxTokens: 24 }`));
const rows = <T>(file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);

describe('a policy that learns from judged pairs', () => {
  it('is trained on the votes of training items, evaluated like any other, and verified', async () => {
    const out = join(folder, 'dpo');
    tinyWith('algorithm: dpo, batch: 8, evaluateEvery: 2, learningRate: 1e-3, bestOf: []');
    expect(await run('run', config, '--out', out, '--quiet')).toMatchObject({ code: 0, err: '' });
    const path = JSON.parse(readFileSync(join(out, 'policy/evaluation.json'), 'utf8'));
    expect(path).toMatchObject({ method: 'dpo', finalStep: 4 });
    expect(path.points.map((point: { step: number }) => point.step)).toEqual([0, 2, 4]);
    const curve = rows<{ stage: string; metrics: Record<string, number> }>(join(out, 'metrics.jsonl'));
    const losses = curve.flatMap(({ stage, metrics }) => (stage === 'policy' ? [metrics.loss!] : []));
    expect(losses[0]).toBeCloseTo(Math.LN2, 5);
    expect(losses.length).toBe(4);
    // What the policy was made from stands in the record of its stage, so that other judgments make it anew.
    const inputs = rows<{ type: string; body: { name?: string; inputs?: Record<string, string> } }>(
      join(out, 'records.jsonl'),
    ).flatMap(({ type, body }) => (type === 'stage' && body.name === 'policy' ? Object.keys(body.inputs!) : []));
    expect(inputs).toContain('feedback/judgments.jsonl');
    expect(await run('verify', out)).toMatchObject({ code: 0 });
  });
  it('reads the keys of its algorithm and no other', async () => {
    tinyWith('algorithm: dpo, promptsPerStep: 4');
    const { code, err } = await run('run', config, '--out', join(folder, 'refused'));
    expect(code).toBe(2);
    expect(err).toMatch(/promptsPerStep.*rloo.*only/);
    tinyWith('algorithm: dpo, loss: { name: robust, labelSmoothing: 0.5 }');
    expect((await run('run', config, '--out', join(folder, 'refused'))).err).toMatch(/labelSmoothing/);
  });
});
