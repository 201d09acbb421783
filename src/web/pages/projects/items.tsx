import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import type { ItemSearch } from '../../search.ts';
import { figure, percent } from '../../ui/figures.ts';
import { Scroll } from '../../ui/scroll.tsx';
import { Fault } from '../../ui/state.tsx';
import { TableFiles } from '../../ui/table-files.tsx';
import { AsOf } from './as-of.tsx';
import { ItemLink, ProjectFrame } from './frame.tsx';
import { given, ItemFilters, wantedOf } from './item-filters.tsx';
import { Pager } from './pager.tsx';
import { firstPage, type Pages } from './paging.ts';
import { PutAway } from './put-away.tsx';
import { type ItemRow, itemsQuery, type ListedItem, useMayLead } from './queries.ts';

export const itemState = (row: ItemRow): ReactNode => (
  <>
    {row.archived ? (
      <span className="verdict missing">○ put away</span>
    ) : row.wanted === 0 ? (
      <span className="verdict missing">○ known answer or training</span>
    ) : row.adjudicated ? (
      <span className="verdict clear">● decided</span>
    ) : row.open ? (
      <span className="verdict missing">○ open</span>
    ) : (
      <span className="verdict measured">● done</span>
    )}
    {row.flagged && <span className="verdict concern"> ▲ flagged</span>}
  </>
);

function Table({ project, items }: { readonly project: string; readonly items: readonly ListedItem[] }): ReactNode {
  return (
    <Scroll name="Items">
      <table>
        <thead>
          <tr>
            <th scope="col">Item</th>
            <th scope="col">Prompt</th>
            <th scope="col" className="number">
              Judgments
            </th>
            <th scope="col">Most said</th>
            <th scope="col" className="number">
              Agreement
            </th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {items.map((row) => (
            <tr key={row.id}>
              <th scope="row">
                <ItemLink project={project} item={row.id} />
              </th>
              <td>
                <div className="excerpt">{row.prompt}</div>
              </td>
              <td className="number">
                {row.judgments} of {row.wanted}
                {row.brought > 0 && <div className="soft small">{figure(row.brought)} brought along</div>}
              </td>
              <td>
                {row.mostSaid === null ? (
                  '–'
                ) : (
                  <>
                    <div className="excerpt">{row.mostSaid.text}</div>
                    <span className="soft small">
                      {row.mostSaid.raters} of {row.mostSaid.of}
                    </span>
                  </>
                )}
              </td>
              <td className="number">{percent(row.agreement)}</td>
              <td>{itemState(row)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function List({ project }: { readonly project: string }): ReactNode {
  const search = useSearch({ strict: false }) as ItemSearch;
  const navigate = useNavigate();
  const go = (change: ItemSearch) =>
    void navigate({ to: '/projects/$project/items', params: { project }, search: given({ ...search, ...change }) });
  const wanted = wantedOf(search);
  const [pages, setPages] = useState<{ of: string; pages: Pages<string> }>({ of: '', pages: firstPage() });
  // Another filter begins at its first page.
  const of = JSON.stringify(wanted);
  const at = pages.of === of ? pages.pages : firstPage<string>();
  const mayLead = useMayLead();
  const items = useQuery({
    ...itemsQuery(project, { ...wanted, ...(at.at !== undefined && { after: at.at }) }),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <ItemFilters project={project} search={search} onChange={go} />
      <AsOf query={items} />
      {items.isError && items.data === undefined && <Fault error={items.error} />}
      {items.data !== undefined && (
        <>
          {mayLead && items.data.total > 0 && <PutAway project={project} wanted={wanted} total={items.data.total} />}
          {items.data.items.length === 0 ? (
            <p className="soft" role="status">
              {of === JSON.stringify(wantedOf({}))
                ? 'There are no items yet. Add some under Overview.'
                : 'No item fits; try another filter.'}
            </p>
          ) : (
            <Table project={project} items={items.data.items} />
          )}
          <Pager pages={at} next={items.data.next} onMove={(moved) => setPages({ of, pages: moved })} />
          <TableFiles name="All items" project={project} table="items" />
          <TableFiles name="Items on which raters disagree" project={project} table="disagreements" />
        </>
      )}
    </>
  );
}

/** The items of a project, to look through. */
export function Items(): ReactNode {
  return <ProjectFrame>{({ project }) => <List project={project.id} />}</ProjectFrame>;
}
