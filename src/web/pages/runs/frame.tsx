import { useQuery } from '@tanstack/react-query';
import { Link, useLocation, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ResponseOf } from '../../../server/index.ts';
import { Loaded } from '../../ui/state.tsx';
import { useTitle } from '../../ui/title.ts';
import { runQuery } from './queries.ts';

export type RunDetail = ResponseOf<'GET /api/runs/{run}'>;
type Status = RunDetail['run']['status'];

const STATUS: { readonly [S in Status]: { readonly mark: string; readonly text: string; readonly look: string } } = {
  running: { mark: '▶', text: 'running', look: 'measured' },
  complete: { mark: '●', text: 'complete, sealed', look: 'clear' },
  stopped: { mark: '◐', text: 'stopped', look: 'concern' },
  unfinished: { mark: '◐', text: 'unfinished', look: 'concern' },
  failed: { mark: '■', text: 'failed', look: 'failure' },
  unreadable: { mark: '■', text: 'unreadable', look: 'failure' },
};

export function RunStatus({ status }: { readonly status: Status }): ReactNode {
  const { mark, text, look } = STATUS[status];
  return (
    <span className={`verdict ${look}`}>
      <span aria-hidden="true">{mark}</span> {text}
    </span>
  );
}

const TABS = [
  { to: '/runs/$run', text: 'Overview and curves' },
  { to: '/runs/$run/report', text: 'Report' },
  { to: '/runs/$run/samples', text: 'Samples' },
  { to: '/runs/$run/audit', text: 'Audit' },
  { to: '/runs/$run/disclosure', text: 'Disclosure' },
] as const;

/** The head and tabs of a run, and the page below with its details. */
export function RunFrame({ children }: { readonly children: (detail: RunDetail) => ReactNode }): ReactNode {
  const { run } = useParams({ strict: false }) as { run: string };
  const detail = useQuery(runQuery(run));
  const { pathname } = useLocation();
  const tab = TABS.find(({ to }) => to.replace('$run', encodeURIComponent(run)) === pathname);
  useTitle([tab?.text, run].filter((part) => part !== undefined).join(': '));
  return (
    <main>
      <p className="small">
        <Link to="/runs">Runs</Link>
      </p>
      {detail.isError && <h1>{run}</h1>}
      <Loaded query={detail}>
        {(data) => (
          <>
            <div className="row spread">
              <h1>{data.run.name}</h1>
              <RunStatus status={data.run.status} />
            </div>
            {data.run.project !== null && (
              <p className="small">
                On the judgments of{' '}
                <Link to="/projects/$project" params={{ project: data.run.project }}>
                  {data.run.project}
                </Link>{' '}
                (
                <Link to="/projects/$project/records" params={{ project: data.run.project }}>
                  its records
                </Link>
                )
              </p>
            )}
            {data.run.reason !== null && <p className="spaced">{data.run.reason}</p>}
            <nav className="tabs" aria-label="Parts of the run">
              {TABS.map(({ to, text }) => (
                <Link key={to} to={to} params={{ run }} activeOptions={{ exact: to === '/runs/$run' }}>
                  {text}
                </Link>
              ))}
              {data.files.includes('report.html') && (
                <a href={`/runs/${encodeURIComponent(run)}/files/report.html`}>Report as one file</a>
              )}
            </nav>
            {children(data)}
          </>
        )}
      </Loaded>
    </main>
  );
}
