import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  Link,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Frame } from './frame.tsx';
import { Home } from './pages/home.tsx';
import { judgeQuery } from './pages/judge/page.ts';
import { Join, Login, Reset, Setup } from './pages/session.tsx';
import { compareSearch, exploreSearch, itemSearch, loginSearch, recordSearch } from './search.ts';
import { sessionQuery, type User } from './session.tsx';
import { Fault } from './ui/state.tsx';

interface Context {
  readonly client: QueryClient;
}

const rootRoute = createRootRouteWithContext<Context>()({
  component: Frame,
  errorComponent: ({ error }) => (
    <main>
      <h1>Something went wrong</h1>
      <Fault error={error} retry={() => window.location.reload()} />
    </main>
  ),
  notFoundComponent: () => (
    <main>
      <h1>There is no such page</h1>
      <p>
        The address may be old or mistyped. <Link to="/">Go to the start</Link>.
      </p>
    </main>
  ),
});

type Role = User['role'];
/** Everybody who may read what raters gave. */
const READERS: readonly Role[] = ['owner', 'lead', 'auditor'];
const LEADS: readonly Role[] = ['owner', 'lead'];
const JUDGES: readonly Role[] = ['owner', 'lead', 'rater'];

/** The code of a page, by the name that it has there. */
type Load<Name extends string> = () => Promise<{ readonly [N in Name]: () => ReactNode }>;
interface Loading {
  readonly context: Context;
  readonly location: { readonly href: string };
}

/** Lets some roles in; others go to sign in, or home. The server refuses on its own account. */
const guard =
  (roles: readonly Role[], load: Load<string>) =>
  async ({ context: { client }, location }: Loading): Promise<void> => {
    // What fails here fails again, and is told, where the page is shown.
    load().catch(() => {});
    const { user } = await client.ensureQueryData(sessionQuery);
    if (user === null) throw redirect({ to: '/login', search: { to: location.href } });
    if (!roles.includes(user.role)) throw redirect({ to: '/' });
  };

/** A page for some roles. Its code is fetched when it is first opened, while the server says who is signed in. */
const page = <Path extends string, Name extends string>(
  path: Path,
  roles: readonly Role[],
  load: Load<Name>,
  name: Name,
) =>
  createRoute({
    getParentRoute: () => rootRoute,
    path,
    beforeLoad: guard(roles, load),
    component: lazyRouteComponent(load, name),
  });
/** The same for a page that takes something from its address: `search` says what. */
const searchPage = <Path extends string, Name extends string, Search extends object>(
  path: Path,
  roles: readonly Role[],
  load: Load<Name>,
  { name, search }: { readonly name: Name; readonly search: (given: Record<string, unknown>) => Search },
) =>
  createRoute({
    getParentRoute: () => rootRoute,
    path,
    validateSearch: search,
    beforeLoad: guard(roles, load),
    component: lazyRouteComponent(load, name),
  });
/** The desk: what it will ask the server first is asked along with its code. */
const loadDesk = () => import('./pages/judge/judge-screen.tsx');
const deskRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/judge/$project',
  beforeLoad: async (loading) => {
    await guard(JUDGES, loadDesk)(loading);
    void loading.context.client.prefetchQuery(judgeQuery(loading.params.project));
  },
  component: lazyRouteComponent(loadDesk, 'JudgeScreen'),
});
/** A page for who is signed out: in the first file, since for most people it is the first page. */
const open = <Path extends string>(path: Path, component: () => ReactNode) =>
  createRoute({ getParentRoute: () => rootRoute, path, component });
const loginRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/login',
  validateSearch: loginSearch,
  component: Login,
});

/** Open to everybody: it shows nothing of the store, and computes in the reader's own browser. */
const exploreRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/explore',
  validateSearch: exploreSearch,
  component: lazyRouteComponent(() => import('./pages/explore/explore.tsx'), 'Explore'),
});

const routeTree = rootRoute.addChildren([
  open('/', Home),
  open('/setup/$token', Setup),
  loginRoute,
  open('/join/$token', Join),
  open('/reset/$token', Reset),
  exploreRoute,
  page('/account', JUDGES.concat('auditor'), () => import('./pages/account.tsx'), 'AccountPage'),
  page('/people', LEADS, () => import('./pages/people/index.tsx'), 'People'),
  page('/judge', JUDGES, () => import('./pages/judge/judge-home.tsx'), 'JudgeHome'),
  deskRoute,
  page('/judge/$project/mine', JUDGES, () => import('./pages/judge/own-records.tsx'), 'OwnRecords'),
  page('/projects', READERS, () => import('./pages/projects/list.tsx'), 'ProjectList'),
  page('/projects/new', LEADS, () => import('./pages/projects/new.tsx'), 'NewProject'),
  page('/projects/$project', READERS, () => import('./pages/projects/overview.tsx'), 'Overview'),
  searchPage('/projects/$project/items', READERS, () => import('./pages/projects/items.tsx'), {
    name: 'Items',
    search: itemSearch,
  }),
  page('/projects/$project/items/$item', READERS, () => import('./pages/projects/item.tsx'), 'ItemPage'),
  page('/projects/$project/run', LEADS, () => import('./pages/projects/use-judgments.tsx'), 'UseJudgments'),
  page('/projects/$project/adjudicate', LEADS, () => import('./pages/projects/adjudicate.tsx'), 'Adjudicate'),
  page('/projects/$project/raters', READERS, () => import('./pages/projects/raters.tsx'), 'Raters'),
  page('/projects/$project/quality', READERS, () => import('./pages/projects/quality.tsx'), 'Quality'),
  searchPage('/projects/$project/records', READERS, () => import('./pages/projects/records.tsx'), {
    name: 'Records',
    search: recordSearch,
  }),
  page('/projects/$project/settings', LEADS, () => import('./pages/projects/settings.tsx'), 'Settings'),
  page('/runs', READERS, () => import('./pages/runs/list.tsx'), 'RunList'),
  page('/runs/new', LEADS, () => import('./pages/runs/list.tsx'), 'NewRun'),
  searchPage('/runs/compare', READERS, () => import('./pages/runs/compare.tsx'), {
    name: 'CompareRuns',
    search: compareSearch,
  }),
  page('/runs/$run', READERS, () => import('./pages/runs/overview.tsx'), 'RunOverview'),
  page('/runs/$run/report', READERS, () => import('./pages/runs/report.tsx'), 'RunReport'),
  page('/runs/$run/samples', READERS, () => import('./pages/runs/samples.tsx'), 'RunSamples'),
  page('/runs/$run/audit', READERS, () => import('./pages/runs/audit.tsx'), 'RunAudit'),
  page('/runs/$run/audit/$challenge', READERS, () => import('./pages/runs/challenge.tsx'), 'ChallengePage'),
  page('/runs/$run/disclosure', READERS, () => import('./pages/runs/disclosure.tsx'), 'RunDisclosure'),
]);

export const createStudioRouter = (client: QueryClient) =>
  createRouter({ routeTree, context: { client }, defaultPreload: 'intent', scrollRestoration: true });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createStudioRouter>;
  }
}
