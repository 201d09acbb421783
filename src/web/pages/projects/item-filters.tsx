import { useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import type { ItemFilter, ItemOrder, ItemSearch, ItemText } from '../../search.ts';
import { TextField } from '../../ui/controls.tsx';
import { figure, when } from '../../ui/figures.ts';
import { Choice } from './form/controls.tsx';
import { type ItemsWanted, importsQuery } from './queries.ts';

const FILTERS: { readonly [F in ItemFilter]: string } = {
  all: 'All items',
  open: 'Open: judgments are wanted',
  disagreement: 'Raters disagree',
  flagged: 'Flagged by a rater',
  adjudicated: 'Decided by a lead',
  archived: 'Put away',
};
const ORDERS: { readonly [O in ItemOrder]: string } = {
  added: 'As they were added',
  id: 'By id',
  agreement: 'Least agreement first',
  judgments: 'Most judgments first',
  last: 'Judged last first',
};

/** What of a search is asked for: nothing that is empty. */
export const given = (search: ItemSearch): ItemSearch =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined && value !== '')) as ItemSearch;

/** A search as the server takes it; what is no share or no day is left out. */
export function wantedOf(search: ItemSearch): ItemsWanted {
  const { show = 'all', sort, least, most, from, to, ...texts } = given(search);
  const share = (text: string | undefined) =>
    text !== undefined && Number(text) >= 0 && Number(text) <= 1 ? Number(text) : undefined;
  const day = (text: string | undefined) => (text !== undefined && /^\d{4}-\d\d-\d\d$/.test(text) ? text : undefined);
  const [low, high, since, until] = [share(least), share(most), day(from), day(to)];
  return {
    ...texts,
    show,
    ...(sort !== undefined && { sort }),
    ...(low !== undefined && { least: low }),
    ...(high !== undefined && { most: high }),
    ...(since !== undefined && { from: since }),
    ...(until !== undefined && { to: until }),
  };
}

const MORE = ['stratum', 'rater', 'answer', 'least', 'most', 'from', 'to'] as const satisfies readonly ItemText[];
const LABELS: {
  readonly [T in (typeof MORE)[number]]: { readonly label: string; readonly type: string; readonly hint?: string };
} = {
  stratum: { label: 'Metadata', type: 'text', hint: 'A name, or a name and its value: topic=law' },
  rater: { label: 'Judged by (pseudonym)', type: 'text' },
  answer: { label: 'Answered', type: 'text', hint: 'As lists show it: A is better' },
  least: { label: 'Agreement at least (0 to 1)', type: 'text' },
  most: { label: 'Agreement at most (0 to 1)', type: 'text' },
  from: { label: 'Judged on or after', type: 'date' },
  to: { label: 'Judged on or before', type: 'date' },
};

/** What is looked for among items; everything of it stands in the address, which can be kept and sent. */
export function ItemFilters({
  project,
  search,
  onChange,
}: {
  readonly project: string;
  readonly search: ItemSearch;
  readonly onChange: (change: ItemSearch) => void;
}): ReactNode {
  const imports = useQuery(importsQuery(project)).data?.imports ?? [];
  const [typed, setTyped] = useState(search.search ?? '');
  useEffect(() => {
    if (typed.trim() === (search.search ?? '')) return;
    const later = setTimeout(() => onChange({ search: typed.trim() }), 300);
    return () => clearTimeout(later);
  });
  const more = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    onChange(Object.fromEntries(MORE.map((name) => [name, String(data.get(name) ?? '').trim()])));
  };
  const active = MORE.filter((name) => search[name] !== undefined);
  return (
    <>
      <div className="thirds">
        <Choice
          label="Show"
          value={search.show ?? 'all'}
          options={Object.entries(FILTERS) as [ItemFilter, string][]}
          onChange={(show) => onChange({ show })}
        />
        <TextField
          label="Search"
          type="search"
          maxLength={200}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Choice
          label="Sort"
          value={search.sort ?? 'added'}
          options={Object.entries(ORDERS) as [ItemOrder, string][]}
          onChange={(sort) => onChange({ sort })}
        />
        {imports.length > 0 && (
          <Choice
            label="Brought by"
            value={search.import ?? ''}
            options={[
              ['', 'Any import'],
              ...imports.map(({ id, file, at, items }) => [id, `${file}, ${when(at)} (${figure(items)})`] as const),
            ]}
            onChange={(next) => onChange({ import: next })}
          />
        )}
      </div>
      <details open={active.length > 0}>
        <summary>More filters{active.length > 0 && ` (${active.length})`}</summary>
        <form onSubmit={more} key={JSON.stringify(active.map((name) => search[name]))}>
          <div className="thirds">
            {MORE.map((name) => {
              const { label, type, hint } = LABELS[name];
              return (
                <TextField
                  key={name}
                  name={name}
                  label={label}
                  type={type}
                  defaultValue={search[name] ?? ''}
                  {...(hint !== undefined && { hint })}
                />
              );
            })}
          </div>
          <p className="row">
            <button type="submit">Apply</button>
            <button
              type="button"
              className="plain"
              onClick={() => onChange(Object.fromEntries(MORE.map((name) => [name, ''])))}
            >
              Clear
            </button>
          </p>
        </form>
      </details>
    </>
  );
}
