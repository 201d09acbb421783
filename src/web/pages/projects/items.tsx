import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useDeferredValue, useState } from 'react';
import type { ItemFilter } from '../../search.ts';
import { TextField } from '../../ui/controls.tsx';
import { percent } from '../../ui/figures.ts';
import { Scroll } from '../../ui/scroll.tsx';
import { Loaded } from '../../ui/state.tsx';
import { TableFiles } from '../../ui/table-files.tsx';
import { AsOf } from './as-of.tsx';
import { Choice } from './form/controls.tsx';
import { ItemLink, ProjectFrame } from './frame.tsx';
import { Pager } from './pager.tsx';
import { firstPage, type Pages } from './paging.ts';
import { type ItemRow, itemsQuery, type ListedItem } from './queries.ts';

const FILTERS: { readonly [F in ItemFilter]: string } = {
  all: 'All items',
  open: 'Open: judgments are wanted',
  disagreement: 'Raters disagree',
  flagged: 'Flagged by a rater',
  adjudicated: 'Decided by a lead',
};

export const itemState = (row: ItemRow): ReactNode => (
  <>
    {row.wanted === 0 ? (
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
  const { show = 'all', search: given = '' } = useSearch({ strict: false });
  const navigate = useNavigate();
  const [typed, setTyped] = useState(given);
  const search = useDeferredValue(typed.trim());
  const [pages, setPages] = useState<{ of: string; pages: Pages<string> }>({ of: '', pages: firstPage() });
  // Another filter begins at its first page.
  const of = `${show}/${search}`;
  const at = pages.of === of ? pages.pages : firstPage<string>();
  const items = useQuery({
    ...itemsQuery(project, {
      show,
      ...(search !== '' && { search }),
      ...(at.at !== undefined && { after: at.at }),
    }),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <div className="thirds">
        <Choice
          label="Show"
          value={show}
          options={Object.entries(FILTERS) as [ItemFilter, string][]}
          onChange={(next) =>
            void navigate({ to: '/projects/$project/items', params: { project }, search: { show: next } })
          }
        />
        <TextField
          label="Search"
          type="search"
          maxLength={200}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      <AsOf query={items} />
      <Loaded query={items}>
        {({ items: found, next }) => (
          <>
            {found.length === 0 ? (
              <p className="soft" role="status">
                {show === 'all' && search === ''
                  ? 'There are no items yet. Add some under Overview.'
                  : 'No item fits; try another filter.'}
              </p>
            ) : (
              <Table project={project} items={found} />
            )}
            <Pager pages={at} next={next} onMove={(moved) => setPages({ of, pages: moved })} />
            <TableFiles name="All items" project={project} table="items" />
            <TableFiles name="Items on which raters disagree" project={project} table="disagreements" />
          </>
        )}
      </Loaded>
    </>
  );
}

/** The items of a project, to look through. */
export function Items(): ReactNode {
  return <ProjectFrame>{({ project }) => <List project={project.id} />}</ProjectFrame>;
}
