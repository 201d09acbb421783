import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { ResponseOf } from '../../../server/index.ts';
import { call } from '../../api.ts';
import type { ItemFilter } from '../../search.ts';
import { percent } from '../../ui/figures.ts';
import { Empty, Loaded } from '../../ui/state.tsx';
import { queueOf } from './answers.ts';
import { DecisionForm } from './decision.tsx';
import { Check } from './form/controls.tsx';
import { ItemLink, ProjectFrame } from './frame.tsx';
import { ItemText, RecordTable } from './item-parts.tsx';
import { moved } from './paging.ts';
import { type ItemRow, itemQuery, type ProjectDetail } from './queries.ts';

/** Items of one sort fetched at a time; more come when these are done. */
const MOST = 300;

async function itemsFor(project: string, show: ItemFilter): Promise<ItemRow[]> {
  const found: ItemRow[] = [];
  let after: string | null = null;
  do {
    const page: ResponseOf<'GET /api/projects/{project}/items'> = await call('GET /api/projects/{project}/items', {
      params: { project },
      query: { show, ...(after !== null && { after }) },
    });
    found.push(...page.items);
    after = page.next;
  } while (after !== null && found.length < MOST);
  return found;
}

/** The queue stays as it is while one works through it: a saved decision must not move the others. */
const queueQuery = (project: string) =>
  queryOptions({
    queryKey: ['queue', project],
    queryFn: async () => queueOf([await itemsFor(project, 'disagreement'), await itemsFor(project, 'flagged')]),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLTextAreaElement ||
  target instanceof HTMLSelectElement ||
  (target instanceof HTMLInputElement && !['radio', 'checkbox'].includes(target.type));

/** n and p move, digits choose, Enter saves; not while one types, nor where Enter has a meaning of its own. */
function useKeys(on: boolean, move: (by: -1 | 1) => void): void {
  const latest = useRef(move);
  latest.current = move;
  useEffect(() => {
    if (!on) return;
    const listen = (event: KeyboardEvent) => {
      const { key, target } = event;
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(target)) return;
      const form = document.querySelector<HTMLFormElement>('form[data-decision]');
      if (key === 'n' || key === 'p') latest.current(key === 'n' ? 1 : -1);
      else if (/^[1-9]$/.test(key)) {
        const radio = form?.querySelector<HTMLInputElement>(`[data-choice="${key}"]`);
        radio?.click();
        radio?.focus();
      } else if (key === 'Enter' && target === document.body) form?.requestSubmit();
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [on]);
}

function One({
  detail,
  row,
  decided,
  onSaved,
}: {
  readonly detail: ProjectDetail;
  readonly row: ItemRow;
  readonly decided: boolean;
  readonly onSaved: () => void;
}): ReactNode {
  const project = detail.project.id;
  const item = useQuery(itemQuery(project, row.id));
  return (
    <>
      <h2>
        Item <ItemLink project={project} item={row.id} />
      </h2>
      <p>
        {row.agreement === null ? 'Too few judgments for agreement' : `Agreement ${percent(row.agreement)}`} of{' '}
        {row.judgments} judgments
        {row.flagged && <span className="verdict concern"> ▲ flagged</span>}
        {decided && <span className="verdict clear"> ● decided just now</span>}
      </p>
      <Loaded query={item}>
        {(data) => (
          <>
            <ItemText item={data.item} level={3} />
            <h3>What was said</h3>
            <RecordTable
              project={project}
              records={data.records.filter(({ record }) => record.type !== 'draft')}
              withItem={false}
              caption={`Judgments of item ${row.id}`}
            />
            <h3>Decision</h3>
            <DecisionForm
              key={`${row.id}/${decided}`}
              project={project}
              detail={data}
              questions={detail.project.questions}
              onSaved={onSaved}
            />
          </>
        )}
      </Loaded>
    </>
  );
}

function Queue({ detail }: { readonly detail: ProjectDetail }): ReactNode {
  const project = detail.project.id;
  const queue = useQuery(queueQuery(project));
  const client = useQueryClient();
  const [at, setAt] = useState(0);
  const [decided, setDecided] = useState<readonly string[]>([]);
  const [keys, setKeys] = useState(true);
  const length = queue.data?.length ?? 0;
  useKeys(keys, (by) => setAt((now) => moved(now, by, length)));
  const renew = async () => {
    await client.invalidateQueries({ queryKey: ['queue', project] });
    setAt(0);
    setDecided([]);
  };
  return (
    <Loaded query={queue}>
      {(rows) => {
        const row = rows[at];
        if (row === undefined)
          return (
            <Empty title="Nothing to decide">
              <p>No item has disagreement or a flag that is not decided yet. Look again when more is judged.</p>
              <button type="button" onClick={() => void renew()}>
                Look again
              </button>
            </Empty>
          );
        return (
          <>
            <div className="row spread">
              <p role="status" className="flush">
                {at + 1} of {rows.length}
                {decided.length > 0 && <>; {decided.length} decided</>}
              </p>
              <div className="row">
                <button type="button" disabled={at === 0} onClick={() => setAt(moved(at, -1, rows.length))}>
                  Previous{' '}
                  <span aria-hidden="true">
                    <kbd>p</kbd>
                  </span>
                </button>
                <button
                  type="button"
                  disabled={at === rows.length - 1}
                  onClick={() => setAt(moved(at, 1, rows.length))}
                >
                  Next{' '}
                  <span aria-hidden="true">
                    <kbd>n</kbd>
                  </span>
                </button>
                <button type="button" onClick={() => void renew()}>
                  Renew the list
                </button>
              </div>
            </div>
            <Check
              label="Single keys work: 1 to 9 choose, Enter saves, n and p move on and back"
              checked={keys}
              onChange={setKeys}
            />
            <One
              key={row.id}
              detail={detail}
              row={row}
              decided={decided.includes(row.id)}
              onSaved={() => {
                if (!decided.includes(row.id)) setDecided([...decided, row.id]);
                setAt(moved(at, 1, rows.length));
              }}
            />
          </>
        );
      }}
    </Loaded>
  );
}

/** Items that need a decision, one after the other. */
export function Adjudicate(): ReactNode {
  return <ProjectFrame>{(detail) => <Queue detail={detail} />}</ProjectFrame>;
}
