import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endServed, type Served, startServed } from '../engine-server/served.fake.ts';
import { runForTest } from './command.fake.ts';
import { TINY } from './tiny-run.fake.ts';

const place = mkdtempSync(join(tmpdir(), 'goodhart-remote-run-'));
let served: Served;
beforeAll(async () => {
  process.env.GOODHART_CACHE = join(place, 'cache');
  served = await startServed();
});
afterAll(async () => {
  delete process.env.GOODHART_CACHE;
  await served.stop();
  await endServed();
  rmSync(place, { recursive: true, force: true });
});

/** As little of everything as makes a whole run. */
const LEAST = [
  ...[
    'base.steps=3',
    'base.examples=60',
    'feedback.pairs=20',
    'reward.members=1',
    'policy.steps=2',
    'policy.samples=2',
  ],
  ...['policy.promptsPerStep=1', 'policy.bestOf=[2]', 'policy.maxTokens=8', 'audit.prompts=2', 'audit.samples=2'],
].flatMap((setting) => ['--set', setting]);

/** A run whose policy is trained on the server: its configuration, and where it goes. */
function configured(name: string, engine: string): { config: string; out: string } {
  const config = join(place, `${name}.yaml`);
  writeFileSync(config, `${TINY}engine: ${engine}\n`);
  return { config, out: join(place, name) };
}

describe('a run whose policy is trained on a server', () => {
  it('goes from judgments to a seal, says what the server was found to do, and verifies', async () => {
    const { config, out } = configured('remote', `{ policy: tinker, tinker: { url: "${served.url}" } }`);
    const ran = await runForTest('run', config, '--out', out, '--quiet', ...LEAST);
    expect({ code: ran.code, err: ran.err }).toEqual({ code: 0, err: '' });
    const records = readFileSync(join(out, 'records.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; body: Record<string, never> });
    const found = records.find(({ type }) => type === 'engine-found')!.body as unknown as {
      server: string;
      findings: { verdict: string }[];
      spent: { trained: number; sampled: number };
    };
    expect(found.server).toBe(served.url);
    expect(new Set(found.findings.map(({ verdict }) => verdict))).toEqual(new Set(['honoured']));
    expect([found.spent.trained > 0, found.spent.sampled > 0]).toEqual([true, true]);
    // Whoever got the folder asks nobody whom they did not name.
    const items = join(place, 'items.jsonl');
    const sample = () =>
      runForTest('policy', 'sample', out, '--split', 'deploy', '--prompts', '1', '--out', items, '--quiet');
    expect(await sample()).toMatchObject({
      code: 2,
      err: expect.stringMatching(/its policy lies on http:.*; set TINKER_BASE_URL to that server if you want it asked/),
    });
    process.env.TINKER_BASE_URL = served.url;
    try {
      expect(await sample()).toMatchObject({ code: 0, err: '' });
    } finally {
      delete process.env.TINKER_BASE_URL;
    }
    const verified = await runForTest('verify', out);
    expect({ code: verified.code, out: verified.code === 0 ? '' : verified.out }).toEqual({ code: 0, out: '' });
  });

  it('stops with one line where its budget ends', async () => {
    const engine = (budget: number) => `{ policy: tinker, tinker: { url: "${served.url}", budget: ${budget} } }`;
    const { config, out } = configured('short', engine(2000));
    const stopped = await runForTest('run', config, '--out', out, '--quiet', ...LEAST);
    expect(stopped).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^goodhart: the budget of 2000 tokens is used up/),
    });
  });

  it('is refused before anything is computed where it cannot be', async () => {
    const url = served.url;
    const refused = async (name: string, engine: string, ...more: string[]) => {
      const { config, out } = configured(name, engine);
      const { code, err } = await runForTest('run', config, '--out', out, '--quiet', ...more);
      return `${code} ${err}`;
    };
    const remote = `{ policy: tinker, tinker: { url: "${url}" } }`;
    expect(await refused('none', '{ policy: tinker }')).toMatch(
      /^2 .*expected engine\.tinker with the url of a server/,
    );
    expect(await refused('unused', `{ tinker: { url: "${url}" } }`)).toMatch(/^2 .*no role is computed there/);
    expect(await refused('family', remote, '--set', 'reward.family=transformer')).toMatch(/^2 .*stay on the server/);
    expect(await refused('critic', remote, '--set', 'policy.algorithm=ppo')).toMatch(/^2 .*learns a critic/);
    expect(await refused('reward', '{ reward: tinker }')).toMatch(/^2 .*engine\.reward/);
    // A key is for the server that whoever set it names, wherever a configuration leads.
    process.env.TINKER_API_KEY = 'tml-a-key-of-mine';
    try {
      expect(await refused('key', remote)).toMatch(
        /^2 .*TINKER_API_KEY is set, and not for which server; set TINKER_BASE_URL/,
      );
      process.env.TINKER_BASE_URL = 'https://api.example';
      expect(await refused('other', remote)).toMatch(/^2 .*TINKER_API_KEY is for https:\/\/api\.example/);
    } finally {
      delete process.env.TINKER_API_KEY;
      delete process.env.TINKER_BASE_URL;
    }
  });
});
