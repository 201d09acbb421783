import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { RequestOf, ResponseOf } from '../../../server/index.ts';
import { call } from '../../api.ts';
import { useSession } from '../../session.tsx';

export type ProjectDetail = ResponseOf<'GET /api/projects/{project}'>;
export type Counts = ProjectDetail['counts'];
export type ListedItem = ResponseOf<'GET /api/projects/{project}/items'>['items'][number];
export type ItemRow = ItemDetail['row'];
export type ItemDetail = ResponseOf<'GET /api/projects/{project}/items/{item}'>;
export type RecordRow = ItemDetail['records'][number];
export type RaterRow = ResponseOf<'GET /api/projects/{project}/raters'>['raters'][number];

/** What the pages of projects read. Everything of one project lies under its key, so that a change renews all of it. */
export const projectsQuery = queryOptions({
  queryKey: ['projects'],
  queryFn: () => call('GET /api/projects'),
});
export const projectQuery = (project: string) =>
  queryOptions({
    queryKey: ['project', project],
    queryFn: () => call('GET /api/projects/{project}', { params: { project } }),
  });
export const overviewQuery = (project: string) =>
  queryOptions({
    queryKey: ['project', project, 'overview'],
    queryFn: () => call('GET /api/projects/{project}/overview', { params: { project } }),
    refetchInterval: 15_000,
  });
export const ratersQuery = (project: string) =>
  queryOptions({
    queryKey: ['project', project, 'raters'],
    queryFn: () => call('GET /api/projects/{project}/raters', { params: { project } }),
  });
export const qualityQuery = (project: string) =>
  queryOptions({
    queryKey: ['project', project, 'quality'],
    queryFn: () => call('GET /api/projects/{project}/quality', { params: { project } }),
  });
export const runPreviewQuery = (project: string) =>
  queryOptions({
    queryKey: ['project', project, 'run-preview'],
    queryFn: () => call('GET /api/projects/{project}/run-preview', { params: { project } }),
  });
/** Which items are listed. */
export type ItemsWanted = NonNullable<RequestOf<'GET /api/projects/{project}/items'>['query']>;
export const itemsQuery = (project: string, query: ItemsWanted) =>
  queryOptions({
    queryKey: ['project', project, 'items', query],
    queryFn: () => call('GET /api/projects/{project}/items', { params: { project }, query }),
  });
export const answersQuery = (project: string) =>
  queryOptions({
    queryKey: ['project', project, 'answers'],
    queryFn: () => call('GET /api/projects/{project}/answers', { params: { project } }),
  });
export const importsQuery = (project: string) =>
  queryOptions({
    queryKey: ['project', project, 'imports'],
    queryFn: () => call('GET /api/projects/{project}/imports', { params: { project } }),
  });
export const itemQuery = (project: string, item: string) =>
  queryOptions({
    queryKey: ['project', project, 'item', item],
    queryFn: () => call('GET /api/projects/{project}/items/{item}', { params: { project, item } }),
  });
export const recordsQuery = (project: string, query: { after?: number; rater?: string; ids?: string }) =>
  queryOptions({
    queryKey: ['project', project, 'records', query],
    queryFn: () => call('GET /api/projects/{project}/records', { params: { project }, query }),
  });
export const layoutsQuery = queryOptions({
  queryKey: ['layouts'],
  queryFn: () => call('GET /api/layouts'),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Runs a change of a project and brings everything shown of it up to date. */
export function useProjectChange<T, R>(project: string, change: (input: T) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['project', project] }),
        client.invalidateQueries({ queryKey: ['projects'] }),
      ]),
  });
}

/** Whether the person may change projects, rather than only read them. */
export function useMayLead(): boolean {
  const role = useSession().data?.user?.role;
  return role === 'owner' || role === 'lead';
}

export const useProject = (project: string) => useQuery(projectQuery(project));
