import { Link } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';
import { call } from '../api.ts';
import { useSession } from '../session.tsx';
import { TextField } from '../ui/controls.tsx';
import { Fault, Loaded } from '../ui/state.tsx';
import { useTitle } from '../ui/title.ts';

/** The own account: password, pseudonym, and the way to the own data. */
export function AccountPage(): ReactNode {
  useTitle('Your account');
  const session = useSession();
  const [fault, setFault] = useState<unknown>(null);
  const [done, setDone] = useState(false);
  const change = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const data = new FormData(form);
    setFault(null);
    setDone(false);
    try {
      if (data.get('next') !== data.get('again')) throw new Error('The two new passwords differ; type them again.');
      await call('POST /api/password', {
        body: { current: String(data.get('current')), next: String(data.get('next')) },
      });
      form.reset();
      setDone(true);
    } catch (error) {
      setFault(error);
    }
  };
  return (
    <main className="narrow">
      <h1>Your account</h1>
      <Loaded query={session}>
        {({ user }) =>
          user !== null && (
            <>
              <dl className="cards">
                <div className="card">
                  <dt>Name</dt>
                  <dd>{user.name}</dd>
                </div>
                <div className="card">
                  <dt>Role</dt>
                  <dd>{user.role}</dd>
                </div>
              </dl>
              <p>
                Your judgments are recorded as <code>{user.raterId}</code>, not under your name.
                {user.role !== 'auditor' && (
                  <>
                    {' '}
                    See or withdraw what you gave from the <Link to="/judge">projects you judge in</Link>.
                  </>
                )}
              </p>
            </>
          )
        }
      </Loaded>
      <h2>Change the password</h2>
      <form onSubmit={(event) => void change(event)}>
        {fault !== null && <Fault error={fault} />}
        <p role="status">{done ? 'Changed. Other devices are signed out.' : ''}</p>
        <TextField label="Current password" name="current" type="password" required autoComplete="current-password" />
        <TextField
          label="New password"
          name="next"
          type="password"
          required
          minLength={10}
          hint="At least 10 characters."
          autoComplete="new-password"
        />
        <TextField label="New password again" name="again" type="password" required autoComplete="new-password" />
        <button type="submit" className="primary">
          Change it
        </button>
      </form>
    </main>
  );
}
