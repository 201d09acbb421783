import type { Handlers } from '../api.ts';
import type { PROJECT_ROUTES } from '../contract/index.ts';
import type { Services } from '../services.ts';

/** Leading projects. */
export function projectHandlers(_services: Services): Handlers<typeof PROJECT_ROUTES> {
  return {} as never;
}
