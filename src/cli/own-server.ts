import { serverUrl } from '../engine-tinker/index.ts';
import { UsageError } from '../run/index.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Whether whoever started this program named a server as theirs. */
export const isOwnServer = (url: string, { TINKER_BASE_URL: own }: Environment = process.env): boolean =>
  own !== undefined && own !== '' && serverUrl(own) === serverUrl(url);

/**
 * The key of a server, for that server alone: a configuration may be a stranger's, or come from a form, and would have the key
 * sent wherever it says. @throws UsageError where there is a key and it is not told whose.
 */
export function keyFor(url: string, environment: Environment = process.env): string | undefined {
  const { TINKER_API_KEY: key, TINKER_BASE_URL: own } = environment;
  if (key === undefined || key === '' || isOwnServer(url, environment)) return key;
  throw new UsageError(
    'key',
    `engine.tinker.url ${url}: TINKER_API_KEY is ${own ? `for ${own}` : 'set, and not for which server'}; set TINKER_BASE_URL to the server that it is the key of`,
  );
}

/** Refuses to ask a server that a folder alone names: somebody may have sent the folder. */
export function requireOwnServer(
  folder: string,
  what: 'policy' | 'reward',
  server: { readonly url: string } | undefined,
): void {
  if (server === undefined || isOwnServer(server.url)) return;
  throw new UsageError(
    'server',
    `${folder}: its ${what} lies on ${server.url}; set TINKER_BASE_URL to that server if you want it asked`,
  );
}
