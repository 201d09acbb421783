import { queryOptions } from '@tanstack/react-query';
import { call } from '../../api.ts';

/** What the pages of runs read. A running run is asked again every two seconds. */
export const runsQuery = (away: boolean) =>
  queryOptions({
    queryKey: ['runs', 'away', away],
    queryFn: () => call('GET /api/runs', { query: { archived: away ? ('yes' as const) : ('no' as const) } }),
    refetchInterval: (query) =>
      query.state.data?.runs.some(({ status }) => status === 'running') === true ? 2000 : false,
  });
/** Runs on the judgments of a project. */
export const projectRunsQuery = (project: string) =>
  queryOptions({
    queryKey: ['runs', 'of', project],
    queryFn: () => call('GET /api/runs', { query: { project } }),
    refetchInterval: (query) =>
      query.state.data?.runs.some(({ status }) => status === 'running') === true ? 2000 : false,
  });
export const runQuery = (run: string) =>
  queryOptions({
    queryKey: ['run', run],
    queryFn: () => call('GET /api/runs/{run}', { params: { run } }),
    refetchInterval: ({ state: { data } }) =>
      data?.run.status === 'running' || data?.asks.some(({ status }) => status === 'running') === true ? 2000 : false,
  });
export const seriesQuery = (run: string, live: boolean) =>
  queryOptions({
    queryKey: ['series', run],
    queryFn: () => call('GET /api/runs/{run}/series', { params: { run } }),
    refetchInterval: live ? 2000 : false,
  });
export const findingsQuery = (run: string) =>
  queryOptions({
    queryKey: ['findings', run],
    queryFn: () => call('GET /api/runs/{run}/findings', { params: { run } }),
  });
export const reportQuery = (run: string) =>
  queryOptions({
    queryKey: ['report', run],
    queryFn: () => call('GET /api/runs/{run}/report', { params: { run } }),
  });
/** What is known of a challenge whatever the run. */
export const challengeQuery = (challenge: string) =>
  queryOptions({
    queryKey: ['challenges', challenge],
    queryFn: () => call('GET /api/challenges/{challenge}', { params: { challenge } }),
    staleTime: Number.POSITIVE_INFINITY,
  });
export const challengesQuery = queryOptions({
  queryKey: ['challenges'],
  queryFn: () => call('GET /api/challenges'),
  staleTime: Number.POSITIVE_INFINITY,
});
