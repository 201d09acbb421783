import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { clockTime, figure } from '../../ui/figures.ts';

/** Which moment a page shows: the last record it counts and when it was fetched, with a way to fetch it anew. */
export function AsOf({ query }: { readonly query: UseQueryResult<{ readonly asOf: number }> }): ReactNode {
  if (query.data === undefined) return null;
  return (
    <p className="row small soft flush as-of">
      <span>
        {query.data.asOf === 0 ? 'Before the first record' : `Up to record ${figure(query.data.asOf)}`}, fetched at{' '}
        {clockTime(query.dataUpdatedAt)}
      </span>
      <button type="button" className="plain" disabled={query.isFetching} onClick={() => void query.refetch()}>
        {query.isFetching ? 'Refreshing…' : 'Refresh'}
      </button>
      {query.isError && <span role="alert">could not be refreshed: {query.error.message}</span>}
    </p>
  );
}
