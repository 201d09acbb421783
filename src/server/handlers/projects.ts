import type { Handlers } from '../api.ts';
import type { PROJECT_ROUTES } from '../contract/index.ts';
import { sharedPages } from '../project-reader.ts';
import type { RunService } from '../runs.ts';
import type { Services } from '../services.ts';
import { archivingHandlers } from './projects/archiving.ts';
import { erasingHandlers } from './projects/erasing.ts';
import { leadHandlers } from './projects/lead.ts';
import { setUpHandlers } from './projects/set-up.ts';

/** Leading projects: set-up, items, progress, people, quality, decisions. */
export function projectHandlers(
  services: Services & { readonly runs: Pick<RunService, 'list'> },
): Handlers<typeof PROJECT_ROUTES> {
  const { reader, store } = services;
  const pages = sharedPages({ reader, store }, () => performance.now());
  return {
    ...setUpHandlers(services, pages),
    ...leadHandlers(services, pages),
    ...archivingHandlers(services, pages),
    ...erasingHandlers(services, pages),
  };
}
