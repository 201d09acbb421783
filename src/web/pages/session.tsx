import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';
import { call } from '../api.ts';
import { useSession, useSessionChange } from '../session.tsx';
import { TextField } from '../ui/controls.tsx';
import { when } from '../ui/figures.ts';
import { Fault, Loaded } from '../ui/state.tsx';
import { useTitle } from '../ui/title.ts';

/** Name and password, twice where it is new, and what to do with them. */
function CredentialsForm({
  button,
  fresh,
  name: known,
  onSubmit,
}: {
  readonly button: string;
  /** Whose password it is, where that is known. */
  readonly name?: string;
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
      <TextField
        label="Name"
        name="name"
        required
        maxLength={80}
        autoComplete="username"
        {...(known !== undefined && { value: known, readOnly: true })}
      />
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
  const session = useSession();
  const changed = useSessionChange();
  const navigate = useNavigate();
  if (session.data?.setup === false)
    return (
      <main className="narrow">
        <h1>This link was used</h1>
        <p>
          The owner’s account is there already. <Link to="/login">Sign in</Link>, or ask the owner for an invitation.
        </p>
      </main>
    );
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
        Forgotten the password? An owner can make a link that sets a new one (People, Change); for the owner’s own,
        whoever runs the server: <code>goodhart studio reset</code>.
      </p>
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

/** Sets a new password by a link of an owner. */
export function Reset(): ReactNode {
  useTitle('Set a new password');
  const { token } = useParams({ strict: false }) as { token: string };
  const reset = useQuery({
    queryKey: ['reset', token],
    queryFn: () => call('GET /api/resets/{token}', { params: { token } }),
    retry: false,
  });
  const changed = useSessionChange();
  const navigate = useNavigate();
  return (
    <main className="narrow">
      <h1>Set a new password</h1>
      <Loaded query={reset}>
        {({ name }) => (
          <>
            <p>The link works once. You are signed out everywhere else, and keys that you made end.</p>
            <CredentialsForm
              fresh
              name={name}
              button="Set the password"
              onSubmit={async (_, password) => {
                await call('POST /api/resets/{token}', { params: { token }, body: { password } });
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

/** Takes an invitation up with the account that one is signed in with. */
function AcceptInvite({
  token,
  name,
  onNew,
}: {
  readonly token: string;
  readonly name: string;
  readonly onNew: () => void;
}): ReactNode {
  const changed = useSessionChange();
  const navigate = useNavigate();
  const accept = useMutation({
    mutationFn: () => call('POST /api/invites/{token}/accept', { params: { token } }),
    onSuccess: async () => {
      await changed();
      await navigate({ to: '/' });
    },
  });
  return (
    <>
      <p>You are signed in as {name}: the project comes to your other ones, and you stay one person.</p>
      {accept.isError && <Fault error={accept.error} />}
      <p className="row">
        <button type="button" className="primary" disabled={accept.isPending} onClick={() => accept.mutate()}>
          Join as {name}
        </button>
        <button type="button" className="plain" onClick={onNew}>
          I am somebody else: make a new account
        </button>
      </p>
    </>
  );
}

/** Takes up an invitation. */
export function Join(): ReactNode {
  useTitle('Join');
  const { token } = useParams({ strict: false }) as { token: string };
  const invite = useQuery({
    queryKey: ['invite', token],
    queryFn: () => call('GET /api/invites/{token}', { params: { token } }),
    retry: false,
  });
  const user = useSession().data?.user ?? null;
  const [fresh, setFresh] = useState(false);
  const changed = useSessionChange();
  const navigate = useNavigate();
  return (
    <main className="narrow">
      <h1>Join</h1>
      <Loaded query={invite}>
        {({ role, expiresAt, note }) => (
          <>
            {note !== '' && <p className="notice">{note}</p>}
            <p>
              You are invited to {ROLE_TEXT[role]}. The link works once, until {when(expiresAt)}.
            </p>
            {user !== null && !fresh ? (
              <AcceptInvite token={token} name={user.name} onNew={() => setFresh(true)} />
            ) : (
              <>
                <p>Choose a name that others may see; your judgments are recorded under a pseudonym.</p>
                <CredentialsForm
                  fresh
                  button="Join"
                  onSubmit={async (name, password) => {
                    await call('POST /api/invites/{token}', { params: { token }, body: { name, password } });
                    await changed();
                    await navigate({ to: '/' });
                  }}
                />
                {user === null && (
                  <p className="soft small">
                    You have an account here?{' '}
                    <Link to="/login" search={{ to: `/join/${token}` }}>
                      Sign in
                    </Link>
                    , and stay one person.
                  </p>
                )}
              </>
            )}
          </>
        )}
      </Loaded>
    </main>
  );
}
