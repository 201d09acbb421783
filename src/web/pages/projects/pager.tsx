import type { ReactNode } from 'react';
import { nextPage, type Pages, previousPage } from './paging.ts';

/** Buttons to the pages before and after. */
export function Pager<C>({
  pages,
  next,
  onMove,
}: {
  readonly pages: Pages<C>;
  readonly next: C | null;
  readonly onMove: (pages: Pages<C>) => void;
}): ReactNode {
  if (pages.passed.length === 0 && next === null) return null;
  return (
    <nav className="row" aria-label="Pages">
      <button type="button" disabled={pages.passed.length === 0} onClick={() => onMove(previousPage(pages))}>
        Previous page
      </button>
      <span className="soft">Page {pages.passed.length + 1}</span>
      <button
        type="button"
        disabled={next === null}
        onClick={() => {
          if (next !== null) onMove(nextPage(pages, next));
        }}
      >
        Next page
      </button>
    </nav>
  );
}
