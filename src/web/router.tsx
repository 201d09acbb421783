import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  Link,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { Frame } from './frame.tsx';
import { Home } from './pages/home.tsx';
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

/** Lets in the roles a page is for; others go to sign in, or home. The server refuses on its own account. */
const only =
  (roles: readonly Role[]) =>
  async ({ context, location }: { context: Context; location: { href: string } }) => {
    const { user } = await context.client.ensureQueryData(sessionQuery);
    if (user === null) throw redirect({ to: '/login', search: { to: location.href } });
    if (!roles.includes(user.role)) throw redirect({ to: '/' });
  };

const page = <Path extends string>(
  path: Path,
  roles: readonly Role[] | null,
  load: () => Promise<Record<string, unknown>>,
  name: string,
) =>
  createRoute({
    getParentRoute: () => rootRoute,
    path,
    ...(roles !== null && { beforeLoad: only(roles) }),
    component: lazyRouteComponent(load as never, name as never),
  });

const home = createRoute({ getParentRoute: () => rootRoute, path: '/', component: Home });
const session = () => import('./pages/session.tsx');
const people = () => import('./pages/people/index.tsx');
const judge = () => import('./pages/judge/index.tsx');
const projects = () => import('./pages/projects/index.tsx');
const runs = () => import('./pages/runs/index.tsx');

/** The pages: each is fetched when it is first opened. */
const routeTree = rootRoute.addChildren([
  home,
  page('/setup/$token', null, session, 'Setup'),
  page('/login', null, session, 'Login'),
  page('/join/$token', null, session, 'Join'),
  page('/account', JUDGES.concat('auditor'), session, 'AccountPage'),
  page('/people', LEADS, people, 'People'),
  page('/judge', JUDGES, judge, 'JudgeHome'),
  page('/judge/$project', JUDGES, judge, 'JudgeScreen'),
  page('/judge/$project/mine', JUDGES, judge, 'OwnRecords'),
  page('/projects', READERS, projects, 'ProjectList'),
  page('/projects/new', LEADS, projects, 'NewProject'),
  page('/projects/$project', READERS, projects, 'Overview'),
  page('/projects/$project/items', READERS, projects, 'Items'),
  page('/projects/$project/items/$item', READERS, projects, 'ItemPage'),
  page('/projects/$project/adjudicate', LEADS, projects, 'Adjudicate'),
  page('/projects/$project/raters', READERS, projects, 'Raters'),
  page('/projects/$project/quality', READERS, projects, 'Quality'),
  page('/projects/$project/records', READERS, projects, 'Records'),
  page('/projects/$project/settings', LEADS, projects, 'Settings'),
  page('/runs', READERS, runs, 'RunList'),
  page('/runs/new', LEADS, runs, 'NewRun'),
  page('/runs/compare', READERS, runs, 'CompareRuns'),
  page('/runs/$run', READERS, runs, 'RunOverview'),
  page('/runs/$run/samples', READERS, runs, 'RunSamples'),
  page('/runs/$run/audit', READERS, runs, 'RunAudit'),
  page('/runs/$run/audit/$challenge', READERS, runs, 'ChallengePage'),
  page('/runs/$run/disclosure', READERS, runs, 'RunDisclosure'),
]);

export const createStudioRouter = (client: QueryClient) =>
  createRouter({ routeTree, context: { client }, defaultPreload: 'intent', scrollRestoration: true });
