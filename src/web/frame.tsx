import { Link, Outlet, useNavigate, useRouter } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';
import { call } from './api.ts';
import { type User, useSession, useSessionChange } from './session.tsx';

const PLACES: readonly { readonly to: string; readonly text: string; readonly roles: readonly User['role'][] }[] = [
  { to: '/judge', text: 'Judge', roles: ['owner', 'lead', 'rater'] },
  { to: '/projects', text: 'Projects', roles: ['owner', 'lead', 'auditor'] },
  { to: '/runs', text: 'Runs', roles: ['owner', 'lead', 'auditor'] },
  { to: '/people', text: 'People', roles: ['owner', 'lead'] },
  { to: '/explore', text: 'Explore', roles: ['owner', 'lead', 'rater', 'auditor'] },
];

/** Head with the places a person may go, and the page below. */
export function Frame(): ReactNode {
  const user = useSession().data?.user ?? null;
  const changed = useSessionChange();
  const navigate = useNavigate();
  const router = useRouter();
  // Where what was focused went with its page, the keyboard goes on at the new page rather than at the very top.
  useEffect(
    () =>
      router.subscribe('onRendered', ({ fromLocation, pathChanged }) => {
        if (fromLocation !== undefined && pathChanged && document.activeElement === document.body)
          document.getElementById('main')?.focus({ preventScroll: true });
      }),
    [router],
  );
  const signOut = async () => {
    await call('POST /api/logout');
    await changed();
    await navigate({ to: '/login' });
  };
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the page
      </a>
      <header className="top">
        <Link className="brand" to="/">
          Goodhart
        </Link>
        {user !== null && (
          <>
            <nav aria-label="Places">
              {PLACES.filter(({ roles }) => roles.includes(user.role)).map(({ to, text }) => (
                <Link key={to} to={to}>
                  {text}
                </Link>
              ))}
            </nav>
            <div className="who">
              <Link to="/account">{user.name}</Link>
              <button type="button" className="plain" onClick={() => void signOut()}>
                Sign out
              </button>
            </div>
          </>
        )}
      </header>
      <div id="main" tabIndex={-1}>
        <Outlet />
      </div>
    </>
  );
}
