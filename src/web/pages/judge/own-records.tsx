import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';
import type { CONCERNS } from '../../../feedback/index.ts';
import type { ResponseOf } from '../../../server/index.ts';
import { call } from '../../api.ts';
import { useSession } from '../../session.tsx';
import { Field } from '../../ui/controls.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { counted, when } from '../../ui/figures.ts';
import { Scroll } from '../../ui/scroll.tsx';
import { Empty, Fault } from '../../ui/state.tsx';
import { useTitle } from '../../ui/title.ts';
import { newKey } from './outbox-browser.ts';
import { judgeQuery } from './page.ts';
import { Waiting } from './saving.tsx';

type Withdrawal = ResponseOf<'GET /api/judge/{project}/withdrawal'>;

const TYPES = { judgment: 'Answer', skip: 'Skip', flag: 'Report', concern: 'Concern' } as const;

type Concern = (typeof CONCERNS)[number];
/** In the words of the screen; a subject without words is a type error. */
const CONCERN_WORDS: Readonly<Record<Concern, string>> = {
  pay: 'Pay',
  hours: 'Hours and breaks',
  content: 'What I had to read',
  instructions: 'The instructions',
  treatment: 'How I was treated',
  privacy: 'My data',
  other: 'Something else',
};
const SUBJECTS = Object.keys(CONCERN_WORDS) as Concern[];

const stopping = ({ withdrawn, skips, flags }: Withdrawal): string =>
  [counted(withdrawn, 'answer'), counted(skips, 'skip'), counted(flags, 'report')].join(', ');

/** What was done, as the server counted it. */
function Done({ done }: { readonly done: Withdrawal }): ReactNode {
  return (
    <ul>
      <li>Stopped counting: {stopping(done)}.</li>
      <li>Erased: {counted(done.draftsErased, 'unfinished answer')}.</li>
      <li>Kept in the history, marked: {counted(done.recordsKept, 'record')}.</li>
    </ul>
  );
}

/** Says what withdrawing does before it is done. */
function WithdrawDialog({ project, onClose }: { readonly project: string; readonly onClose: () => void }): ReactNode {
  const client = useQueryClient();
  // One key for this dialog: pressed twice, or sent again, it is one withdrawal.
  const [key] = useState(newKey);
  const withdraw = useMutation({
    mutationFn: (reason: string) =>
      call('POST /api/judge/{project}/withdraw', {
        params: { project },
        body: { idempotencyKey: key, ...(reason !== '' && { reason }) },
      }),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['mine', project] }),
        client.invalidateQueries({ queryKey: ['judge'] }),
      ]),
  });
  const would = useQuery({
    queryKey: ['withdrawal', project],
    queryFn: () => call('GET /api/judge/{project}/withdrawal', { params: { project } }),
    gcTime: 0,
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    withdraw.mutate(String(new FormData(event.currentTarget).get('reason') ?? '').trim());
  };
  return (
    <Dialog title="Withdraw everything you gave" open focusFirst="textarea" onClose={onClose}>
      {withdraw.isSuccess ? (
        <div role="status">
          <p>Withdrawn: {counted(withdraw.data.withdrawn, 'answer')}. Nothing of what you gave counts from now on.</p>
          <Done done={withdraw.data} />
          <button type="button" className="primary" onClick={onClose}>
            Done
          </button>
        </div>
      ) : (
        <form onSubmit={submit}>
          <ul>
            <li>
              Every answer, skip and report of yours in this project stops counting, at once and for all later use
              {would.data !== undefined && <>: {stopping(would.data)}</>}.
            </li>
            <li>
              What you had typed and not sent is erased
              {would.data !== undefined && <>: {counted(would.data.draftsErased, 'unfinished answer')}</>}.
            </li>
            <li>
              The history of the project keeps{' '}
              {would.data === undefined ? 'the rest' : `the rest, ${counted(would.data.recordsKept, 'record')}`}, marked
              as withdrawn, so that what was computed before can be explained. An owner of this Studio can erase it for
              good; ask them.
            </li>
            <li>
              Files and runs that were made with them before, and models trained with them, are not changed by this.
            </li>
            <li>Concerns that you filed stay filed.</li>
            <li>It cannot be taken back here. You can go on judging; new answers count again.</li>
          </ul>
          {withdraw.isError && <Fault error={withdraw.error} />}
          <Field label="Why (optional)">{(ids) => <textarea name="reason" maxLength={10_000} {...ids} />}</Field>
          <div className="row">
            <button type="submit" className="danger" disabled={withdraw.isPending}>
              Withdraw everything
            </button>
            <button type="button" onClick={onClose}>
              Keep it
            </button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

/** A complaint or concern about the work, to lead and owner. */
function ConcernDialog({ project, onClose }: { readonly project: string; readonly onClose: () => void }): ReactNode {
  const client = useQueryClient();
  // One key for this dialog: pressed twice, or sent again, it is one concern.
  const [key] = useState(newKey);
  const file = useMutation({
    mutationFn: (body: { about: Concern; text: string }) =>
      call('POST /api/judge/{project}/concern', { params: { project }, body: { ...body, idempotencyKey: key } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['mine', project] }),
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const about = SUBJECTS.find((id) => id === given.get('about'))!;
    const text = String(given.get('text')).trim();
    if (text !== '') file.mutate({ about, text });
  };
  return (
    <Dialog title="Raise a concern" open focusFirst="textarea" onClose={onClose}>
      {file.isSuccess ? (
        <div role="status">
          <p>Filed. The lead and the owner of this Studio can read it.</p>
          <button type="button" className="primary" onClick={onClose}>
            Done
          </button>
        </div>
      ) : (
        <form onSubmit={submit}>
          <ul>
            <li>Lead and owner read what you write, under your pseudonym; so can auditors whom they let in.</li>
            <li>It is kept in the history. Withdrawing your answers does not take it out.</li>
            <li>
              What is published counts concerns, never quotes them, and tells no number of fewer than five people.
            </li>
          </ul>
          {file.isError && <Fault error={file.error} />}
          <Field label="What is it about?">
            {(ids) => (
              <select name="about" {...ids}>
                {SUBJECTS.map((id) => (
                  <option key={id} value={id}>
                    {CONCERN_WORDS[id]}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label="What should change?">
            {(ids) => <textarea name="text" required maxLength={10_000} {...ids} />}
          </Field>
          <div className="row">
            <button type="submit" className="primary" disabled={file.isPending}>
              File it
            </button>
            <button type="button" onClick={onClose}>
              Cancel
            </button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

/** Everything a person gave to a project, newest first, in their own words and places; and the way out. */
export function OwnRecords(): ReactNode {
  const { project } = useParams({ strict: false }) as { project: string };
  useTitle('My data');
  const owner = useSession().data?.user?.raterId;
  const name = useQuery(judgeQuery(project)).data?.name ?? project;
  const [withdrawing, setWithdrawing] = useState(false);
  const [complaining, setComplaining] = useState(false);
  const mine = useInfiniteQuery({
    queryKey: ['mine', project],
    queryFn: ({ pageParam }) =>
      call('GET /api/judge/{project}/mine', {
        params: { project },
        query: pageParam === null ? {} : { before: pageParam },
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  });
  const records = mine.data?.pages.flatMap((page) => page.records) ?? [];
  return (
    <main>
      <h1>My data: {name}</h1>
      <p className="soft">
        Recorded as <code>{owner}</code>, not under your name. Letters are the places in which the replies were shown to
        you.
      </p>
      {owner !== undefined && <Waiting owner={owner} />}
      {mine.isError && <Fault error={mine.error} retry={() => void mine.refetch()} />}
      {mine.isPending && <p role="status">Loading…</p>}
      {mine.data !== undefined && records.length === 0 && (
        <Empty title="Nothing yet">
          <p>
            You have given nothing to this project.{' '}
            <Link to="/judge/$project" params={{ project }}>
              Judge a task
            </Link>{' '}
            and it appears here.
          </p>
        </Empty>
      )}
      {records.length > 0 && (
        <>
          <Scroll name="What you gave">
            <table className="own">
              <thead>
                <tr>
                  <th scope="col">When</th>
                  <th scope="col">What you gave</th>
                  <th scope="col">State</th>
                </tr>
              </thead>
              <tbody>
                {records.map((record) => (
                  <tr key={record.id}>
                    <td className="when">{when(record.at)}</td>
                    <td className="long">
                      <span className="soft small">{record.question ?? TYPES[record.type]}</span>
                      <br />
                      {record.text}
                      <br />
                      {record.type !== 'concern' && <span className="soft small">To: {record.prompt}</span>}
                    </td>
                    <td>
                      {record.standing ? (
                        <span>
                          <span aria-hidden="true">●</span> {record.type === 'concern' ? 'filed' : 'counts'}
                        </span>
                      ) : (
                        <span className="soft">
                          <span aria-hidden="true">○</span> taken back
                        </span>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
          <div className="row spread own-actions">
            {mine.hasNextPage ? (
              <button type="button" disabled={mine.isFetchingNextPage} onClick={() => void mine.fetchNextPage()}>
                Show older ones
              </button>
            ) : (
              <span className="soft">That is all.</span>
            )}
            <button type="button" className="danger" onClick={() => setWithdrawing(true)}>
              Withdraw everything…
            </button>
          </div>
        </>
      )}
      <div className="row">
        <button type="button" onClick={() => setComplaining(true)}>
          Raise a concern…
        </button>
      </div>
      <p>
        <Link to="/judge">Back to the projects</Link>
      </p>
      {complaining && <ConcernDialog project={project} onClose={() => setComplaining(false)} />}
      {withdrawing && <WithdrawDialog project={project} onClose={() => setWithdrawing(false)} />}
    </main>
  );
}
