import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { StudioError } from '../api.ts';

/** What is forbidden or not there will be so the next time too. */
const isFinal = (error: unknown) => error instanceof StudioError && (error.status === 403 || error.status === 404);

/** What went wrong, and a way to try again. */
export function Fault({ error, retry }: { readonly error: unknown; readonly retry?: () => void }): ReactNode {
  return (
    <div className="notice fault" role="alert">
      <p>{error instanceof Error ? error.message : 'Something went wrong.'}</p>
      {retry !== undefined && !isFinal(error) && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Says that there is nothing yet, and what to do about it. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }): ReactNode {
  return (
    <div className="panel">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** A query's answer, or that it is loading, or its fault. */
export function Loaded<T>({
  query,
  children,
}: {
  readonly query: UseQueryResult<T>;
  readonly children: (data: T) => ReactNode;
}): ReactNode {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <Fault error={query.error} retry={() => void query.refetch()} />;
  return <p role="status">Loading…</p>;
}
