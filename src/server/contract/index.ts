import { JUDGING_ROUTES } from './judging.ts';
import { PROJECT_ROUTES } from './projects.ts';
import type { Answered, Received, RouteContract, RouteKey, Sent } from './route.ts';
import { RUN_ROUTES } from './runs.ts';
import { SESSION_ROUTES } from './session.ts';

/** Every route of the Studio's API. */
export const ROUTES = { ...SESSION_ROUTES, ...JUDGING_ROUTES, ...PROJECT_ROUTES, ...RUN_ROUTES };
export type Routes = typeof ROUTES;
export type KnownRoute = keyof Routes & RouteKey;

/** What a caller sends to a route, and what comes back: the types of the client. */
export type RequestOf<K extends KnownRoute> = Sent<K, Routes[K] & RouteContract>;
/** What a handler of a route receives. */
export type ReceivedBy<K extends KnownRoute> = Received<K, Routes[K]>;
export type ResponseOf<K extends KnownRoute> = Answered<Routes[K]>;

export { JUDGING_ROUTES, type Withdrawal } from './judging.ts';
export {
  type IMPORTED_JUDGMENTS,
  type ItemFilter,
  PROJECT_ROUTES,
  PROJECT_TABLES,
  type ProjectTable,
} from './projects.ts';
export * from './route.ts';
export type { RunPreview } from './run-preview.ts';
export { RUN_ROUTES, RUN_TABLES, type RunTable } from './runs.ts';
export { SESSION_ROUTES, webhookSchema } from './session.ts';
export { TABLE_FORMATS, type TableFormat } from './tables.ts';
