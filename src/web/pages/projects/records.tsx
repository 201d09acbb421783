import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';
import { TextField } from '../../ui/controls.tsx';
import { counted } from '../../ui/figures.ts';
import { Loaded } from '../../ui/state.tsx';
import { TableFiles } from '../../ui/table-files.tsx';
import { AsOf } from './as-of.tsx';
import { ProjectFrame } from './frame.tsx';
import { RecordTable } from './item-parts.tsx';
import { Pager } from './pager.tsx';
import { firstPage, type Pages } from './paging.ts';
import { recordsQuery } from './queries.ts';

function History({ project }: { readonly project: string }): ReactNode {
  const { rater = '', ids = [] } = useSearch({ strict: false });
  const navigate = useNavigate();
  const [pages, setPages] = useState<{ of: string; pages: Pages<number> }>({ of: '', pages: firstPage() });
  const of = JSON.stringify([rater, ids]);
  const at = pages.of === of ? pages.pages : firstPage<number>();
  const records = useQuery({
    ...recordsQuery(project, {
      ...(at.at !== undefined && { after: at.at }),
      ...(rater !== '' && { rater }),
      ...(ids.length > 0 && { ids: JSON.stringify(ids) }),
    }),
    placeholderData: keepPreviousData,
  });
  const go = (search: { rater?: string }) =>
    void navigate({ to: '/projects/$project/records', params: { project }, search });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const wanted = String(new FormData(event.currentTarget).get('rater')).trim();
    go(wanted === '' ? {} : { rater: wanted });
  };
  return (
    <>
      <p>
        Everything that was stored, in order. Nothing is overwritten: an undo, a decision or a withdrawal is a record of
        its own, and says what stands. Of what was erased its place is left, and who it was from.
      </p>
      <form className="row end" onSubmit={submit} key={rater}>
        <TextField label="Rater" name="rater" defaultValue={rater} />
        <button type="submit">Show</button>
        {(rater !== '' || ids.length > 0) && (
          <button type="button" onClick={() => go({})}>
            Show all
          </button>
        )}
      </form>
      <AsOf query={records} />
      {ids.length > 0 && <p className="soft">Only the {counted(ids.length, 'record')} pointed to.</p>}
      <Loaded query={records}>
        {({ records: found, next }) => (
          <>
            {found.length === 0 ? (
              <p className="soft" role="status">
                {rater === '' && ids.length === 0 ? 'Nothing is stored yet.' : 'There are no such records.'}
              </p>
            ) : (
              <RecordTable project={project} records={found} withItem caption="Records" />
            )}
            <Pager pages={at} next={next} onMove={(moved) => setPages({ of, pages: moved })} />
            <TableFiles name="All records" project={project} table="records" />
            <TableFiles name="Decisions" project={project} table="adjudications" />
          </>
        )}
      </Loaded>
    </>
  );
}

/** The append-only history of a project. */
export function Records(): ReactNode {
  return <ProjectFrame>{({ project }) => <History project={project.id} />}</ProjectFrame>;
}
