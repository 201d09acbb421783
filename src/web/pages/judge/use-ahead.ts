import { type Dispatch, useEffect, useRef, useState } from 'react';
import { call, StudioError } from '../../api.ts';
import { type Desk, type DeskEvent, type Held, signature, tasksWanted } from './logic/desk.ts';
import { waitBefore } from './logic/outbox.ts';
import type { JudgeProject } from './logic/types.ts';
import { inTime, readKept, sessionValues } from './outbox-browser.ts';
import { startingForm } from './use-drafts.ts';

/** Fetches tasks ahead of the rater; tries again by itself when the connection is lost. */
export function useAhead({
  project,
  owner,
  desk,
  settled,
  shownName,
  dispatch,
}: {
  readonly project: JudgeProject;
  readonly owner: string;
  readonly desk: Desk;
  /** Whether the server knows all that was decided: asked before, it would give the same tasks again. */
  readonly settled: boolean;
  /** Under which name the task on screen is remembered over a reload. */
  readonly shownName: string;
  readonly dispatch: Dispatch<DeskEvent>;
}): { readonly fault: unknown; readonly fetching: boolean; readonly askAgain: () => void } {
  const [fault, setFault] = useState<unknown>(null);
  const [fetching, setFetching] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const failures = useRef(0);
  const askAgain = () => setAttempt((n) => n + 1);
  const wanted = tasksWanted(desk);
  const holding = desk.held.map(({ task }) => task.taskId);
  const holdingRef = useRef(holding);
  holdingRef.current = holding;
  // biome-ignore lint/correctness/useExhaustiveDependencies: an attempt is a reason to ask again; the rest is read when asked
  useEffect(() => {
    if (wanted === 0 || !settled) return;
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const params = { project: project.id };
    setFetching(true);
    inTime(call('POST /api/judge/{project}/next', { params, body: { count: wanted, holding: holdingRef.current } }))
      .then(
        ({ tasks, none, progress }) => {
          if (gone) return;
          failures.current = 0;
          setFault(null);
          const held = tasks.map((task) => ({ task, form: startingForm(task, { project, owner }) }));
          // After a reload the task that was on screen comes first, or one that was begun.
          const kept = readKept(sessionValues(), shownName);
          const rank = (h: Held) => (kept === signature(h.task) ? 0 : Object.keys(h.form).length > 0 ? 1 : 2);
          held.sort((a, b) => rank(a) - rank(b));
          dispatch({ type: 'fetched', held, none, progress });
        },
        (error: unknown) => {
          if (gone) return;
          setFault(error);
          if (error instanceof StudioError) return;
          failures.current += 1;
          timer = setTimeout(askAgain, waitBefore(failures.current));
        },
      )
      .finally(() => {
        if (!gone) setFetching(false);
      });
    window.addEventListener('online', askAgain);
    return () => {
      gone = true;
      clearTimeout(timer);
      window.removeEventListener('online', askAgain);
    };
  }, [wanted > 0, settled, attempt, desk.held.length]);
  return { fault, fetching, askAgain };
}
