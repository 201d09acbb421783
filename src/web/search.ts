import { own } from '../run/index.ts';
import type { RequestOf } from '../server/index.ts';

/**
 * What pages take from the part of an address behind the question mark. The router reads it as JSON where it can, so that
 * a value may be anything. Each key is given, if only as undefined: the router keeps what it was not told otherwise.
 */
type Given = Readonly<Record<string, unknown>>;

export type ItemFilter = NonNullable<NonNullable<RequestOf<'GET /api/projects/{project}/items'>['query']>['show']>;
const FILTERS: { readonly [F in ItemFilter]: F } = {
  all: 'all',
  open: 'open',
  disagreement: 'disagreement',
  flagged: 'flagged',
  adjudicated: 'adjudicated',
  archived: 'archived',
};

type ItemQuery = NonNullable<RequestOf<'GET /api/projects/{project}/items'>['query']>;
export type ItemOrder = NonNullable<ItemQuery['sort']>;
const ORDERS: { readonly [O in ItemOrder]: O } = {
  added: 'added',
  id: 'id',
  agreement: 'agreement',
  judgments: 'judgments',
  last: 'last',
};
/** What else of an item is asked for, each a text in the address. */
const ITEM_TEXTS = ['search', 'import', 'stratum', 'rater', 'answer', 'least', 'most', 'from', 'to'] as const;
export type ItemText = (typeof ITEM_TEXTS)[number];
export type ItemSearch = { readonly [T in ItemText]?: string | undefined } & {
  readonly show?: ItemFilter | undefined;
  readonly sort?: ItemOrder | undefined;
};

/** Which items to list. */
export function itemSearch(given: Given): ItemSearch {
  const texts = ITEM_TEXTS.map((name) => {
    const value = own(given, name);
    return [name, value === undefined ? undefined : String(value)] as const;
  });
  return {
    show: Object.values(FILTERS).find((filter) => filter === given.show),
    sort: Object.values(ORDERS).find((order) => order === given.sort),
    ...(Object.fromEntries(texts) as { [T in ItemText]: string | undefined }),
  };
}

/** Which records to list. An id that looks like a number was read as one. */
export const recordSearch = ({
  rater,
  ids,
}: Given): { readonly rater?: string | undefined; readonly ids?: readonly string[] | undefined } => ({
  rater: rater === undefined ? undefined : String(rater),
  ids: ids === undefined ? undefined : (Array.isArray(ids) ? ids : [ids]).map(String),
});

/** Where to go after signing in. */
export const loginSearch = ({ to }: Given): { readonly to?: string | undefined } => ({
  to: typeof to === 'string' ? to : undefined,
});

/** Where the knobs of the page Explore stand; what they can mean is the page's to say. */
export interface ExploreSearch {
  readonly sycophantic?: number | undefined;
  readonly lengthBiased?: number | undefined;
  readonly pairs?: number | undefined;
  /** What the reward cannot see, with commas between. */
  readonly blind?: string | undefined;
  readonly seed?: number | undefined;
  readonly by?: 'kl' | 'n' | undefined;
  readonly kl?: number | undefined;
  readonly n?: number | undefined;
}
export function exploreSearch(given: Given): ExploreSearch {
  const number = (key: string) => {
    const value = own(given, key);
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  };
  return {
    sycophantic: number('sycophantic'),
    lengthBiased: number('lengthBiased'),
    pairs: number('pairs'),
    blind: typeof given.blind === 'string' ? given.blind : undefined,
    seed: number('seed'),
    by: given.by === 'kl' || given.by === 'n' ? given.by : undefined,
    kl: number('kl'),
    n: number('n'),
  };
}

/** Runs to compare, with commas between. */
export const compareSearch = ({ runs }: Given): { readonly runs?: string | undefined } => ({
  runs: runs === undefined ? undefined : String(runs),
});
