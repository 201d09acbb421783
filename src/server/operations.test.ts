import { afterEach, expect, it } from 'vitest';
import { openTestStudio, type TestStudio } from './studio.fake.ts';

let studio: TestStudio;
afterEach(() => studio.close());

it('says whether it lives and whether its store answers', async () => {
  studio = await openTestStudio();
  for (const path of ['/healthz', '/readyz']) expect((await studio.app.request(path)).status).toBe(200);
  const { accounts } = studio.store;
  const broken = await openTestStudio({
    accounts: {
      ...accounts,
      setting: async (key) => {
        if (key === 'first-account') throw new Error('the connection is gone');
        return accounts.setting(key);
      },
    },
  });
  expect((await broken.app.request('/readyz')).status).toBe(503);
  expect((await broken.app.request('/healthz')).status).toBe(200);
  await broken.close();
});

it('gives its numbers to a key of an auditor for all projects, and to nobody else', async () => {
  studio = await openTestStudio();
  const owner = await studio.person('owner');
  const read = (headers: Record<string, string> = {}) => studio.app.request('/metrics', { headers });
  expect((await read()).status).toBe(401);
  expect((await read({ cookie: (await studio.person('rater')).cookie! })).status).toBe(401);
  const { secret } = await owner.call('POST /api/keys', { body: { name: 'prometheus', role: 'auditor' } });
  const answer = await read({ authorization: `Bearer ${secret}` });
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const text = await answer.text();
  expect(text).toMatch(/^goodhart_store_up 1$/m);
  expect(text).toMatch(/^goodhart_http_requests_total\{method="GET",status="4xx"\} 2$/m);
  // Every line is a comment or a sample, and a histogram counts up to its count.
  for (const line of text.trimEnd().split('\n'))
    expect(line).toMatch(/^(# (HELP|TYPE) goodhart_\w+ .+|goodhart_\w+(\{[^}]*\})? [\d.e+-]+)$/);
  const count = /^goodhart_http_request_seconds_count (\d+)$/m.exec(text)![1];
  expect(text).toContain(`goodhart_http_request_seconds_bucket{le="+Inf"} ${count}`);
});

it('marks cookies as secure under a name that browsers reach by https only', async () => {
  studio = await openTestStudio({ origins: ['https://studio.example.org'] });
  await studio.person('owner');
  const login = async (host: string) => {
    const headers = { 'content-type': 'application/json', host };
    const body = JSON.stringify({ name: 'Olga', password: 'correct horse 1' });
    const answer = await studio.app.request(`http://${host}/api/login`, { method: 'POST', headers, body });
    return [answer.status, /; secure/i.test(answer.headers.get('set-cookie') ?? '')];
  };
  expect(await login('studio.example.org')).toEqual([200, true]);
  expect(await login('localhost')).toEqual([200, false]);
  expect((await login('other.example.org'))[0]).toBe(421);
});
