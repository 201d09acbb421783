import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { percent } from '../../ui/figures.ts';
import { Loaded } from '../../ui/state.tsx';
import { DecisionForm } from './decision.tsx';
import { ProjectFrame } from './frame.tsx';
import { ItemText, RecordTable } from './item-parts.tsx';
import { itemQuery, type ProjectDetail, useMayLead } from './queries.ts';

function Details({ detail }: { readonly detail: ProjectDetail }): ReactNode {
  const { item: id } = useParams({ strict: false }) as { item: string };
  const project = detail.project.id;
  const mayLead = useMayLead();
  const item = useQuery(itemQuery(project, id));
  const [decisions, setDecisions] = useState(0);
  return (
    <Loaded query={item}>
      {(data) => {
        const { row, records } = data;
        const { source, strata = {}, role = 'work' } = data.item;
        return (
          <>
            <p className="small">
              <Link to="/projects/$project/items" params={{ project }}>
                All items
              </Link>
            </p>
            <h2>Item {id}</h2>
            <p>
              {row.judgments} of {row.wanted} judgments, {row.open ? 'open' : 'done'}
              {row.agreement !== null && <>; agreement {percent(row.agreement)}</>}
              {row.flagged && <span className="verdict concern"> ▲ flagged</span>}
              {row.adjudicated && <span className="verdict clear"> ● decided</span>}
              {role !== 'work' && <> (an item for {role})</>}
            </p>
            <ItemText item={data.item} level={3} />
            <details>
              <summary>Where it comes from</summary>
              <dl className="pairs">
                <dt>Origin</dt>
                <dd>{source.origin}</dd>
                <dt>Chosen by</dt>
                <dd>{source.selection}</dd>
                {Object.entries({ ...source.sampling, ...strata }).map(([key, value]) => (
                  <div key={key}>
                    <dt>{key}</dt>
                    <dd>{value}</dd>
                  </div>
                ))}
              </dl>
            </details>
            <h3>History</h3>
            {records.length === 0 ? (
              <p className="soft">Nobody has said anything about this item yet.</p>
            ) : (
              <RecordTable project={project} records={records} withItem={false} caption={`History of item ${id}`} />
            )}
            {mayLead && (
              <>
                <h3>Decide</h3>
                <p role="status">{decisions > 0 && 'The decision is saved.'}</p>
                <DecisionForm
                  key={`${id}/${decisions}`}
                  project={project}
                  detail={data}
                  questions={detail.project.questions}
                  onSaved={() => setDecisions(decisions + 1)}
                />
              </>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

/** One item with everything that was ever said about it. */
export function ItemPage(): ReactNode {
  return <ProjectFrame>{(detail) => <Details detail={detail} />}</ProjectFrame>;
}
