import { Link } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef } from 'react';
import { StudioError } from '../../api.ts';
import { Fault } from '../../ui/state.tsx';
import { KeyHint } from './controls/parts.tsx';
import type { JudgeProject } from './logic/types.ts';
import { TaskView } from './task-view.tsx';
import type { DeskWork } from './use-desk.ts';

/** Reasons of the server that deserve more than themselves. */
function reasonText(none: string): { readonly title: string; readonly text: string } {
  if (none.includes('paused'))
    return { title: 'Paused', text: 'The lead has paused judging here. What you gave is saved; look again later.' };
  if (none.includes('qualification not passed'))
    return {
      title: 'Thank you for trying',
      text: 'Too few of the qualification answers were the known ones, so that this project has no more tasks for you. Its lead can tell you more.',
    };
  if (none.includes('the most one rater may judge'))
    return {
      title: 'You have done your part',
      text: 'You have judged as many tasks as one person may here. Thank you.',
    };
  return { title: 'Nothing left for now', text: `The server says: ${none}.` };
}

/** What there is when no task is on screen: an explanation, the wait for the next, the end, or a fault. */
export function NoTask({ project, work }: { readonly project: JudgeProject; readonly work: DeskWork }): ReactNode {
  const { desk, fault, fetching, waiting } = work;
  const box = useRef<HTMLDivElement>(null);
  const told = desk.explaining?.told ?? null;
  useEffect(() => {
    if (told !== null) box.current?.focus();
  }, [told]);
  if (desk.explaining !== null) {
    const { task } = desk.explaining.held;
    return (
      <section className="task" aria-label="Explanation">
        <div
          ref={box}
          tabIndex={-1}
          className={`panel explanation ${told === null ? '' : told.right ? 'right' : 'other'}`}
        >
          {told === null ? (
            <p role="status">
              {waiting.trouble === null ? 'Checking…' : 'The explanation comes when the server can be reached again.'}
            </p>
          ) : (
            <>
              <h2>{told.right ? '✓ Right' : '✗ Not quite'}</h2>
              <p>{told.text}</p>
            </>
          )}
          <button type="button" className="primary" aria-keyshortcuts="Enter" onClick={work.goOn}>
            Go on <KeyHint of="Enter" />
          </button>
        </div>
        <TaskView task={task} looks={{ expanded: false, compared: null }} onLooks={() => {}} />
      </section>
    );
  }
  if (waiting.waiting > 0 && waiting.trouble !== null)
    return (
      <section className="panel" aria-label="No more tasks here">
        <h2>All fetched tasks are judged</h2>
        <p>New ones come when the server can be reached again. What you gave is saved here until then.</p>
      </section>
    );
  if (desk.none !== null) {
    const { title, text } = reasonText(desk.none);
    return (
      <section className="panel" aria-label={title}>
        <h2>{title}</h2>
        <p>{text}</p>
        {desk.progress !== null && <p className="soft">{desk.progress.done} judged by you in this project.</p>}
        <div className="row">
          <button type="button" onClick={work.lookAgain}>
            Look again
          </button>
          <button type="button" disabled={desk.past.length === 0} aria-keyshortcuts="u" onClick={work.undo}>
            Undo <KeyHint of="u" />
          </button>
          <Link className="button" to="/judge">
            Other projects
          </Link>
          <Link className="button" to="/judge/$project/mine" params={{ project: project.id }}>
            My data
          </Link>
        </div>
      </section>
    );
  }
  if (fault instanceof StudioError && fault.status === 401)
    return (
      <section className="panel" aria-label="Signed out">
        <h2>You are signed out</h2>
        <p>What you gave is saved. Sign in to go on where you were.</p>
        <Link className="button primary" to="/login" search={{ to: `/judge/${project.id}` }}>
          Sign in
        </Link>
      </section>
    );
  if (fault !== null && !fetching) return <Fault error={fault} retry={work.lookAgain} />;
  return <p role="status">Fetching the next task…</p>;
}
