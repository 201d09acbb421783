import type { RequestOf } from '../server/index.ts';

/**
 * What pages take from the part of an address behind the question mark. The router reads it as JSON where it can, so that
 * a value may be anything: what a page does not know is left out.
 */
type Given = Readonly<Record<string, unknown>>;

export type ItemFilter = NonNullable<NonNullable<RequestOf<'GET /api/projects/{project}/items'>['query']>['show']>;
const FILTERS: { readonly [F in ItemFilter]: F } = {
  all: 'all',
  open: 'open',
  disagreement: 'disagreement',
  flagged: 'flagged',
  adjudicated: 'adjudicated',
};

/** Which items to list. */
export const itemSearch = ({ show }: Given): { readonly show?: ItemFilter } => {
  const known = Object.values(FILTERS).find((filter) => filter === show);
  return known === undefined ? {} : { show: known };
};

/** Which records to list. An id that looks like a number was read as one. */
export const recordSearch = ({ rater, ids }: Given): { readonly rater?: string; readonly ids?: readonly string[] } => ({
  ...(rater !== undefined && { rater: String(rater) }),
  ...(ids !== undefined && { ids: (Array.isArray(ids) ? ids : [ids]).map(String) }),
});

/** Where to go after signing in. */
export const loginSearch = ({ to }: Given): { readonly to?: string } => (typeof to === 'string' ? { to } : {});

/** Runs to compare, with commas between. */
export const compareSearch = ({ runs }: Given): { readonly runs?: string } =>
  runs === undefined ? {} : { runs: String(runs) };
