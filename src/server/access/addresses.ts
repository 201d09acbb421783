import { BlockList, isIP } from 'node:net';
import { UsageError } from '../../run/index.ts';

/** Proxies whose word about the caller is believed. */
export interface TrustedProxies {
  /** Whether an address is one of them. */
  has(address: string): boolean;
}

/** IPv4 as IPv4, however it is written; a zone or port left out. */
function plain(address: string): string {
  const [bare = ''] = address
    .trim()
    .replace(/^\[([^\]]*)\](:\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
    .split('%');
  return bare.toLowerCase().replace(/^::ffff:(\d+\.\d+\.\d+\.\d+)$/, '$1');
}

/** Proxies by address or network: `127.0.0.1`, `10.0.0.0/8`, `::1`, `loopback`. None by default. */
export function trustedProxies(entries: readonly string[] = []): TrustedProxies {
  const list = new BlockList();
  for (const entry of entries.flatMap((one) => (one === 'loopback' ? ['127.0.0.0/8', '::1'] : [one]))) {
    const [address, bits] = entry.split('/') as [string, string?];
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const most = family === 'ipv6' ? 128 : 32;
    const prefix = bits === undefined ? most : Number(bits);
    if (isIP(address) === 0 || !/^\d*$/.test(bits ?? '') || prefix > most)
      throw new UsageError('proxy', `proxy ${entry}: expected an address, a network such as 10.0.0.0/8, or loopback`);
    list.addSubnet(address, prefix, family);
  }
  return {
    has(given) {
      const address = plain(given);
      const family = isIP(address);
      return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
    },
  };
}

/**
 * The caller's address: that of the connection, unless a trusted proxy made it; then the last address it forwarded that is
 * not a trusted proxy's itself. What others forward is what anybody can write.
 */
export function callerAddress(connection: string, forwarded: string | undefined, proxies: TrustedProxies): string {
  let caller = plain(connection);
  if (!proxies.has(caller)) return caller;
  for (const entry of (forwarded ?? '').slice(-2000).split(',').reverse()) {
    const address = plain(entry);
    if (isIP(address) === 0) break;
    caller = address;
    if (!proxies.has(address)) break;
  }
  return caller;
}

/** Whom a limit counts as one: an address of IPv4, a network of 64 bits of IPv6, which is what a household is given. */
export function limitedAs(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail = ''] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === '' ? [] : tail.split(':');
  const zeros = address.includes('::') ? 8 - before.length - after.length : 0;
  const groups = [...before, ...new Array<string>(Math.max(0, zeros)).fill('0'), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
