import type { Handlers } from '../api.ts';
import type { RUN_ROUTES } from '../contract/index.ts';
import type { Services } from '../services.ts';

/** Runs of the pipeline. */
export function runHandlers(_services: Services): Handlers<typeof RUN_ROUTES> {
  return {} as never;
}
