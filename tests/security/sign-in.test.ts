import { createHook } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { callerAddress, limitedAs, trustedProxies } from '../../src/server/access/addresses.ts';
import { createLoginPace } from '../../src/server/access/login-pace.ts';
import { looksLike } from '../../src/server/access/names.ts';
import { createTurns } from '../../src/server/access/turns.ts';
import type { StudioOptions } from '../../src/server/app.ts';
import { openTestStudio, PASSWORD, type TestStudio } from '../../src/server/studio.fake.ts';

/** Strangers who guess, and those who pay for it. */
async function withStudio(options: Partial<StudioOptions>, body: (studio: TestStudio) => Promise<void>): Promise<void> {
  const studio = await openTestStudio(options);
  try {
    await body(studio);
  } finally {
    await studio.close();
  }
}
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A login as it comes over the network: from a connection, with what it says of where it comes from. */
const loginOver = async (
  studio: TestStudio,
  { from, forwarded, name, password }: { from: string; forwarded?: string; name: string; password: string },
): Promise<number> => {
  const incoming = { socket: { remoteAddress: from, remotePort: 1, remoteFamily: 'IPv4' } };
  const headers = {
    'content-type': 'application/json',
    ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }),
  };
  const body = JSON.stringify({ name, password });
  return (await studio.app.request('/api/login', { method: 'POST', headers, body }, { incoming })).status;
};
const refusedOf = async (times: number, call: (n: number) => Promise<number>): Promise<number> => {
  let refused = 0;
  for (let n = 0; n < times; n++) if ((await call(n)) === 429) refused += 1;
  return refused;
};

describe('the address that limits count', () => {
  it('is what a trusted proxy says, and of nobody else', async () => {
    const wrong = { name: 'nobody', password: 'a wrong guess' };
    // A made-up address a request, from one that is not trusted: the limit holds all the same.
    await withStudio({ rateScale: 1 }, async (studio) => {
      const call = (n: number) => loginOver(studio, { from: '127.0.0.1', forwarded: `10.0.0.${n}`, ...wrong });
      expect(await refusedOf(12, call)).toBe(2);
    });
    await withStudio({ rateScale: 1, proxies: ['loopback'] }, async (studio) => {
      const through = (forwarded: string) => loginOver(studio, { from: '::ffff:127.0.0.1', forwarded, ...wrong });
      // What the caller wrote stands before what the proxy adds.
      expect(await refusedOf(12, (n) => through(`6.6.6.${n}, 10.0.0.1`))).toBe(2);
      expect(await through('6.6.6.6, 10.0.0.2')).toBe(401);
    });
  });
  it('shuts nobody out who was signed in from their browser before, whatever a neighbour tries', async () => {
    await withStudio({ rateScale: 1 }, async (studio) => {
      await studio.person('owner');
      const login = (cookie: string | undefined, password: string) => {
        const incoming = { socket: { remoteAddress: '10.0.0.1', remotePort: 1, remoteFamily: 'IPv4' } };
        const headers = { 'content-type': 'application/json', ...(cookie !== undefined && { cookie }) };
        const body = JSON.stringify({ name: 'Olga', password });
        return studio.app.request('/api/login', { method: 'POST', headers, body }, { incoming });
      };
      const cookies = (await login(undefined, PASSWORD)).headers.getSetCookie();
      const device = cookies.find((one) => one.startsWith('goodhart_device='))!;
      expect(device).toMatch(/HttpOnly/i);
      const own = device.split(';')[0]!;
      expect(await refusedOf(12, async () => (await login(undefined, 'a wrong guess')).status)).toBeGreaterThan(0);
      expect((await login(undefined, PASSWORD)).status).toBe(429);
      expect((await login(own, PASSWORD)).status).toBe(200);
      // A made-up mark is none, and a true one lets nobody guess without end.
      expect((await login(`${own}x`, PASSWORD)).status).toBe(429);
      expect(await refusedOf(12, async () => (await login(own, 'a wrong guess')).status)).toBeGreaterThan(0);
      expect((await login(own, 'a wrong guess')).status).toBe(429);
    });
  });
  it('is the last one before the proxies of a chain, whatever is written before it', () => {
    const proxies = trustedProxies(['127.0.0.1', '10.0.0.0/8', '::1']);
    expect(callerAddress('127.0.0.1', undefined, proxies)).toBe('127.0.0.1');
    expect(callerAddress('9.9.9.9', '1.2.3.4', proxies)).toBe('9.9.9.9');
    expect(callerAddress('127.0.0.1', '1.2.3.4, 5.6.7.8:4000, 10.1.2.3', proxies)).toBe('5.6.7.8');
    expect(callerAddress('::1', '"unknown", [2001:db8::1]:80', proxies)).toBe('2001:db8::1');
    expect(callerAddress('127.0.0.1', '1.2.3.4, nonsense', proxies)).toBe('127.0.0.1');
    for (const entry of ['localhost', '10.0.0.0/33', '10.0.0.0/x', ''])
      expect(() => trustedProxies([entry])).toThrow(/expected an address, a network/);
  });
  it('counts a household of IPv6 as one', () => {
    expect(limitedAs('2001:db8:0:1::5')).toBe(limitedAs('2001:db8::1:ffff:0:0:9'));
    expect(limitedAs('2001:db8:0:1::5')).not.toBe(limitedAs('2001:db8:0:2::5'));
    expect(limitedAs('1.2.3.4')).toBe('1.2.3.4');
  });
});

describe('guesses at an account from many addresses', () => {
  it('are slowed down, and the owner gets in all the same, next in line', async () => {
    const pauses: (() => void)[] = [];
    const pause = () => new Promise<void>((resolve) => pauses.push(resolve));
    await withStudio({ rateScale: 1, proxies: ['loopback'], pause }, async (studio) => {
      await studio.person('owner');
      const guess = (n: number) =>
        loginOver(studio, {
          from: '127.0.0.1',
          forwarded: `10.1.${n % 8}.1`,
          name: n % 2 === 0 ? 'Olga' : ' olga ',
          password: 'a wrong guess',
        });
      const answered: number[] = [];
      const guesses = Array.from({ length: 60 }, (_, n) => guess(n).then((status) => answered.push(status)));
      await expect.poll(() => answered.length, { timeout: 60_000 }).toBe(30);
      const owner = loginOver(studio, { from: '127.0.0.1', forwarded: '10.9.9.9', name: 'Olga', password: PASSWORD });
      let status = 0;
      void owner.then((got) => {
        status = got;
      });
      const turn = async () => {
        pauses.shift()?.();
        for (let n = 0; n < 20; n++) await settled();
      };
      while (status === 0) {
        await turn();
        expect(answered.length).toBeLessThan(50);
      }
      // In before the guesses that came earlier.
      expect(status).toBe(200);
      while (answered.length < 60) await turn();
      await Promise.all(guesses);
      expect(new Set(answered)).toEqual(new Set([401]));
    });
  });
  it('leave the line when it is full, those that guess most first', async () => {
    let clock = 0;
    const pace = createLoginPace({ free: 2, everyMs: 1, now: () => clock, pause: () => new Promise(() => {}) });
    const left: string[] = [];
    const enter = (from: string) => void pace.turn('olga', from).catch(() => left.push(from));
    for (let n = 0; n < 202; n++) enter('10.0.0.1');
    enter('10.0.0.2');
    await settled();
    expect(left).toEqual(['10.0.0.1']);
    clock += 3_600_000;
    await pace.turn('somebody else', '10.0.0.1');
  });
});

describe('hashing passwords', () => {
  it('takes few at once, those we know first, and sends strangers away who would wait too long', async () => {
    const turns = createTurns({ atOnce: 2, strangers: 3 });
    const ends: (() => void)[] = [];
    const order: string[] = [];
    const work = (name: string, known: boolean) =>
      turns.take(
        () =>
          new Promise<void>((resolve) => {
            order.push(name);
            ends.push(resolve);
          }),
        { known },
      );
    const all = ['s1', 's2', 's3', 's4', 's5'].map((name) => work(name, false));
    await expect(work('s6', false)).rejects.toMatchObject({ status: 503 });
    all.push(work('k1', true));
    expect(order).toEqual(['s1', 's2']);
    for (let n = 0; n < 6; n++) {
      ends.shift()!();
      await settled();
    }
    await Promise.all(all);
    expect(order).toEqual(['s1', 's2', 'k1', 's3', 's4', 's5']);
  });
  it('is not done for an invitation that is made up, nor for a name that is taken', async () => {
    // A cost that cannot be computed shows that nothing tried.
    await withStudio({ passwordCost: 3 }, async (studio) => {
      const nobody = await studio.person(null);
      const join = async (token: string, name: string) =>
        (await nobody.send('POST /api/invites/{token}', { params: { token }, body: { name, password: PASSWORD } }))
          .status;
      for (let n = 0; n < 50; n++) expect(await join(`made-up-${n}`, 'Mallory')).toBe(404);
    });
    await withStudio({}, async (studio) => {
      const owner = await studio.person('owner');
      const { path } = await owner.call('POST /api/invites', { body: { role: 'rater' } });
      const nobody = await studio.person(null);
      const join = async (name: string) =>
        (
          await nobody.send('POST /api/invites/{token}', {
            params: { token: path.split('/').at(-1)! },
            body: { name, password: PASSWORD },
          })
        ).status;
      // Every answer says whether somebody is called so: an invitation is no list of people.
      const statuses: number[] = [];
      for (let n = 0; n < 24; n++) statuses.push(await join(n % 2 === 0 ? 'Olga' : 'OLGA'));
      expect(statuses).toEqual([...new Array(20).fill(409), ...new Array(4).fill(429)]);
      expect((await studio.store.accounts.accounts()).length).toBe(1);
    });
  });
});

describe('two hundred garbage invitations and logins', () => {
  it('cost the server few hashes, and do not keep its owner out', async () => {
    let hashes = 0;
    const counting = createHook({
      init(_, type) {
        if (type === 'SCRYPTREQUEST') hashes += 1;
      },
    });
    await withStudio({ rateScale: 1, proxies: ['loopback'] }, async (studio) => {
      await studio.person('owner');
      const nobody = await studio.person(null);
      counting.enable();
      try {
        const invitations = await Promise.all(
          Array.from({ length: 200 }, (_, n) =>
            nobody.send('POST /api/invites/{token}', {
              params: { token: `made-up-${n}` },
              body: { name: 'Mallory', password: PASSWORD },
            }),
          ),
        );
        for (const { status } of invitations) expect([404, 429]).toContain(status);
        expect(hashes).toBe(0);
        const at = (address: string, name: string, password: string) =>
          loginOver(studio, { from: '127.0.0.1', forwarded: address, name, password });
        const garbage = Array.from({ length: 200 }, (_, n) => at('10.0.0.1', `nobody ${n}`, 'a wrong guess'));
        const owner = at('10.0.0.2', 'Olga', PASSWORD);
        const statuses = await Promise.all(garbage);
        expect(await owner).toBe(200);
        // At most those ten that the limit of an address lets through, and the owner's.
        const tried = statuses.filter((status) => status !== 429).length;
        expect(tried).toBeLessThanOrEqual(10);
        expect(hashes).toBe(tried + 1);
      } finally {
        counting.disable();
      }
    });
  });
});

describe('names and passwords', () => {
  it('refuses a name that people would take for another’s', async () => {
    for (const [one, other] of [
      ['Olga', 'Οlga'],
      ['Olga', 'Оlgа'],
      ['Olga', '0lga'],
      ['Olga', 'O l g a'],
      ['Paula', 'Ρaula'],
      ['Iris', 'lris'],
      ['José', 'Jose\u0301'],
      ['Ann', 'Ａnn'],
      ['Olga', 'OIga'],
      ['olga', 'OLGA'],
      ['АННА', 'Анна'],
      ['Tom', 'Torn'],
      ['Leo', '𝐋𝖾𝗈'],
      ['scope', 'ѕсоре'],
      ['Hugo', 'Ηugο'],
      ['Osman', 'Օsman'],
      ['Deborah', 'ᎠebOrah'],
      ['Mia', 'M\u200bia'],
      ['Zoe', 'Ζοе'],
      ['🙂', '🙂'],
    ] as const)
      expect({ other, like: looksLike(one, other) }).toEqual({ other, like: true });
    for (const [one, other] of [
      ['Olga', 'Helga'],
      ['李雷', '李雪'],
      ['Анна', 'Инна'],
      ['Anna 1', 'Anna 2'],
      ['王', '玉'],
      ['🙂', '🙃'],
    ] as const)
      expect({ other, like: looksLike(one, other) }).toEqual({ other, like: false });
    await withStudio({}, async (studio) => {
      const owner = await studio.person('owner');
      const { path } = await owner.call('POST /api/invites', { body: { role: 'rater' } });
      const params = { token: path.split('/').at(-1)! };
      const nobody = await studio.person(null);
      const body = { name: 'Οlga', password: PASSWORD };
      expect((await nobody.send('POST /api/invites/{token}', { params, body })).status).toBe(409);
      expect((await nobody.send('POST /api/invites/{token}', { params, body: { ...body, name: 'Mia' } })).status).toBe(
        200,
      );
    });
  });
  it('refuses passwords of blanks and of what cannot be seen', async () => {
    await withStudio({}, async (studio) => {
      const nobody = await studio.person(null);
      const setup = async (password: string) =>
        (await nobody.send('POST /api/setup', { body: { token: studio.setupToken, name: 'Olga', password } })).status;
      for (const password of [' '.repeat(20), '\u3000'.repeat(20), '\u200b'.repeat(20), 'abc       ', 'short'])
        expect(await setup(password)).toBe(400);
      expect(await setup('ten visible')).toBe(200);
    });
  });
});
