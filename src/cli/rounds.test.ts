import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../audit/index.ts';
import { type Judgment, purposeOf } from '../feedback/index.ts';
import { runForTest as run } from './command.fake.ts';

/** The recipe of several rounds, at a size of some seconds: what rounds, groups, a population and a second type of answer supply. */
const folder = mkdtempSync(join(tmpdir(), 'goodhart-rounds-'));
process.env.GOODHART_CACHE = join(folder, 'cache');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RECIPE = fileURLToPath(new URL('../../recipes/rounds/run.yaml', import.meta.url));
const SMALL = [
  ...['base.width=16', 'base.layers=1', 'base.heads=2', 'base.feedForward=16', 'base.examples=300', 'base.steps=12'],
  ...[
    'base.batch=8',
    'base.vocabulary=400',
    'feedback.pairs=100',
    'feedback.holdout=0.45',
    'feedback.ratings.share=0.5',
  ],
  ...['reward.members=2', 'reward.epochs=1', 'policy.steps=2', 'policy.promptsPerStep=2', 'policy.samples=3'],
  ...['policy.maxTokens=24', 'policy.evaluateEvery=1', 'policy.bestOf=[2]', 'audit.prompts=4', 'audit.samples=2'],
].flatMap((set) => ['--set', set]);
const out = join(folder, 'run');
const rows = <T>(file: string) =>
  readFileSync(join(out, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

beforeAll(async () => {
  expect(await run('run', RECIPE, '--out', out, '--quiet', ...SMALL)).toMatchObject({ code: 0, err: '' });
}, 180_000);

describe('the recipe of several rounds', () => {
  it('collects, refits and optimises three times', () => {
    for (const file of ['reward/evaluation.json', 'reward/scores.json', 'policy/evaluation.json'])
      for (const round of ['rounds/1/', 'rounds/2/', ''])
        expect({ round, file, there: existsSync(join(out, `${round}${file}`)) }).toMatchObject({ there: true });
    expect(existsSync(join(out, 'rounds/3'))).toBe(false);
  });
  it('asks for ratings beside comparisons, and asks raters again what they judged before', () => {
    const judgments = rows<Judgment>('feedback/judgments.jsonl');
    const ratings = judgments.filter(({ answer }) => answer.kind === 'rating');
    const repeats = judgments.filter((judgment) => purposeOf(judgment).endsWith('repeat'));
    const byId = new Map(judgments.map((judgment) => [judgment.id, judgment]));
    expect(byId.size).toBe(judgments.length);
    expect(ratings.length).toBeGreaterThan(300);
    expect(repeats.length).toBeGreaterThan(50);
    for (const { raterId, itemId, presentation } of repeats)
      expect(byId.get(presentation.repeats!)).toMatchObject({ raterId, itemId });
  });
  it('assesses what a run without them cannot: the population, groups, and types of answers', () => {
    const findings = JSON.parse(readFileSync(join(out, 'findings.json'), 'utf8')) as Finding[];
    for (const id of ['representation', 'worst-group', 'type-reversal'])
      expect(findings.find(({ probe }) => probe === id)).toMatchObject({ estimate: expect.any(Number) });
  });
  it('verifies', async () => {
    expect(await run('verify', out)).toMatchObject({ code: 0 });
  });
});
