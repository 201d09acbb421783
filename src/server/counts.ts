import type { ProjectProgress } from '../store/index.ts';
import type { ResponseOf } from './contract/index.ts';

/** Where a project stands, as its pages count it. */
export const countsOf = ({
  items,
  judgments,
  raters,
  skips,
  flags,
}: ProjectProgress): ResponseOf<'GET /api/projects/{project}'>['counts'] => ({
  items: items.total,
  archived: items.archived,
  wanted: judgments.wanted,
  judgments: judgments.done,
  openItems: items.open,
  raters: raters.active,
  reservations: judgments.reserved,
  skips,
  flags,
});
