import { useCallback, useEffect, useReducer, useRef, useState } from 'react';
import type { call } from '../../api.ts';
import { type Decision, deskAfter, emptyDesk, type Held, signature } from './logic/desk.ts';
import { answersOf, choseFirst, type Filled } from './logic/form.ts';
import type { EntryKind } from './logic/outbox.ts';
import type { Explanation, Form, JudgeProject, OwnProgress } from './logic/types.ts';
import { keep, newKey, outboxOf, readKept, sessionValues } from './outbox-browser.ts';
import { useAhead } from './use-ahead.ts';
import { type Stopwatch, useStopwatch } from './use-attention.ts';
import { useBreaks } from './use-breaks.ts';
import { useDrafts } from './use-drafts.ts';
import { useOutbox } from './use-outbox.ts';

type SkipReason = Parameters<typeof call<'POST /api/judge/{project}/skip'>>[1]['body']['reason'];

/** Something that was just done, for the toast: `seq` tells two alike apart. */
export interface Done {
  readonly seq: number;
  readonly text: string;
  readonly undo: boolean;
}

/** One clock for the task on screen; it goes on where it stopped when a task comes back. */
function useTaskClock(current: Held | null, shownName: string): Stopwatch {
  const stopwatch = useStopwatch();
  /** Active time on tasks that left the screen and may come back. */
  const spent = useRef(new Map<string, number>());
  const currentId = current?.task.taskId ?? null;
  const onScreen = current === null ? null : signature(current.task);
  useEffect(() => {
    if (onScreen !== null) keep(sessionValues(), shownName, onScreen);
  }, [onScreen, shownName]);
  useEffect(() => {
    stopwatch.start(currentId === null ? null : (spent.current.get(currentId) ?? 0));
    return () => {
      if (currentId !== null) spent.current.set(currentId, stopwatch.read());
    };
  }, [currentId, stopwatch]);
  return stopwatch;
}

/** The work at the desk: tasks fetched ahead, decisions sent by the outbox, undo, drafts, active time and breaks. */
export function useDesk(project: JudgeProject, owner: string) {
  const pastName = `goodhart/past/${owner}/${project.id}`;
  const shownName = `goodhart/shown/${owner}/${project.id}`;
  const [desk, dispatch] = useReducer(deskAfter, undefined, () =>
    emptyDesk((readKept(sessionValues(), pastName) as Decision[] | undefined) ?? []),
  );
  const outbox = outboxOf(owner);
  const waiting = useOutbox(owner);
  const drafts = useDrafts(project.id, owner);
  const [done, setDone] = useState<Done | null>(null);
  const breaks = useBreaks(project);
  const say = useCallback(
    (text: string, undo: boolean) => setDone((before) => ({ seq: (before?.seq ?? 0) + 1, text, undo })),
    [],
  );

  useEffect(() => {
    keep(sessionValues(), pastName, desk.past);
  }, [pastName, desk.past]);

  useEffect(
    () =>
      outbox.onAcknowledged((entry, answer) => {
        if (entry.project !== project.id) return;
        const { progress = null, explanation = null } = answer as {
          progress?: OwnProgress;
          explanation?: Explanation | null;
        };
        dispatch({ type: 'acknowledged', key: entry.key, progress, told: explanation });
      }),
    [outbox, project.id],
  );

  const settled = waiting.waiting === 0;
  const ahead = useAhead({ project, owner, desk, settled, shownName, dispatch });

  const current = desk.explaining === null && breaks.onBreak !== 'taken' ? (desk.held[0] ?? null) : null;
  const stopwatch = useTaskClock(current, shownName);

  const send = <K extends EntryKind>(kind: K, key: string, body: Parameters<typeof outbox.add<K>>[1]['body']) =>
    outbox.add(kind, { project: project.id, key, body });

  const leave = (kind: 'submit' | 'skip', key: string) => {
    drafts.finished();
    // Offline, a reservation that ended is no reason to have nothing to do: late answers count too.
    if (waiting.trouble === null) dispatch({ type: 'expired', now: new Date().toISOString() });
    dispatch({ type: 'decided', key, kind });
  };

  return {
    desk,
    current,
    waiting,
    draft: drafts.state,
    done,
    fault: ahead.fault,
    fetching: ahead.fetching,
    onBreak: breaks.onBreak,
    workedMs: breaks.workedMs,
    enter(form: Form) {
      if (current === null) return;
      dispatch({ type: 'entered', taskId: current.task.taskId, form });
      drafts.changed(current.task, form);
    },
    submit(filled: Filled) {
      if (current === null) return;
      const [key, activeMs, answers] = [newKey(), Math.round(stopwatch.read()), answersOf(filled)];
      send('submit', key, { taskId: current.task.taskId, answers, activeMs });
      leave('submit', key);
      if (current.task.purpose === 'work') say('Submitted.', true);
      breaks.tire({ activeMs, first: choseFirst(answers) });
    },
    skip(reason: SkipReason, note: string) {
      if (current === null) return;
      const key = newKey();
      send('skip', key, { taskId: current.task.taskId, reason, ...(note !== '' && { note }) });
      leave('skip', key);
      say('Skipped.', true);
    },
    flag(reason: string) {
      if (current === null) return;
      const key = newKey();
      send('flag', key, { taskId: current.task.taskId, reason });
      dispatch({ type: 'decided', key, kind: 'flag' });
      say('Reported to the lead.', true);
    },
    undo() {
      const last = desk.past.at(-1);
      if (last === undefined) return say('There is nothing to take back.', false);
      if (!outbox.takeBack(last.key)) send('undo', newKey(), { id: last.key, taskId: last.held.task.taskId });
      dispatch({ type: 'undone', key: last.key });
      // Open again, it is a draft again: a reload must not lose it.
      if (last.kind !== 'flag') drafts.changed(last.held.task, last.held.form);
      const text = {
        submit: 'Taken back: your answer is open again.',
        skip: 'Taken back: no longer skipped.',
        flag: 'Report taken back.',
      };
      say(text[last.kind], false);
    },
    goOn: () => dispatch({ type: 'continued' }),
    lookAgain() {
      dispatch({ type: 'hoped' });
      ahead.askAgain();
    },
    hush: () => setDone(null),
    retry: () => outbox.retry(),
    discard: (key: string) => outbox.discard(key),
    takeBreak: breaks.takeBreak,
    endBreak: breaks.endBreak,
  };
}
export type DeskWork = ReturnType<typeof useDesk>;
