import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Entry } from './logic/outbox.ts';
import { outboxOf } from './outbox-browser.ts';
import { useOutbox } from './use-outbox.ts';

const WHAT: Readonly<Record<Entry['kind'], readonly [one: string, many: string]>> = {
  submit: ['answer', 'answers'],
  skip: ['skip', 'skips'],
  flag: ['report', 'reports'],
  undo: ['step back', 'steps back'],
};

/** "2 answers and 1 skip", of what waits. */
function counted(entries: readonly Entry[]): string {
  const parts = (Object.keys(WHAT) as Entry['kind'][]).flatMap((kind) => {
    const n = entries.filter((entry) => entry.kind === kind).length;
    return n === 0 ? [] : [`${n} ${WHAT[kind][n === 1 ? 0 : 1]}`];
  });
  return new Intl.ListFormat('en-GB').format(parts);
}

/** What was given and is not on the server yet, and what can be done about it. Nothing when all is saved. */
export function Waiting({ owner }: { readonly owner: string }): ReactNode {
  const { entries, trouble, volatile } = useOutbox(owner);
  const outbox = outboxOf(owner);
  const waiting = entries.filter((entry) => entry.refused === null);
  const refused = entries.filter((entry) => entry.refused !== null);
  const where = volatile ? 'kept in this window only: do not close it' : 'saved here';
  return (
    <div aria-live="polite">
      {waiting.length > 0 && trouble !== null && (
        <div className="notice">
          <p>
            <strong>
              {counted(waiting)} waiting, {where}.
            </strong>{' '}
            {trouble === 'offline'
              ? 'The server cannot be reached; they are sent by themselves when it can.'
              : 'You are signed out; they are sent when you have signed in again.'}
          </p>
          <div className="row">
            <button type="button" onClick={() => outbox.retry()}>
              Send now
            </button>
            {trouble === 'sign-in' && (
              <Link className="button" to="/login" search={{ to: window.location.pathname }}>
                Sign in
              </Link>
            )}
          </div>
        </div>
      )}
      {refused.map(({ key, kind, refused: why }) => (
        <div className="notice fault" key={key}>
          <p>
            {WHAT[kind][0] === 'answer' ? 'An answer' : `A ${WHAT[kind][0]}`} was not taken by the server: {why}
          </p>
          <button type="button" onClick={() => outbox.discard(key)}>
            Put it aside
          </button>
        </div>
      ))}
    </div>
  );
}

/** One line of what is saved. */
export function SavedLine({
  owner,
  draft,
}: {
  readonly owner: string;
  readonly draft: 'none' | 'kept here' | 'saved';
}): ReactNode {
  const { waiting, trouble } = useOutbox(owner);
  if (waiting > 0) return <span>{trouble === null ? 'Sending…' : `◌ ${waiting} waiting, saved here`}</span>;
  const drafted = { none: '', 'kept here': ' · draft kept here', saved: ' · draft saved' }[draft];
  return <span>✓ All sent is saved{drafted}</span>;
}
