import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { sendAnywhere } from './access/outgoing.ts';
import { openTestStudio } from './studio.fake.ts';
import { createNotifier } from './webhooks.ts';

it('signs what happened, tries again under the same id, and counts an endpoint that stays away', async () => {
  const studio = await openTestStudio();
  const owner = await studio.person('owner');
  const got: { headers: Record<string, string>; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      got.push({ headers: request.headers as Record<string, string>, body });
      response.statusCode = got.length === 1 ? 503 : 204;
      response.end();
    });
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', () => done());
  });
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const made = await owner.call('POST /api/webhooks', {
      body: { url, events: ['judgment.created'], projectId: 'p' },
    });
    await owner.call('POST /api/webhooks', { body: { url: 'http://127.0.0.1:9/', events: ['judgment.created'] } });
    const { accounts } = studio.store;
    const noted: boolean[] = [];
    const notify = createNotifier({
      send: sendAnywhere,
      accounts: {
        ...accounts,
        async noteDelivery(id, delivered) {
          await accounts.noteDelivery(id, delivered);
          noted.push(delivered);
        },
      },
      now: () => new Date().toISOString(),
      report: (_, error) => {
        throw error;
      },
      pausesMs: [1],
    });
    notify({
      type: 'judgment.created',
      projectId: 'q',
      data: { id: 'j0', itemId: 'i', raterId: 'r', records: ['j0/q'] },
    });
    notify({
      type: 'judgment.created',
      projectId: 'p',
      data: { id: 'j1', itemId: 'i', raterId: 'r', records: ['j1/q'] },
    });
    await expect.poll(() => noted.length, { timeout: 20_000 }).toBe(3);
    expect((await accounts.webhooks()).map((hook) => hook.failures)).toEqual([0, 2]);
    expect(noted.filter((delivered) => delivered).length).toBe(1);
    expect(got.length).toBe(2);
    expect(got[0]!.headers['webhook-id']).toBe(got[1]!.headers['webhook-id']);
    const verified = new Webhook(made.secret).verify(got[1]!.body, got[1]!.headers) as { data: { id: string } };
    expect(verified.data.id).toBe('j1');
    expect(() => new Webhook(made.secret).verify(`${got[1]!.body} `, got[1]!.headers)).toThrow();
  } finally {
    server.close();
    await studio.close();
  }
});
