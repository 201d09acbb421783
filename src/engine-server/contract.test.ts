import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { engineContract } from '../engine/engine.contract.ts';
import { createTinkerEngine, type TinkerEngine } from '../engine-tinker/index.ts';
import { endServed, type Served, startServed } from './served.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-tinker-'));
let served: Served;
let engine: TinkerEngine;
beforeAll(async () => {
  served = await startServed();
  engine = createTinkerEngine({ url: served.url });
});
afterAll(async () => {
  await engine.dispose();
  await served.stop();
  await endServed();
  rmSync(folder, { recursive: true, force: true });
});

const noHead = 'the protocol has no scalar head';
engineContract('tinker, through our own server', () => ({ ...engine, dispose: async () => {} }), {
  temporaryFolder: () => folder,
  cannot: {
    'mixes weights with saved ones: at 0 the saved model, at 1 itself, and halves of halves are quarters':
      'the protocol mixes no weights',
    'a scalar head separates two classes': noHead,
    'hidden states are what the scalar head reads': 'the protocol shows no hidden states',
    'a critic learns a value at every position': noHead,
    'refuses what a loss of a scalar head may not return': noHead,
  },
});
