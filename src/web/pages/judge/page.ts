import { call } from '../../api.ts';

/** A project as its raters see it. */
export const judgeQuery = (project: string) => ({
  queryKey: ['judge', project],
  queryFn: () => call('GET /api/judge/{project}', { params: { project } }),
  staleTime: 60_000,
});
