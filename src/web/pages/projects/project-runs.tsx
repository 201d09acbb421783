import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { when } from '../../ui/figures.ts';
import { Loaded } from '../../ui/state.tsx';
import { Listing } from '../../ui/table.tsx';
import { RunStatus } from '../runs/frame.tsx';
import { projectRunsQuery } from '../runs/queries.ts';
import { useMayLead } from './queries.ts';

/** Runs on the project's judgments, and the way to another. */
export function ProjectRuns({ project }: { readonly project: string }): ReactNode {
  const runs = useQuery(projectRunsQuery(project));
  const mayLead = useMayLead();
  return (
    <section>
      <div className="row spread">
        <h2>Runs</h2>
        {mayLead && (
          <Link className="button primary" to="/projects/$project/run" params={{ project }}>
            Use these judgments
          </Link>
        )}
      </div>
      <Loaded query={runs}>
        {({ runs: all }) => (
          <Listing
            name="Runs on this project"
            rows={all}
            rowId={({ id }) => id}
            columns={[
              {
                head: 'Run',
                cell: ({ id }) => (
                  <Link to="/runs/$run" params={{ run: id }}>
                    {id}
                  </Link>
                ),
              },
              { head: 'Status', cell: ({ status }) => <RunStatus status={status} /> },
              { head: 'Started', cell: ({ startedAt }) => (startedAt === '' ? '–' : when(startedAt)) },
            ]}
            empty="No run has used these judgments yet."
          />
        )}
      </Loaded>
    </section>
  );
}
