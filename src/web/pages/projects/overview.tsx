import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ResponseOf } from '../../../server/index.ts';
import { counted, duration, figure } from '../../ui/figures.ts';
import { Loaded } from '../../ui/state.tsx';
import { AddItems, Exports } from './add-items.tsx';
import { AsOf } from './as-of.tsx';
import { DayPlot } from './day-plot.tsx';
import { ProjectFrame } from './frame.tsx';
import { ProjectRuns } from './project-runs.tsx';
import { overviewQuery, useMayLead } from './queries.ts';

type Progress = ResponseOf<'GET /api/projects/{project}/overview'>;

function Card({ label, children }: { readonly label: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className="card">
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Hours as days and hours, roughly. */
const hoursText = (hours: number | null): string => {
  if (hours === null) return '–';
  if (hours < 1) return 'under an hour';
  return hours < 48 ? `${figure(Math.round(hours))} h` : `${figure(Math.round(hours / 24))} days`;
};
const money = (amount: number, currency: string): string => `${amount.toFixed(2)} ${currency}`;

function Figures({ project, progress }: { readonly project: string; readonly progress: Progress }): ReactNode {
  const { counts, perHour, etaHours, activeHours, cost, brought } = progress;
  const params = { project };
  const left = Math.max(0, counts.wanted - counts.judgments);
  return (
    <>
      <p className="flush">
        <Link to="/projects/$project/records" params={params}>
          {figure(counts.judgments)}
        </Link>{' '}
        of {figure(counts.wanted)} judgments{brought > 0 && <>, and {figure(brought)} brought along from elsewhere</>}
      </p>
      <progress value={counts.judgments} max={Math.max(1, counts.wanted)} aria-label="Judgments" />
      <dl className="cards">
        <Card label="Judgments still wanted">
          <Link to="/projects/$project/items" params={params} search={{ show: 'open' }}>
            {figure(left)}
          </Link>
        </Card>
        <Card label="Items">
          <Link to="/projects/$project/items" params={params}>
            {figure(counts.items)}
          </Link>
        </Card>
        {counts.archived > 0 && (
          <Card label="Put away">
            <Link to="/projects/$project/items" params={params} search={{ show: 'archived' }}>
              {figure(counts.archived)}
            </Link>
          </Card>
        )}
        <Card label="Raters">
          <Link to="/projects/$project/raters" params={params}>
            {figure(counts.raters)}
          </Link>
        </Card>
        <Card label="Reserved right now">{figure(counts.reservations)}</Card>
        <Card label="Judgments per hour">{figure(perHour)}</Card>
        <Card label="At that rate, done in">{left === 0 ? 'done' : hoursText(etaHours)}</Card>
        <Card label="Active time">
          <Link to="/projects/$project/raters" params={params}>
            {duration(activeHours * 3_600_000)}
          </Link>
        </Card>
        {cost !== null && <Card label="Spent">{money(cost.spent, cost.currency)}</Card>}
        {cost !== null && cost.expected !== null && (
          <Card label="Expected in all">{money(cost.expected, cost.currency)}</Card>
        )}
      </dl>
      {perHour === null && (
        <p className="soft small">There are too few judgments for a rate: it is that of the last day with judgments.</p>
      )}
      {cost === null && <p className="soft small">No pay is set, so no cost is shown (Settings).</p>}
    </>
  );
}

function Attention({ project, progress }: { readonly project: string; readonly progress: Progress }): ReactNode {
  const { openItems, flags, skips } = progress.counts;
  const mayLead = useMayLead();
  return (
    <section>
      <h2>Worth a look</h2>
      <ul>
        <li>
          <Link to="/projects/$project/items" params={{ project }} search={{ show: 'disagreement' }}>
            Items on which raters disagree
          </Link>
          {mayLead && (
            <>
              {' '}
              (
              <Link to="/projects/$project/adjudicate" params={{ project }}>
                decide them one by one
              </Link>
              )
            </>
          )}
        </li>
        <li>
          <Link to="/projects/$project/items" params={{ project }} search={{ show: 'flagged' }}>
            {flags === 0 ? 'No item is flagged' : `${counted(flags, 'flag')} by raters`}
          </Link>
          ; {counted(skips, 'skip')}
        </li>
        <li>
          <Link to="/projects/$project/items" params={{ project }} search={{ show: 'open' }}>
            {counted(openItems, 'open item')}
          </Link>
        </li>
        <li>
          <Link to="/projects/$project/raters" params={{ project }}>
            Raters: reliability, bias, and reasons to look closer
          </Link>
        </li>
        <li>
          <Link to="/projects/$project/quality" params={{ project }}>
            Quality report
          </Link>
        </li>
      </ul>
    </section>
  );
}

function Page({ project }: { readonly project: string }): ReactNode {
  const overview = useQuery(overviewQuery(project));
  const mayLead = useMayLead();
  return (
    <Loaded query={overview}>
      {(progress) => {
        const empty = progress.counts.items === 0;
        return (
          <>
            {empty ? (
              <p className="notice">
                There are no items yet, so nobody can judge anything.{' '}
                {mayLead ? 'Add some here.' : 'A lead has to add some.'}
              </p>
            ) : (
              <>
                <AsOf query={overview} />
                <Figures project={project} progress={progress} />
                <Attention project={project} progress={progress} />
                <h2>Judgments by day</h2>
                <DayPlot days={progress.byDay} />
              </>
            )}
            {!empty && <ProjectRuns project={project} />}
            {/* One place for both, so that what came of adding stays when the first items arrive. */}
            {mayLead && <AddItems project={project} open={empty} />}
            {!empty && <Exports project={project} />}
          </>
        );
      }}
    </Loaded>
  );
}

/** How far a project is, what needs attention, and what goes in and out. */
export function Overview(): ReactNode {
  return <ProjectFrame>{({ project }) => <Page project={project.id} />}</ProjectFrame>;
}
