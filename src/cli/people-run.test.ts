import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runForTest as run } from './command.fake.ts';

/** Runs whose reward takes raters to differ: what they promise whoever takes one up, or checks it. */
const folder = mkdtempSync(join(tmpdir(), 'goodhart-people-'));
process.env.GOODHART_CACHE = join(folder, 'cache');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const config = join(folder, 'people.yaml');
writeFileSync(
  config,
  `
name: people
seed: 3
data: { layout: ground, ground: harbour }
base: { width: 16, layers: 1, heads: 2, feedForward: 16, examples: 300, steps: 12, batch: 8, vocabulary: 400 }
feedback: { pairs: 60, overlap: 2, pool: empty, raters: { plain: 2, warm: 2 } }
reward: { family: linear, members: 2 }
audit: { prompts: 4, samples: 2 }
`,
);
const CARD = 'reward/model/card.json';
const text = (at: string, file: string) => readFileSync(join(at, file), 'utf8');

const POLICY = '{ steps: 2, promptsPerStep: 2, samples: 2, maxTokens: 24, evaluateEvery: 2, bestOf: [2] }';
const RUNS: readonly (readonly [disagreement: string, kept: string, more: readonly string[]])[] = [
  ['per-rater', '"people"', []],
  [
    'distributional',
    '"worth"',
    [`policy=${POLICY}`, 'reward.risk={ rule: quantile, q: 0.2 }', 'policy.risk={ rule: abstain, above: 0.5 }'],
  ],
  ['{ rule: groups, by: group }', '"share"', ['reward.risk=min']],
];

describe.each(RUNS)('a run with disagreement %s', (disagreement, kept, more) => {
  const out = join(folder, String(RUNS.findIndex(([own]) => own === disagreement)));
  const set = [`reward.disagreement=${disagreement}`, ...more].flatMap((own) => ['--set', own]);

  it('resumes to the same bytes and verifies; a number of its reward that was altered does not', async () => {
    const whole = await run('run', config, '--out', out, '--quiet', ...set);
    expect(whole).toMatchObject({ code: 0, err: '' });
    expect(text(out, CARD)).toContain(kept);
    const before = [CARD, 'reward/scores.json', 'reward/evaluation.json'].map((file) => text(out, file));
    rmSync(join(out, CARD));
    expect((await run('run', config, '--out', out, '--resume', '--quiet', ...set)).code).toBe(0);
    expect([CARD, 'reward/scores.json', 'reward/evaluation.json'].map((file) => text(out, file))).toEqual(before);
    expect((await run('verify', out)).code).toBe(0);
    if (disagreement !== 'per-rater') return;
    writeFileSync(join(out, CARD), text(out, CARD).replace(/"low": ?(-?\d)/, '"low": 9$1'));
    expect((await run('verify', out)).code).toBe(1);
  });
});
