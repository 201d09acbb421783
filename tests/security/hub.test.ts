import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeHub, startFakeHub } from '../../src/model/hub.fake.ts';
import { downloadModel } from '../../src/model/hub.ts';

/** A hub lists names, sizes and commits, and a cache holds them: neither says where a file goes, or how much is written. */
const SOURCE = resolve(import.meta.dirname, '../../fixtures/pretrained/llama3-sharded');
const OURS = readdirSync(SOURCE).map((file) => [file, readFileSync(join(SOURCE, file))] as const);
const ID = 'harbour/tiny-llama';
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const root = mkdtempSync(join(tmpdir(), 'goodhart-hub-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Names that lead out of a folder, or into one that the program did not make. */
const ELSEWHERE = [
  'LICENSE/../../../../stolen',
  'LICENSE/x',
  'LICENSE\\..\\stolen',
  '../model.safetensors',
  'config.json/../../stolen',
  '/LICENSE',
  'LICENSE\u0000',
  'model-1-of-1.safetensors/../x',
];

describe('a stranger’s hub', () => {
  let hub: FakeHub;
  let cache: string;
  beforeEach(async () => {
    hub = await startFakeHub(ID, new Map([...OURS, ...ELSEWHERE.map((name) => [name, Buffer.from('mine')] as const)]));
    cache = join(mkdtempSync(join(root, 'place-')), 'a/cache');
    mkdirSync(cache, { recursive: true });
  });
  afterEach(() => hub.close());
  const get = () => downloadModel(ID, { cache, hubUrl: hub.url, attempts: 1 });
  const refFile = () => join(cache, 'harbour--tiny-llama/refs/main');

  it('has no file written but those of a model, each in the folder of its commit', async () => {
    const folder = await get();
    expect(readdirSync(folder).sort()).toEqual([...OURS.map(([name]) => name), 'download.json'].sort());
    const all = readdirSync(dirname(dirname(cache)), { recursive: true, encoding: 'utf8' });
    expect(all.filter((name) => /stolen|LICENSE/.test(name))).toEqual([]);
  });
  it('has no more bytes written than it lists', async () => {
    hub.altered.set('config.json', Buffer.alloc(1_000_000, ' '));
    await expect(get()).rejects.toThrow(/config\.json has more bytes than the \d+ that are listed/);
    const partial = join(cache, `harbour--tiny-llama/${COMMIT}/config.json.incomplete`);
    expect(existsSync(partial) ? readFileSync(partial).length : 0).toBeLessThan(100_000);
  });
  it('is asked again where the cache says something else than a download leaves there', async () => {
    const folder = await get();
    const manifest = join(folder, 'download.json');
    const whole = readFileSync(manifest, 'utf8');
    const asked = async () => {
      hub.requests.length = 0;
      expect(await get()).toBe(folder);
      return hub.requests.length > 0;
    };
    expect(await asked()).toBe(false);
    for (const text of [
      '',
      '{',
      '{}',
      'null',
      '{"files":"x"}',
      whole.replace('config.json', '../../stolen'),
      '['.repeat(1e6),
    ]) {
      writeFileSync(manifest, text);
      expect({ text: text.slice(0, 20), asked: await asked() }).toEqual({ text: text.slice(0, 20), asked: true });
      expect(readFileSync(manifest, 'utf8')).toBe(whole);
    }
    for (const commit of ['../../elsewhere', '/etc', '', `${COMMIT}\n`]) {
      writeFileSync(refFile(), commit);
      expect(await asked()).toBe(true);
    }
  });
  it.skipIf(process.platform === 'win32')('is no way to links and pipes in the cache', async () => {
    const folder = await get();
    const victim = join(root, 'victim');
    writeFileSync(victim, 'mine');
    for (const path of [refFile(), join(folder, 'download.json'), join(folder, 'config.json.incomplete')]) {
      rmSync(path, { force: true });
      if (path.endsWith('.incomplete')) {
        rmSync(join(folder, 'config.json'));
        symlinkSync(victim, path);
      } else execFileSync('mkfifo', [path]);
      await expect(get()).rejects.toThrow(/expected a regular file of the cache/);
      rmSync(path);
      await get();
    }
    expect(readFileSync(victim, 'utf8')).toBe('mine');
  });
});
