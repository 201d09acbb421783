import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ResponseOf } from '../../../server/index.ts';
import { call } from '../../api.ts';
import { useSession } from '../../session.tsx';
import { Empty, Loaded } from '../../ui/state.tsx';
import { useTitle } from '../../ui/title.ts';
import { Waiting } from './saving.tsx';

type Place = ResponseOf<'GET /api/judge'>['projects'][number];

function qualificationText({ asked, of, passed }: NonNullable<Place['progress']['qualification']>): string {
  if (passed === null)
    return asked === 0 ? `Begins with ${of} qualification tasks.` : `Qualification: ${asked} of ${of} done.`;
  return passed ? 'Qualified.' : 'Qualification not passed; its lead can tell you more.';
}

function ProjectCard({ place }: { readonly place: Place }): ReactNode {
  const { id, name, progress, paused } = place;
  const { done, left, qualification } = progress;
  return (
    <li className="panel judge-place">
      <h2>{name}</h2>
      <p>
        {done} {done === 1 ? 'task' : 'tasks'} done
        {left !== null && (left === 0 ? ', nothing left for now' : `, up to ${left} left for you`)}
      </p>
      {left !== null && done + left > 0 && (
        <progress value={done} max={done + left} aria-label={`Your part of ${name}`} />
      )}
      {qualification !== null && <p className="small soft">{qualificationText(qualification)}</p>}
      {paused && (
        <p>
          <strong>⏸ Paused.</strong> The lead has stopped judging here for now.
        </p>
      )}
      <div className="row">
        <Link
          className={paused || left === 0 ? 'button' : 'button primary'}
          to="/judge/$project"
          params={{ project: id }}
          aria-label={`${done === 0 ? 'Start judging' : 'Go on judging'}: ${name}`}
        >
          {done === 0 ? 'Start judging' : 'Go on judging'}
        </Link>
        <Link className="button" to="/judge/$project/mine" params={{ project: id }} aria-label={`My data in ${name}`}>
          My data
        </Link>
      </div>
    </li>
  );
}

/** Where a person may judge, and how far they are. */
export function JudgeHome(): ReactNode {
  useTitle('Judge');
  const owner = useSession().data?.user?.raterId;
  const places = useQuery({ queryKey: ['judge'], queryFn: () => call('GET /api/judge') });
  return (
    <main>
      <h1>Judge</h1>
      {owner !== undefined && <Waiting owner={owner} />}
      <Loaded query={places}>
        {({ projects }) =>
          projects.length === 0 ? (
            <Empty title="No project yet">
              <p>You are in no project. Ask the lead of a project to add you, or for an invitation to it.</p>
            </Empty>
          ) : (
            <ul className="judge-places">
              {projects.map((place) => (
                <ProjectCard key={place.id} place={place} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </main>
  );
}
