import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { trainingCrashTrial } from './processes.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-processes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a training killed at random instants', () => {
  it('resumes to the bits of one that nobody killed (more kills: scripts/engine-crash.ts)', async () => {
    const report = await trainingCrashTrial(folder, { kills: 3, seed: 1, steps: 40 });
    expect(report.faults).toEqual([]);
    expect({ kills: report.kills, finished: report.finished >= 1 }).toEqual({ kills: 3, finished: true });
  });
});
