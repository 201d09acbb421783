import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProgressEvent } from '../run/index.ts';
import { type FakeHub, startFakeHub } from './hub.fake.ts';
import { downloadModel, hubEnvironment, isHubId, modelFolder } from './hub.ts';
import { readPretrained, readPretrainedSpec } from './pretrained.ts';

const SOURCE = resolve(import.meta.dirname, '../../fixtures/pretrained/llama3-sharded');
const FILES = new Map([
  ...readdirSync(SOURCE).map((file) => [file, readFileSync(join(SOURCE, file))] as const),
  ['pytorch_model.bin', Buffer.from('a pickle that nobody should open')] as const,
  ['.gitattributes', Buffer.from('*.bin filter=lfs')] as const,
]);
const ID = 'harbour/tiny-llama';
const root = mkdtempSync(join(tmpdir(), 'goodhart-hub-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('models from the hub', () => {
  let hub: FakeHub;
  let cache: string;
  beforeEach(async () => {
    hub = await startFakeHub(ID, FILES);
    cache = mkdtempSync(join(root, 'cache-'));
  });
  afterEach(() => hub.close());
  const get = (id = ID, more: object = {}) => downloadModel(id, { cache, hubUrl: hub.url, ...more });

  it('come whole, the files of a model only, and then from the cache without asking anyone', async () => {
    const events: ProgressEvent[] = [];
    const folder = await get(ID, { progress: (event: ProgressEvent) => events.push(event) });
    expect(readdirSync(folder).sort()).toEqual(
      [...FILES.keys()]
        .filter((file) => !/bin$|^\./.test(file))
        .concat('download.json')
        .sort(),
    );
    const spec = readPretrainedSpec(folder);
    expect(readPretrained(folder, spec)).toEqual(readPretrained(SOURCE, spec));
    expect(events.at(-1)!.done).toBe(events.at(-1)!.total);
    expect(events.every((event, i) => i === 0 || event.done >= events[i - 1]!.done)).toBe(true);
    await hub.close();
    expect(await get()).toBe(folder);
  });

  it('continue where the connection was torn, within one call and in a later one', async () => {
    hub.cuts.push(5000, 7000);
    const folder = await get();
    const rests = hub.requests.filter((request) => /bytes=(?!0-)/.test(request));
    expect(rests.length).toBe(2);
    expect(readPretrained(folder, readPretrainedSpec(folder)).size).toBeGreaterThan(5);

    const other = mkdtempSync(join(root, 'cache-'));
    hub.cuts.push(6000);
    await expect(get(ID, { cache: other, attempts: 1 })).rejects.toThrow(
      /cannot be reached .*\(a download continues\)/,
    );
    hub.requests.length = 0;
    await get(ID, { cache: other });
    expect(hub.requests.some((request) => /bytes=(?!0-)/.test(request))).toBe(true);
  });

  it('with other bytes than the hub lists are refused, and fetched anew the next time', async () => {
    for (const file of ['config.json', 'model-00001-of-00003.safetensors']) {
      const bytes = Buffer.from(FILES.get(file)!);
      bytes[20]! ^= 1;
      hub.altered.set(file, bytes);
      await expect(get()).rejects.toThrow(new RegExp(`${file} has digest [0-9a-f]+, expected [0-9a-f]+; run again`));
      hub.altered.clear();
    }
    expect(existsSync(join(await get(), 'download.json'))).toBe(true);
  });

  it('whose files in the cache were cut are completed', async () => {
    const folder = await get();
    truncateSync(join(folder, 'model-00002-of-00003.safetensors'), 10);
    expect(await get()).toBe(folder);
    expect(readPretrained(folder, readPretrainedSpec(folder)).size).toBeGreaterThan(5);
  });

  it('say in one line what is wrong: no network, no such model, no access, no safetensors', async () => {
    await expect(get('harbour/absent')).rejects.toThrow(/has no such model or revision \(main\); check the id/);
    await expect(get(`${ID}@v9`)).rejects.toThrow(/has no such model or revision \(v9\)/);
    hub.token = 'hf_secret';
    await expect(get()).rejects.toThrow(/refuses access; .* set HF_TOKEN/);
    expect(existsSync(await get(ID, { accessToken: 'hf_secret' }))).toBe(true);
    await expect(get(`${ID}@v1`, { accessToken: 'secret' })).rejects.toThrow(
      /expected an access token that starts with hf_/,
    );
    const pickled = await startFakeHub('old/model', new Map([['pytorch_model.bin', Buffer.from('x')]]));
    await expect(downloadModel('old/model', { cache, hubUrl: pickled.url })).rejects.toThrow(/no safetensors weights/);
    await pickled.close();
    const offline = downloadModel('old/model', { cache, hubUrl: pickled.url });
    await expect(offline).rejects.toMatchObject({ code: 'offline', exitCode: 2 });
    await expect(offline).rejects.toThrow(
      /cannot be reached \((ECONNREFUSED|UND_ERR_SOCKET)\); connect and run again .*or name a folder/,
    );
  });

  it('are named by owner and name; a folder goes before', async () => {
    expect([isHubId(ID), isHubId(`${ID}@v1`), isHubId('gpt2'), isHubId('../x'), isHubId('a/b/c')]).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(await modelFolder(SOURCE)).toBe(SOURCE);
    await expect(modelFolder('./absent/model')).rejects.toThrow(/no such folder/);
    await expect(modelFolder('gpt2')).rejects.toThrow(/expected a folder, or a hub id/);
    await expect(downloadModel(`${ID}@../../x`, { cache })).rejects.toThrow(/expected a folder, or a hub id/);
    expect(hubEnvironment({ GOODHART_CACHE: '/c', HF_ENDPOINT: 'http://mirror', HF_TOKEN: 'hf_x' })).toEqual({
      cache: '/c/hub',
      hubUrl: 'http://mirror',
      accessToken: 'hf_x',
    });
  });
});
