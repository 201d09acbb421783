import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createRunReaderThread } from '../../src/cli/run-reader-thread.ts';

const root = mkdtempSync(join(tmpdir(), 'goodhart-slow-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('a run that takes too long to verify is given up, and the next one is verified by another thread', async () => {
  mkdirSync(join(root, 'run/disclosure'), { recursive: true });
  for (const file of ['run.json', 'disclosure/seal.json', 'disclosure/manifest.json'])
    writeFileSync(join(root, 'run', file), '[]');
  const hasty = createRunReaderThread(root, { verifyMs: 1 });
  const late = /run run: not verified within 1 minutes; goodhart verify has no such bound/;
  await expect(hasty.verify('run')).rejects.toThrow(late);
  await expect(hasty.verify('run')).rejects.toThrow(late);
  await hasty.close();
});
