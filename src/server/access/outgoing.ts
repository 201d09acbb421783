import { type LookupAddress, lookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { trustedProxies } from './addresses.ts';

/** Sends a request that somebody named in a form; redirects are not followed. */
export type Send = (
  url: string,
  init: {
    readonly method: 'POST';
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

/** To any address: for a Studio that only this machine reaches. */
export const sendAnywhere: Send = (url, init) => fetch(url, { ...init, redirect: 'error' });

/** Networks that are somebody's own and not of the internet (RFC 6890 and its kin). */
const PRIVATE = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...[
    '192.0.2.0/24',
    '192.88.99.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
    '224.0.0.0/3',
  ],
  ...[
    '::/96',
    '64:ff9b:1::/48',
    '100::/64',
    '2001::/23',
    '2001:db8::/32',
    'fc00::/7',
    'fe80::/10',
    'fec0::/10',
    'ff00::/8',
  ],
];

/** IPv4 inside of IPv6, by any of the ways to write it. */
const MAPPED = ['::ffff:0:0/96', '64:ff9b::/96', '2002::/16'];

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address, bits] = network.split('/') as [string, string];
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
// A list of both takes every IPv4 address for one inside of IPv6.
const PRIVATE_V4 = listOf(PRIVATE.filter((network) => !network.includes(':')));
const PRIVATE_V6 = listOf([...PRIVATE.filter((network) => network.includes(':')), ...MAPPED]);

/** Whether an address belongs to a private network; what is no address does. */
export function isPrivate(address: string): boolean {
  const family = isIP(address);
  return family === 0 || (family === 4 ? PRIVATE_V4.check(address, 'ipv4') : PRIVATE_V6.check(address, 'ipv6'));
}

const refusal = (host: string) =>
  Object.assign(
    new Error(`${host} is an address of a private network; whoever runs this Studio can allow it with --allow-private`),
    {
      code: 'EPRIVATE',
    },
  );

/**
 * To the internet, and to the private networks `allowed`: for a Studio that others reach, who could otherwise have it ask what
 * stands behind its wall. The address is looked at where the connection is made, so that a name cannot lead elsewhere a
 * moment later.
 */
export function sendFenced(allowed: readonly string[]): Send {
  const known = trustedProxies(allowed);
  const mayReach = (address: string) => !isPrivate(address) || known.has(address);
  const guarded: LookupFunction = (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      const addresses = (found ?? []) as LookupAddress[];
      const open = addresses.filter(({ address }) => mayReach(address));
      if (error !== null) return done(error, '', 0);
      if (open.length === 0) return done(refusal(host) as NodeJS.ErrnoException, '', 0);
      if (options.all === true) return done(null, open as never);
      return done(null, open[0]!.address, open[0]!.family);
    });
  };
  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const target = new URL(url);
      const literal = target.hostname.replace(/^\[(.*)\]$/, '$1');
      if (isIP(literal) !== 0 && !mayReach(literal)) {
        reject(refusal(literal));
        return;
      }
      const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
      const sent = send(target, { method, headers, signal, lookup: guarded, agent: false }, (answer) => {
        const { statusCode = 500 } = answer;
        if (statusCode >= 300 && statusCode < 400) {
          answer.resume();
          reject(new Error('the endpoint redirects, which is not followed'));
          return;
        }
        const empty = statusCode === 204 || statusCode === 205;
        if (empty) answer.resume();
        resolve(new Response(empty ? null : (Readable.toWeb(answer) as ReadableStream), { status: statusCode }));
      });
      sent.once('error', reject);
      sent.end(body);
    });
}
