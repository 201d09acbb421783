import type { ReactNode } from 'react';
import { useSession } from '../../session.tsx';
import { useTitle } from '../../ui/title.ts';
import { Accounts } from './accounts.tsx';
import { Invites } from './invites.tsx';
import { Keys } from './keys.tsx';
import { Webhooks } from './webhooks.tsx';

/** Who is here, who is invited, and what scripts and other services may do. */
export function People(): ReactNode {
  useTitle('People');
  const role = useSession().data?.user?.role;
  return (
    <main>
      <h1>People</h1>
      <Accounts mayChange={role === 'owner'} />
      <Invites roles={role === 'owner' ? ['rater', 'lead', 'auditor', 'owner'] : ['rater', 'auditor']} />
      <Keys />
      <Webhooks />
    </main>
  );
}
