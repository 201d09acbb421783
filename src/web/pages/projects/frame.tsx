import { Link, useLocation, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Loaded } from '../../ui/state.tsx';
import { useTitle } from '../../ui/title.ts';
import { formNames, Names } from './names.ts';
import { type ProjectDetail, useMayLead, useProject } from './queries.ts';

const TABS = [
  { to: '/projects/$project', text: 'Overview', leads: false },
  { to: '/projects/$project/items', text: 'Items', leads: false },
  { to: '/projects/$project/adjudicate', text: 'Adjudicate', leads: true },
  { to: '/projects/$project/raters', text: 'Raters', leads: false },
  { to: '/projects/$project/quality', text: 'Quality', leads: false },
  { to: '/projects/$project/records', text: 'Records', leads: false },
  { to: '/projects/$project/settings', text: 'Settings', leads: true },
] as const;

/** The head and tabs of a project, and the page below with its details. */
export function ProjectFrame({ children }: { readonly children: (detail: ProjectDetail) => ReactNode }): ReactNode {
  const { project } = useParams({ strict: false }) as { project: string };
  const detail = useProject(project);
  const mayLead = useMayLead();
  const { pathname } = useLocation();
  const tab = TABS.find(({ to }) => to.replace('$project', encodeURIComponent(project)) === pathname);
  useTitle([tab?.text, detail.data?.project.name ?? project].filter((part) => part !== undefined).join(': '));
  return (
    <main>
      <p className="small">
        <Link to="/projects">Projects</Link>
      </p>
      {detail.isError && <h1>{project}</h1>}
      <Loaded query={detail}>
        {(data) => (
          <>
            <div className="row spread">
              <h1>{data.project.name}</h1>
              {data.settings.archived && (
                <span className="verdict missing">
                  <span aria-hidden="true">○</span> put away: nobody is asked
                </span>
              )}
              {data.settings.paused && (
                <span className="verdict concern">
                  <span aria-hidden="true">▮▮</span> paused: nobody is asked
                </span>
              )}
            </div>
            <nav className="tabs" aria-label="Parts of the project">
              {TABS.filter(({ leads }) => mayLead || !leads).map(({ to, text }) => (
                <Link
                  key={to}
                  to={to}
                  params={{ project }}
                  activeOptions={{ exact: to === '/projects/$project', includeSearch: false }}
                >
                  {text}
                </Link>
              ))}
            </nav>
            <Names value={formNames(data.project.questions)}>{children(data)}</Names>
          </>
        )}
      </Loaded>
    </main>
  );
}

/** A link to an item's page, by its id. */
export function ItemLink({ project, item }: { readonly project: string; readonly item: string }): ReactNode {
  return (
    <Link to="/projects/$project/items/$item" params={{ project, item }}>
      {item}
    </Link>
  );
}

/** A link to the records behind a statement. */
export function RecordsLink({
  project,
  ids,
  rater,
  children,
}: {
  readonly project: string;
  readonly ids?: readonly string[];
  readonly rater?: string;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <Link
      to="/projects/$project/records"
      params={{ project }}
      search={{ ...(ids !== undefined && { ids }), ...(rater !== undefined && { rater }) }}
    >
      {children}
    </Link>
  );
}
