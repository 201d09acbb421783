import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';
import { call } from '../api.ts';
import { useSessionChange } from '../session.tsx';
import { TextField } from '../ui/controls.tsx';
import { when } from '../ui/figures.ts';
import { Fault, Loaded } from '../ui/state.tsx';
import { useTitle } from '../ui/title.ts';

/** Name and password, twice where it is new, and what to do with them. */
function CredentialsForm({
  button,
  fresh,
  onSubmit,
}: {
  readonly button: string;
  /** A new password is typed twice. */
  readonly fresh: boolean;
  readonly onSubmit: (name: string, password: string) => Promise<unknown>;
}): ReactNode {
  const [fault, setFault] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const [name, password, again] = ['name', 'password', 'again'].map((key) => String(data.get(key) ?? ''));
    if (fresh && password !== again) return setFault(new Error('The two passwords differ; type them again.'));
    setBusy(true);
    setFault(null);
    try {
      await onSubmit(name!, password!);
    } catch (error) {
      setFault(error);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      {fault !== null && <Fault error={fault} />}
      <TextField label="Name" name="name" required maxLength={80} autoComplete="username" />
      <TextField
        label="Password"
        name="password"
        type="password"
        required
        autoComplete={fresh ? 'new-password' : 'current-password'}
        {...(fresh && { minLength: 10, hint: 'At least 10 characters.' })}
      />
      {fresh && <TextField label="Password again" name="again" type="password" required autoComplete="new-password" />}
      <button type="submit" className="primary" disabled={busy}>
        {busy ? 'One moment…' : button}
      </button>
    </form>
  );
}

/** The first start: creates the owner. */
export function Setup(): ReactNode {
  useTitle('Create the owner’s account');
  const { token } = useParams({ strict: false }) as { token: string };
  const changed = useSessionChange();
  const navigate = useNavigate();
  return (
    <main className="narrow">
      <h1>Create the owner’s account</h1>
      <p>
        The owner runs this Studio: invites people, and may do everything. Everything stays on this machine and in its
        store.
      </p>
      <CredentialsForm
        fresh
        button="Create the account"
        onSubmit={async (name, password) => {
          await call('POST /api/setup', { body: { token, name, password } });
          await changed();
          await navigate({ to: '/' });
        }}
      />
    </main>
  );
}

export function Login(): ReactNode {
  useTitle('Sign in');
  const { to } = useSearch({ strict: false });
  const changed = useSessionChange();
  const navigate = useNavigate();
  return (
    <main className="narrow">
      <h1>Sign in</h1>
      <CredentialsForm
        fresh={false}
        button="Sign in"
        onSubmit={async (name, password) => {
          await call('POST /api/login', { body: { name, password } });
          await changed();
          // Only a place of this Studio: a link must not be able to lead elsewhere.
          await navigate({ to: to?.startsWith('/') === true && !to.startsWith('//') ? to : '/' });
        }}
      />
      <p className="soft small">No account? Ask the owner or a lead for an invitation link.</p>
      <p className="soft small">
        Without an account: <Link to="/explore">explore over-optimisation</Link> in a small world that your browser
        computes.
      </p>
    </main>
  );
}

const ROLE_TEXT = {
  owner: 'run this Studio',
  lead: 'lead projects',
  rater: 'judge replies',
  auditor: 'read and audit',
} as const;

/** Takes up an invitation. */
export function Join(): ReactNode {
  useTitle('Join');
  const { token } = useParams({ strict: false }) as { token: string };
  const invite = useQuery({
    queryKey: ['invite', token],
    queryFn: () => call('GET /api/invites/{token}', { params: { token } }),
    retry: false,
  });
  const changed = useSessionChange();
  const navigate = useNavigate();
  return (
    <main className="narrow">
      <h1>Join</h1>
      <Loaded query={invite}>
        {({ role, expiresAt }) => (
          <>
            <p>
              You are invited to {ROLE_TEXT[role]}. The link works once, until {when(expiresAt)}. Choose a name that
              others may see; your judgments are recorded under a pseudonym.
            </p>
            <CredentialsForm
              fresh
              button="Join"
              onSubmit={async (name, password) => {
                await call('POST /api/invites/{token}', { params: { token }, body: { name, password } });
                await changed();
                await navigate({ to: '/' });
              }}
            />
          </>
        )}
      </Loaded>
    </main>
  );
}
