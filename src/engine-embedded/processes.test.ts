import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runInline, trainingCrashTrial } from './processes.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-processes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a training killed at random instants', () => {
  it('resumes to the bits of one that nobody killed (more kills: scripts/engine-crash.ts)', async () => {
    const report = await trainingCrashTrial(folder, { kills: 3, seed: 1, steps: 40 });
    expect(report.faults).toEqual([]);
    expect({ kills: report.kills, finished: report.finished >= 1 }).toEqual({ kills: 3, finished: true });
  });
});

describe('a program on the command line', () => {
  it('has an engine: its workers do not take over the options that name the program', () => {
    const program = `import { createEmbeddedEngine } from './dist/engine-embedded/index.js';
      const engine = createEmbeddedEngine({ threads: 2 });
      const spec = { vocabulary: 5, width: 4, layers: 1, heads: 1, feedForward: 4, maxContext: 8, seed: 1 };
      const sampler = await (await engine.createModel(spec)).sampler();
      // Enough samples for a second worker.
      const [samples] = await sampler.sample([Int32Array.of(1)], { maxTokens: 2, stop: [], n: 16, seed: 1 });
      await engine.dispose();
      process.stdout.write(String(samples.length));`;
    expect(runInline(program)).toEqual({ status: 0, output: '16' });
  });
});
