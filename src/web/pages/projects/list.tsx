import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { counted, figure, when } from '../../ui/figures.ts';
import { Scroll } from '../../ui/scroll.tsx';
import { Empty, Loaded } from '../../ui/state.tsx';
import { useTitle } from '../../ui/title.ts';
import { type Counts, projectsQuery, useMayLead } from './queries.ts';

function Progress({ name, counts }: { readonly name: string; readonly counts: Counts }): ReactNode {
  if (counts.items === 0) return <span className="soft">no items yet</span>;
  return (
    <>
      {figure(counts.judgments)} of {figure(counts.wanted)}
      <progress value={counts.judgments} max={Math.max(1, counts.wanted)} aria-label={`Judgments of ${name}`} />
    </>
  );
}

/** The projects a person may see, with how far they are. */
export function ProjectList(): ReactNode {
  useTitle('Projects');
  const projects = useQuery(projectsQuery);
  const mayLead = useMayLead();
  const [away, setAway] = useState(false);
  return (
    <main>
      <div className="row spread">
        <h1>Projects</h1>
        {mayLead && (
          <Link className="button primary" to="/projects/new">
            New project
          </Link>
        )}
      </div>
      <Loaded query={projects}>
        {({ projects: every }) => {
          const all = every.filter(({ archived }) => archived === away);
          const others = every.length - all.length;
          const othersLink = (
            <p>
              {(others > 0 || away) && (
                <button type="button" className="plain" onClick={() => setAway(!away)}>
                  {away ? 'Show the others' : `${counted(others, 'project')} put away: show`}
                </button>
              )}
            </p>
          );
          return all.length === 0 && others === 0 && !away ? (
            <Empty title="No projects yet">
              {mayLead ? (
                <p>
                  A project is a set of items, a form of questions, and rules for who judges what.{' '}
                  <Link to="/projects/new">Create the first one</Link>; items are added afterwards.
                </p>
              ) : (
                <p>You are in no project. A lead or an owner can put you in one, under People.</p>
              )}
            </Empty>
          ) : (
            <>
              <Scroll name="Projects">
                <table>
                  <thead>
                    <tr>
                      <th scope="col">Project</th>
                      <th scope="col">Judgments</th>
                      <th scope="col" className="number">
                        Items
                      </th>
                      <th scope="col" className="number">
                        Open items
                      </th>
                      <th scope="col" className="number">
                        Raters
                      </th>
                      <th scope="col" className="number">
                        Flags
                      </th>
                      <th scope="col" className="number">
                        Skips
                      </th>
                      <th scope="col">Since</th>
                    </tr>
                  </thead>
                  <tbody>
                    {all.map(({ id, name, createdAt, counts }) => (
                      <tr key={id}>
                        <th scope="row">
                          <Link to="/projects/$project" params={{ project: id }}>
                            {name}
                          </Link>
                          <div className="soft small">{id}</div>
                        </th>
                        <td className="progress-cell">
                          {counts === null ? '–' : <Progress name={name} counts={counts} />}
                        </td>
                        <td className="number">{figure(counts?.items)}</td>
                        <td className="number">{figure(counts?.openItems)}</td>
                        <td className="number">{figure(counts?.raters)}</td>
                        <td className="number">
                          {counts === null || counts.flags === 0 ? (
                            figure(counts?.flags)
                          ) : (
                            <Link to="/projects/$project/items" params={{ project: id }} search={{ show: 'flagged' }}>
                              {figure(counts.flags)}
                              <span className="sr-only"> flags in {name}</span>
                            </Link>
                          )}
                        </td>
                        <td className="number">{figure(counts?.skips)}</td>
                        <td>{when(createdAt)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </Scroll>
              {othersLink}
            </>
          );
        }}
      </Loaded>
    </main>
  );
}
