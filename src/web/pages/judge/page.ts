import { useEffect } from 'react';
import { call } from '../../api.ts';

/** A project as its raters see it. */
export const judgeQuery = (project: string) => ({
  queryKey: ['judge', project],
  queryFn: () => call('GET /api/judge/{project}', { params: { project } }),
});

/** Names the page in the browser's title bar while it is open. */
export function useTitle(title: string): void {
  useEffect(() => {
    const before = document.title;
    document.title = `${title} · Goodhart Studio`;
    return () => {
      document.title = before;
    };
  }, [title]);
}
