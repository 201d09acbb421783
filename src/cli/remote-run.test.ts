import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endServed, type Served, startServed } from '../engine-server/served.fake.ts';
import type { EngineFound } from '../pipeline/index.ts';
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

/** What the records of a run say of its engine. */
function foundIn(out: string): EngineFound {
  const lines = readFileSync(join(out, 'records.jsonl'), 'utf8').trim().split('\n');
  const records = lines.map((line) => JSON.parse(line) as { type: string; body: unknown });
  return records.find(({ type }) => type === 'engine-found')!.body as EngineFound;
}

const totalOf = ({ trained, read, sampled }: EngineFound['spent']) => trained + read + sampled;

describe('a run whose policy and reward are trained on a server', () => {
  it('goes from judgments to a seal, says what the server was found to do, verifies, and is scored with', async () => {
    const { config, out } = configured(
      'remote',
      `{ policy: tinker, reward: tinker, tinker: { url: "${served.url}" } }`,
    );
    const twoToken = ['reward.family=two-token', 'reward.epochs=1'].flatMap((setting) => ['--set', setting]);
    const prices = ['--set', 'engine.tinker.prices={trained: 2, read: 1, sampled: 1}'];
    const ran = await runForTest('run', config, '--out', out, ...LEAST, ...twoToken, ...prices);
    expect(ran.code === 0 ? '' : ran.err).toBe('');
    const found = foundIn(out);
    // What was said before it began is no less than what it came to, and of its size.
    const said = /the run asks for about ([\d,]+) tokens at most \(.*\), [\d.]+ USD at the prices/.exec(ran.err)!;
    const [estimate, spent] = [Number(said[1]!.replaceAll(',', '')), totalOf(found.spent)];
    expect(spent).toBeLessThanOrEqual(estimate);
    expect(spent).toBeGreaterThan(estimate / 3);
    expect(found).toMatchObject({ roles: ['policy', 'reward'], server: served.url });
    expect(new Set(found.findings.map(({ verdict }) => verdict))).toEqual(new Set(['honoured']));
    expect([found.spent.trained > 0, found.spent.sampled > 0]).toEqual([true, true]);
    // Which engine did what, and what it was found to do, is published with the results.
    const report = readFileSync(join(out, 'report.json'), 'utf8');
    const told = [`Probe of tinker at ${served.url}`, 'gradients add up over requests', 'rewards of networks'];
    expect(told.filter((said) => !report.includes(said))).toEqual([]);
    const disclosure = readFileSync(join(out, 'disclosure/disclosure.json'), 'utf8');
    expect(disclosure).toContain('server that computed the policy');
    expect(disclosure).toContain(served.url);
    // Whoever got the folder asks nobody whom they did not name.
    const items = join(place, 'items.jsonl');
    const sample = () =>
      runForTest('policy', 'sample', out, '--split', 'deploy', '--prompts', '1', '--out', items, '--quiet');
    expect(await sample()).toMatchObject({
      code: 2,
      err: expect.stringMatching(/its policy lies on http:.*; set TINKER_BASE_URL to that server if you want it asked/),
    });
    const score = () => runForTest('reward', 'score', join(out, 'reward', 'model'), 'yes', 'no', '--prompt', 'q');
    expect(await score()).toMatchObject({ code: 2, err: expect.stringMatching(/its reward lies on http:/) });
    process.env.TINKER_BASE_URL = served.url;
    try {
      expect(await sample()).toMatchObject({ code: 0, err: '' });
      expect(await score()).toMatchObject({ code: 0, err: '' });
    } finally {
      delete process.env.TINKER_BASE_URL;
    }
    const verified = await runForTest('verify', out);
    expect({ code: verified.code, out: verified.code === 0 ? '' : verified.out }).toEqual({ code: 0, out: '' });
  });

  it('does not begin beyond its budget, and stops with one line where that ends all the same', async () => {
    const { config, out } = configured('short', `{ policy: tinker, tinker: { url: "${served.url}" } }`);
    const begun = await runForTest('run', config, '--out', out, '--quiet', ...LEAST, '--budget', '2000');
    expect(begun).toMatchObject({
      code: 2,
      err: expect.stringMatching(
        /^goodhart: engine\.tinker\.budget: .* tokens at most .* the budget is 2,000; raise it/,
      ),
    });
    expect(existsSync(out)).toBe(false);
    // A run that is taken up is not refused: a part of it may be done.
    const stopped = await runForTest('run', config, '--out', out, '--quiet', '--resume', ...LEAST, '--budget', '2000');
    expect(stopped).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^goodhart: the budget of 2000 tokens is used up/),
    });
    // What was spent is told of a run that ended early, too.
    expect(foundIn(out).spent.trained).toBeGreaterThan(0);
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
    expect(await refused('url', '{ reward: tinker }')).toMatch(/^2 .*engine\.reward tinker: expected engine\.tinker/);
    const reward = (policy: string) => `{ policy: ${policy}, reward: tinker, tinker: { url: "${url}" } }`;
    const family = (name: string) => ['--set', `reward.family=${name}`];
    expect(await refused('linear', reward('tinker'))).toMatch(/^2 .*ask no engine for anything/);
    expect(await refused('head', reward('tinker'), ...family('head'))).toMatch(/^2 .*read more than log-probabilities/);
    expect(await refused('here', reward('embedded'), ...family('two-token'))).toMatch(
      /^2 .*set engine\.policy: tinker/,
    );
    expect(await refused('key', '{ policy: tinker, tinker: { url: "http://me:secret@x.test" } }')).toMatch(
      /^2 .*without a name and a password/,
    );
  });
});
