import type { ModelSpec } from '../engine/index.ts';
import { trimmed, UsageError } from '../run/index.ts';

/** Begins the name of a model with fresh weights, which the rest of the name describes; servers of this house make it. */
export const FRESH = 'fresh:';

/** The name of a model with fresh weights. */
export const freshName = (spec: ModelSpec): string => `${FRESH}${JSON.stringify(spec)}`;

/** The address of a server without its last slashes and `/api/v1`: one server has one. @throws UsageError for no http address. */
export function serverUrl(url: string): string {
  if (!/^https?:/i.test(url) || !URL.canParse(url)) throw new UsageError('url', `${url}: expected http:// or https://`);
  const { origin, pathname } = new URL(url);
  return trimmed(`${origin}${pathname}`, '/').replace(/\/api\/v1$/, '');
}
