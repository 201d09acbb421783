import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { lazy, type ReactNode } from 'react';
import { useSession } from '../../session.tsx';
import { Fault, Loaded } from '../../ui/state.tsx';
import { useTitle } from '../../ui/title.ts';
import { DeskView } from './desk-view.tsx';
import { OneTab } from './one-tab.tsx';
import { judgeQuery } from './page.ts';

const ConsentForm = lazy(async () => ({ default: (await import('./consent.tsx')).ConsentForm }));

/** Judging in a project: consent first where it is asked, then task after task. */
export function JudgeScreen(): ReactNode {
  const { project: id } = useParams({ strict: false }) as { project: string };
  const owner = useSession().data?.user?.raterId;
  const project = useQuery(judgeQuery(id));
  useTitle(project.data === undefined ? 'Judge' : `Judge ${project.data.name}`);
  if (project.isError && project.data === undefined)
    return (
      <main>
        <p className="small">
          <Link to="/judge">Projects to judge in</Link>
        </p>
        <h1>{id}</h1>
        <Fault error={project.error} retry={() => void project.refetch()} />
      </main>
    );
  return (
    <Loaded query={project}>
      {(found) => {
        if (found.consent !== null && !found.consent.given)
          return <ConsentForm project={found} consent={found.consent} />;
        return owner === undefined ? null : (
          <OneTab key={found.id} project={found} owner={owner}>
            <DeskView project={found} owner={owner} />
          </OneTab>
        );
      }}
    </Loaded>
  );
}
