import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ResponseOf } from '../server/index.ts';
import { call } from './api.ts';

export type User = NonNullable<ResponseOf<'GET /api/session'>['user']>;

/** Who is signed in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: () => call('GET /api/session'),
  staleTime: 60_000,
});
export const useSession = () => useQuery(sessionQuery);

/** Forgets everything known under the old session. */
export function useSessionChange(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    // The session itself stays in place and is asked for anew: the head of the page watches it.
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionQuery.queryKey[0] });
    await client.fetchQuery({ ...sessionQuery, staleTime: 0 });
  };
}
