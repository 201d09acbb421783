import { Navigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useSession } from '../session.tsx';
import { Loaded } from '../ui/state.tsx';

const START = { owner: '/projects', lead: '/projects', rater: '/judge', auditor: '/runs' } as const;

/** Sends each role to where its work is. */
export function Home(): ReactNode {
  const session = useSession();
  return (
    <Loaded query={session}>
      {({ user, setup }) => {
        if (user !== null) return <Navigate to={START[user.role]} />;
        if (!setup) return <Navigate to="/login" />;
        return (
          <main className="narrow">
            <h1>Almost there</h1>
            <p>
              This Studio has no owner yet. Open the link that the terminal printed when it started: it works once and
              creates the owner’s account.
            </p>
          </main>
        );
      }}
    </Loaded>
  );
}
