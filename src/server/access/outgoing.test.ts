import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isPrivate, sendFenced } from './outgoing.ts';

const init = () => ({
  method: 'POST' as const,
  headers: { 'content-type': 'application/json' },
  body: '{}',
  signal: AbortSignal.timeout(10_000),
});

describe('private networks', () => {
  it('are told from the internet, however an address is written', () => {
    const own = [
      ...['127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
      ...['255.255.255.255', '::1', '::', 'fe80::1', 'fd00::1', '::ffff:127.0.0.1', '64:ff9b::a00:1', 'localhost'],
      ...['::127.0.0.1', '2002:7f00:1::', '2001:0:a00:1::', 'fec0::1', '192.88.99.1'],
    ];
    expect(own.filter((address) => !isPrivate(address))).toEqual([]);
    const others = ['1.1.1.1', '8.8.8.8', '172.32.0.1', '192.169.0.1', '2606:4700:4700::1111'];
    expect(others.filter(isPrivate)).toEqual([]);
  });
});

describe('requests that somebody named in a form', () => {
  it('reach no private network unless it is allowed, by address or by name, and follow no redirect', async () => {
    let asked = 0;
    const server = createServer((request, response) => {
      asked += 1;
      if (request.url === '/away') response.writeHead(302, { location: '/' }).end();
      else response.end('{"ok":true}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const refused = /private network; whoever runs this Studio can allow it with --allow-private/;
      const fenced = sendFenced([]);
      for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1'])
        await expect(fenced(`http://${host}:${port}/`, init()), host).rejects.toThrow(refused);
      expect(asked).toBe(0);
      const open = sendFenced(['loopback']);
      expect(await (await open(`http://localhost:${port}/`, init())).json()).toEqual({ ok: true });
      await expect(open(`http://127.0.0.1:${port}/away`, init())).rejects.toThrow(/redirects/);
      expect(asked).toBe(2);
    } finally {
      server.close();
    }
  });
});
