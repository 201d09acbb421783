import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

describe.each([['per-rater', '"people"']])('a run with disagreement %s', (disagreement, kept) => {
  const out = join(folder, disagreement);
  const set = ['--set', `reward.disagreement=${disagreement}`];

  it('resumes to the same bytes and verifies; a number of its people that was altered does not', async () => {
    const whole = await run('run', config, '--out', out, '--quiet', ...set);
    expect(whole).toMatchObject({ code: 0, err: '' });
    expect(text(out, CARD)).toContain(kept);
    expect((await run('verify', out)).code).toBe(0);
    const taken = `${out}-taken-up`;
    cpSync(out, taken, { recursive: true });
    rmSync(join(taken, CARD));
    expect((await run('run', config, '--out', taken, '--resume', '--quiet', ...set)).code).toBe(0);
    for (const file of [CARD, 'reward/scores.json', 'reward/evaluation.json'])
      expect(text(taken, file), file).toBe(text(out, file));
    expect((await run('verify', taken)).code).toBe(0);
    const altered = `${out}-altered`;
    cpSync(out, altered, { recursive: true });
    writeFileSync(join(altered, CARD), text(out, CARD).replace(/"low": ?(-?\d)/, '"low": 9$1'));
    expect((await run('verify', altered)).code).toBe(1);
  });
});
