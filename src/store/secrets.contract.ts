import { expect } from 'vitest';
import { everything } from './erasing.contract.ts';
import { openStore, rekeyStore, secretsKeyOf } from './index.ts';
import { opened } from './places.fake.ts';
import type { Cases } from './store.contract.ts';

const keyOf = (word: string) => secretsKeyOf(word.repeat(8), 'the test');
const [first, second] = [keyOf('first'), keyOf('second')];
const HOOK = { id: 'w', url: 'https://hooks.example/path-as-secret', projectId: null, events: ['run.finished'] };
const hook = { ...HOOK, secret: 'whsec_to-be-hidden', createdBy: 'a', createdAt: '', failures: 0 };
const SECRETS = [hook.url, hook.secret, 'sealing-in-the-clear'];

/** Secrets of the database under a key from outside it. */
export const secretsCases: Cases = {
  'encrypts what it keeps in the clear when a key is first given, and then opens with that key alone': async ({
    places,
  }) => {
    const url = await places.fresh();
    const plain = await opened(url);
    await plain.accounts.createWebhook(hook);
    await plain.accounts.setSetting('sealing-key', 'sealing-in-the-clear');
    await plain.accounts.setSetting('other', { a: 1 });
    await plain.close();
    for (const secret of SECRETS) expect(await everything(url)).toContain(secret);
    const sealed = await opened(url, { secretsKey: first });
    for (const secret of SECRETS) expect(await everything(url)).not.toContain(secret);
    const read = async ({ accounts }: typeof sealed) => [
      ...(await accounts.webhooks()).map(({ secret, url: to }) => [secret, to]),
      await accounts.setting('sealing-key'),
      await accounts.settingOrFirst('sealing-key', 'another'),
      await accounts.setting('other'),
    ];
    const expected = [[hook.secret, hook.url], 'sealing-in-the-clear', 'sealing-in-the-clear', { a: 1 }];
    expect(await read(sealed)).toEqual(expected);
    await sealed.accounts.createWebhook({ ...hook, id: 'w2', secret: 'whsec_added-later' });
    expect(await everything(url)).not.toContain('whsec_added-later');
    await sealed.close();
    const line = /^[^\n]*expected the key [0-9a-f]{12} of this store's secrets, got the key [0-9a-f]{12}; [^\n]*$/;
    await expect(openStore(url, { secretsKey: second })).rejects.toThrow(line);
    // Whoever has no key does everything else.
    const keyless = await openStore(url);
    expect(await keyless.listProjects()).toEqual([]);
    await expect(keyless.accounts.webhooks()).rejects.toThrow(
      /expected the key of this store's secrets, got none; give it by/,
    );
    await keyless.close();
    const again = await openStore(url, { secretsKey: first });
    await again.accounts.removeWebhook('w2');
    expect(await read(again)).toEqual(expected);
    await again.close();
  },
  'changes the key of its secrets': async ({ places }) => {
    const url = await places.fresh();
    const store = await opened(url, { secretsKey: first });
    await store.accounts.createWebhook(hook);
    await store.accounts.setSetting('sealing-key', 'sealing');
    await store.close();
    await expect(rekeyStore(url, { from: second, to: first })).rejects.toThrow(/expected the key/);
    await expect(rekeyStore(url, { from: undefined, to: second })).rejects.toThrow(/got none/);
    expect(await rekeyStore(url, { from: first, to: second })).toBe(3);
    await expect(openStore(url, { secretsKey: first })).rejects.toThrow(/got the key/);
    const after = await openStore(url, { secretsKey: second });
    expect((await after.accounts.webhooks())[0]).toMatchObject({ secret: hook.secret, url: hook.url });
    expect(await after.accounts.setting('sealing-key')).toBe('sealing');
    await after.close();
  },
  'takes keys that nobody guesses': async () => {
    expect(() => secretsKeyOf('short', 'key.txt')).toThrow(
      /^key.txt: expected a key of at least 32 characters, got 5;/,
    );
    expect(keyOf('same').id).toBe(keyOf('same').id);
    expect(first.id).not.toBe(second.id);
  },
};
