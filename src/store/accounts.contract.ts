import { describe, expect, it } from 'vitest';
import type { Account, Accounts, Invite } from './accounts.ts';

const NOW = '2026-01-01T00:00:00.000Z';
const LATER = '2026-01-02T00:00:00.000Z';
const account = (name: string, change: Partial<Account> = {}): Account => ({
  id: `id-${name}`,
  name,
  role: 'rater',
  raterId: `rater-${name}`,
  passwordHash: 'hash',
  createdAt: NOW,
  disabled: false,
  ...change,
});
const invite = (id: string, change: Partial<Invite> = {}): Invite => ({
  id,
  tokenHash: `token-${id}`,
  role: 'lead',
  projectId: 'p',
  expiresAt: LATER,
  createdBy: 'id-a',
  note: '',
  ...change,
});

/** What every place for accounts must do; `open` gives an empty one. */
export function accountsContract(
  name: string,
  open: () => Promise<{ accounts: Accounts; close(): Promise<void> }>,
): void {
  const each = (title: string, body: (accounts: Accounts) => Promise<void>) =>
    it(title, async () => {
      const { accounts, close } = await open();
      try {
        await body(accounts);
      } finally {
        await close();
      }
    });

  describe(`accounts in ${name}`, () => {
    each('names are unique whatever their case, and a refused one changes nothing', async (accounts) => {
      expect(await accounts.createAccount(account('Ann'))).toEqual(account('Ann'));
      expect(await accounts.createAccount(account('ann', { id: 'other' }))).toBeUndefined();
      expect(await accounts.accounts()).toEqual([account('Ann')]);
      expect(await accounts.accountByName('ANN')).toEqual(account('Ann'));
      expect(await accounts.accountById('id-Ann')).toEqual(account('Ann'));
      expect(await accounts.accountByRater('rater-Ann')).toEqual(account('Ann'));
      expect(await accounts.accountByName('bob')).toBeUndefined();
    });
    each('of many who set up at once exactly one becomes the first', async (accounts) => {
      const made = await Promise.all(
        ['a', 'b', 'c', 'd'].map((n) => accounts.createAccount(account(n, { role: 'owner' }), { onlyFirst: true })),
      );
      expect(made.filter((m) => m !== undefined).length).toBe(1);
      expect((await accounts.accounts()).length).toBe(1);
    });
    each('a session ends by time, by hand, and with its account', async (accounts) => {
      await accounts.createAccount(account('a'));
      for (const tokenHash of ['s1', 's2', 's3']) {
        await accounts.createSession({ tokenHash, accountId: 'id-a', expiresAt: LATER, now: NOW });
      }
      expect((await accounts.accountOfSession('s1', NOW))?.id).toBe('id-a');
      expect(await accounts.accountOfSession('s1', LATER)).toBeUndefined();
      await accounts.endSession('s1');
      expect(await accounts.accountOfSession('s1', NOW)).toBeUndefined();
      await accounts.endSessions('id-a', 's3');
      expect(await accounts.accountOfSession('s2', NOW)).toBeUndefined();
      expect((await accounts.accountOfSession('s3', NOW))?.id).toBe('id-a');
      await accounts.updateAccount('id-a', { disabled: true });
      expect(await accounts.accountOfSession('s3', NOW)).toBeUndefined();
    });
    each('an invitation works once, in time, and a taken name does not use it up', async (accounts) => {
      await accounts.createAccount(account('a'));
      await accounts.createInvite(invite('i'), NOW);
      await accounts.createInvite(invite('old', { expiresAt: NOW }), NOW);
      expect((await accounts.invites(NOW)).map((i) => i.id)).toEqual(['i']);
      expect(await accounts.inviteByToken('token-old', NOW)).toBeUndefined();
      expect(await accounts.acceptInvite('token-old', account('late'), { now: NOW })).toBe('no-invite');
      const { role: _, ...taken } = account('A', { id: 'x', raterId: 'y' });
      expect(await accounts.acceptInvite('token-i', taken, { now: NOW })).toBe('name-taken');
      const results = await Promise.all(
        ['b', 'c', 'd'].map((n) => {
          const { role: _role, ...rest } = account(n);
          return accounts.acceptInvite('token-i', rest, { now: NOW });
        }),
      );
      const made = results.filter((r): r is Account => typeof r === 'object');
      expect(made.length).toBe(1);
      expect(made[0]!.role).toBe('lead');
      expect(results.filter((r) => r === 'no-invite').length).toBe(2);
      expect(await accounts.projectsOf(made[0]!.id)).toEqual(['p']);
    });
    each(
      'an invitation puts somebody who has an account in its project, once, and keeps its note',
      async (accounts) => {
        await accounts.createAccount(account('a'));
        await accounts.setProjects('id-a', ['o']);
        await accounts.createInvite(invite('i', { note: 'for Ann of the night shift' }), NOW);
        expect((await accounts.invites(NOW))[0]!.note).toBe('for Ann of the night shift');
        const joined = await Promise.all([1, 2].map(() => accounts.joinByInvite('token-i', 'id-a', NOW)));
        expect(joined.sort()).toEqual([false, true]);
        expect((await accounts.projectsOf('id-a')).sort()).toEqual(['o', 'p']);
        await accounts.createInvite(invite('again'), NOW);
        expect(await accounts.joinByInvite('token-again', 'id-a', LATER)).toBe(false);
        expect(await accounts.joinByInvite('token-again', 'id-a', NOW)).toBe(true);
        await accounts.createInvite(invite('nowhere', { projectId: null }), NOW);
        expect(await accounts.joinByInvite('token-nowhere', 'id-a', NOW)).toBe(false);
        await accounts.setMember('id-a', 'p', false);
        await accounts.setMember('id-a', 'q', true);
        await accounts.setMember('id-a', 'q', true);
        expect((await accounts.projectsOf('id-a')).sort()).toEqual(['o', 'q']);
      },
    );
    each(
      'a reset sets a new password once and in time, and ends what was given under the old one',
      async (accounts) => {
        const key = { name: 'ci', role: 'auditor', projectId: null, createdAt: NOW, lastUsedAt: null };
        for (const name of ['a', 'b']) {
          await accounts.createAccount(account(name));
          const createdBy = `id-${name}`;
          await accounts.createSession({ tokenHash: `s-${name}`, accountId: createdBy, expiresAt: LATER, now: NOW });
          await accounts.createKey({ ...key, id: `k-${name}`, secretHash: `h-${name}`, createdBy });
        }
        const reset = (tokenHash: string, more: object = {}) =>
          accounts.createReset({ tokenHash, accountId: 'id-a', expiresAt: LATER, now: NOW, ...more });
        await reset('first');
        await reset('second');
        // The newest one counts.
        expect(await accounts.accountOfReset('first', NOW)).toBeUndefined();
        expect((await accounts.accountOfReset('second', NOW))?.id).toBe('id-a');
        expect(await accounts.accountOfReset('second', LATER)).toBeUndefined();
        expect(await accounts.resetPassword('second', 'late', LATER)).toBeUndefined();
        await reset('third');
        const set = await Promise.all(['one', 'two'].map((hash) => accounts.resetPassword('third', hash, NOW)));
        expect(set.filter((one) => one !== undefined).length).toBe(1);
        const { passwordHash } = (await accounts.accountById('id-a'))!;
        expect(['one', 'two']).toContain(passwordHash);
        expect(await accounts.accountOfSession('s-a', NOW)).toBeUndefined();
        expect((await accounts.accountOfSession('s-b', NOW))?.id).toBe('id-b');
        expect((await accounts.keys()).map(({ id }) => id)).toEqual(['k-b']);
        await reset('shut');
        await accounts.shutOut('id-a');
        expect(await accounts.resetPassword('shut', 'x', NOW)).toBeUndefined();
      },
    );
    each('a reset ends with whoever could have made it, and with the account that it was for', async (accounts) => {
      for (const [name, role] of [
        ['owner', 'owner'],
        ['lead', 'lead'],
        ['ann', 'rater'],
      ] as const)
        await accounts.createAccount(account(name, { role }));
      const links = async (...ends: ((id: string) => Promise<unknown>)[]) => {
        const left: boolean[] = [];
        for (const [i, end] of ends.entries())
          for (const [by, of] of [
            ['owner', 'ann'],
            ['lead', 'ann'],
            ['ann', 'ann'],
          ] as const) {
            const tokenHash = `${i}-${by}`;
            await accounts.createReset({ tokenHash, accountId: `id-${of}`, expiresAt: LATER, now: NOW });
            await end(`id-${by}`);
            // Who is let in again finds no old link.
            for (const name of ['owner', 'lead', 'ann'])
              await accounts.updateAccount(`id-${name}`, { disabled: false });
            left.push((await accounts.accountOfReset(tokenHash, NOW)) !== undefined);
          }
        return left;
      };
      const gone = [false, true, false];
      expect(await links(accounts.shutOut, accounts.takeBackGiven)).toEqual([...gone, ...gone]);
      const lowered = async (id: string) => {
        await accounts.updateAccount(id, { role: id === 'id-owner' ? 'lead' : 'rater' });
        if (id === 'id-owner') await accounts.updateAccount(id, { role: 'owner' });
      };
      expect((await links(lowered))[0]).toBe(false);
      await accounts.createReset({ tokenHash: 'last', accountId: 'id-ann', expiresAt: LATER, now: NOW });
      await accounts.removeAccount('id-owner');
      expect(await accounts.accountOfReset('last', NOW)).toBeUndefined();
    });
    each('an account is deleted with its sessions and what it gave, and its name is free', async (accounts) => {
      await accounts.createAccount(account('a'));
      await accounts.setProjects('id-a', ['p']);
      await accounts.createSession({ tokenHash: 's', accountId: 'id-a', expiresAt: LATER, now: NOW });
      await accounts.createInvite(invite('i'), NOW);
      expect(await accounts.removeAccount('id-a')).toBe(true);
      expect(await accounts.removeAccount('id-a')).toBe(false);
      expect(await accounts.accountById('id-a')).toBeUndefined();
      expect(await accounts.accountOfSession('s', NOW)).toBeUndefined();
      expect([await accounts.invites(NOW), await accounts.projectsOf('id-a')]).toEqual([[], []]);
      expect(await accounts.createAccount(account('a', { id: 'new', raterId: 'new' }))).toMatchObject({ id: 'new' });
    });
    each('says who gives, as they stand now, and nobody who is shut out', async (accounts) => {
      for (const name of ['a', 'b', 'c']) await accounts.createAccount(account(name, { role: 'lead' }));
      await accounts.setProjects('id-a', ['p', 'q']);
      await accounts.shutOut('id-b');
      const givers = await accounts.givers(['id-a', 'id-b', 'id-c', 'id-a', 'nobody']);
      expect([...givers.keys()].sort()).toEqual(['id-a', 'id-c']);
      expect([...givers.get('id-a')!.projects].sort()).toEqual(['p', 'q']);
      expect(givers.get('id-c')).toEqual({ id: 'id-c', role: 'lead', projects: [] });
      expect(await accounts.givers([])).toEqual(new Map());
    });
    each('who is shut out takes sessions, keys and invitations along, and nobody else’s', async (accounts) => {
      const key = { name: 'ci', role: 'auditor', projectId: null, createdAt: NOW, lastUsedAt: null };
      for (const name of ['a', 'b']) {
        await accounts.createAccount(account(name));
        const createdBy = `id-${name}`;
        await accounts.createSession({ tokenHash: `s-${name}`, accountId: createdBy, expiresAt: LATER, now: NOW });
        await accounts.createInvite(invite(name, { createdBy }), NOW);
        await accounts.createKey({ ...key, id: `k-${name}`, secretHash: `h-${name}`, createdBy });
      }
      await accounts.shutOut('id-a');
      expect(await accounts.accountById('id-a')).toMatchObject({ disabled: true });
      expect((await accounts.keys()).map(({ id }) => id)).toEqual(['k-b']);
      expect((await accounts.invites(NOW)).map(({ id }) => id)).toEqual(['b']);
      // Let in again, nothing of before is good again.
      await accounts.updateAccount('id-a', { disabled: false });
      expect(await accounts.accountOfSession('s-a', NOW)).toBeUndefined();
      expect((await accounts.accountOfSession('s-b', NOW))?.id).toBe('id-b');
      await accounts.takeBackGiven('id-b');
      expect([await accounts.keys(), await accounts.invites(NOW)]).toEqual([[], []]);
    });
    each('sessions and invitations that ended are deleted when the next one is made', async (accounts) => {
      await accounts.createAccount(account('a'));
      await accounts.createSession({ tokenHash: 's1', accountId: 'id-a', expiresAt: LATER, now: NOW });
      await accounts.createInvite(invite('old'), NOW);
      const end = '2026-01-03T00:00:00.000Z';
      await accounts.createSession({ tokenHash: 's2', accountId: 'id-a', expiresAt: end, now: LATER });
      await accounts.createInvite(invite('new', { expiresAt: end }), LATER);
      // Even to a clock that stands where they were good.
      expect(await accounts.accountOfSession('s1', NOW)).toBeUndefined();
      expect((await accounts.invites(NOW)).map(({ id }) => id)).toEqual(['new']);
    });
    each('of two names that are alike and taken up at once, one is refused', async (accounts) => {
      await Promise.all(['x', 'y', 'z'].map((id) => accounts.createInvite(invite(id), NOW)));
      const alike = (one: string, other: string) => one.toLowerCase().replace('0', 'o') === other.replace('0', 'o');
      const join = (id: string, name: string) => {
        const { role: _, ...rest } = account(name, { id: `id-${id}`, raterId: `rater-${id}` });
        return accounts.acceptInvite(`token-${id}`, rest, { now: NOW, alike });
      };
      const made = await Promise.all([join('x', 'olga'), join('y', '0lga'), join('z', 'olg-a')]);
      expect(made.filter((one) => one === 'name-taken').length).toBe(1);
      expect((await accounts.accounts()).length).toBe(2);
      expect((await accounts.invites(NOW)).length).toBe(1);
    });
    each('keys are found by hash, note their use, and can be revoked', async (accounts) => {
      const key = { id: 'k', name: 'ci', secretHash: 'h', role: 'auditor', projectId: null, createdBy: 'id-a' };
      await accounts.createKey({ ...key, createdAt: NOW, lastUsedAt: null });
      expect(await accounts.keyBySecret('other', LATER)).toBeUndefined();
      expect((await accounts.keyBySecret('h', LATER))?.id).toBe('k');
      expect((await accounts.keys())[0]?.lastUsedAt).toBe(LATER);
      await accounts.removeKey('k');
      expect(await accounts.keyBySecret('h', LATER)).toBeUndefined();
    });
    each('webhooks count failures, settings hold JSON, projects are set as a whole', async (accounts) => {
      const hook = { id: 'w', url: 'http://127.0.0.1:1/', projectId: 'p', events: ['run.finished'], secret: 's' };
      await accounts.createWebhook({ ...hook, createdBy: 'id-a', createdAt: NOW, failures: 0 });
      await accounts.noteDelivery('w', false);
      await accounts.noteDelivery('w', false);
      expect((await accounts.webhooks())[0]).toMatchObject({ ...hook, createdBy: 'id-a', failures: 2 });
      await accounts.noteDelivery('w', true);
      expect((await accounts.webhooks())[0]?.failures).toBe(0);
      await accounts.removeWebhook('w');
      expect(await accounts.webhooks()).toEqual([]);
      expect(await accounts.setting('x')).toBeUndefined();
      await accounts.setSetting('x', { a: [1, null] });
      await accounts.setSetting('x', { a: [2] });
      expect(await accounts.setting('x')).toEqual({ a: [2] });
      expect([...(await accounts.settings(['x', 'y']))]).toEqual([['x', { a: [2] }]]);
      expect(await accounts.settings([])).toEqual(new Map());
      expect(await Promise.all([1, 2, 3].map((v) => accounts.settingOrFirst('first', v)))).toEqual([1, 1, 1]);
      await accounts.createAccount(account('a'));
      await accounts.setProjects('id-a', ['p', 'q']);
      await accounts.setProjects('id-a', ['q', 'r']);
      expect((await accounts.projectsOf('id-a')).sort()).toEqual(['q', 'r']);
    });
  });
}
