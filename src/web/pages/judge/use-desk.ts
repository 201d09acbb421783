import { useCallback, useEffect, useReducer, useRef, useState } from 'react';
import { call, StudioError } from '../../api.ts';
import { type Decision, deskAfter, emptyDesk, type Held, signature, tasksWanted } from './logic/desk.ts';
import { type BreakReason, breakReason, type Judged } from './logic/fatigue.ts';
import { answersOf, choseFirst, type Filled } from './logic/form.ts';
import { type EntryKind, waitBefore } from './logic/outbox.ts';
import type { Explanation, Form, JudgeProject, OwnProgress } from './logic/types.ts';
import { inTime, keep, newKey, outboxOf, readKept, sessionValues } from './outbox-browser.ts';
import { useStopwatch } from './use-attention.ts';
import { startingForm, useDrafts } from './use-drafts.ts';
import { useOutbox } from './use-outbox.ts';

/** Away for so long is a break taken. */
const BREAK_MS = 5 * 60_000;

type SkipReason = Parameters<typeof call<'POST /api/judge/{project}/skip'>>[1]['body']['reason'];

/** Something that was just done, for the toast: `seq` tells two alike apart. */
export interface Done {
  readonly seq: number;
  readonly text: string;
  readonly undo: boolean;
}

/** The work at the desk: tasks fetched ahead, decisions sent by the outbox, undo, drafts, active time and breaks. */
export function useDesk(project: JudgeProject, owner: string) {
  const params = { project: project.id };
  const pastName = `goodhart/past/${owner}/${project.id}`;
  const shownName = `goodhart/shown/${owner}/${project.id}`;
  const [desk, dispatch] = useReducer(deskAfter, undefined, () =>
    emptyDesk((readKept(sessionValues(), pastName) as Decision[] | undefined) ?? []),
  );
  const outbox = outboxOf(owner);
  const waiting = useOutbox(owner);
  const drafts = useDrafts(project.id, owner);
  const stopwatch = useStopwatch();
  const [done, setDone] = useState<Done | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const [fetching, setFetching] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const [onBreak, setOnBreak] = useState<'suggested by time' | 'suggested by signs' | 'taken' | null>(null);
  const work = useRef({ ms: 0, judged: [] as Judged[], last: 0, failures: 0 });
  /** Active time on tasks that left the screen and may come back. */
  const spent = useRef(new Map<string, number>());
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

  // Tasks ahead. Only once the server knows all that was decided, so that it does not give the same ones again.
  const wanted = tasksWanted(desk);
  const settled = waiting.waiting === 0;
  const holding = desk.held.map(({ task }) => task.taskId);
  const holdingRef = useRef(holding);
  holdingRef.current = holding;
  // biome-ignore lint/correctness/useExhaustiveDependencies: an attempt is a reason to ask again; the rest is read when asked
  useEffect(() => {
    if (wanted === 0 || !settled) return;
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = () => setAttempt((n) => n + 1);
    setFetching(true);
    inTime(call('POST /api/judge/{project}/next', { params, body: { count: wanted, holding: holdingRef.current } }))
      .then(
        ({ tasks, none, progress }) => {
          if (gone) return;
          work.current.failures = 0;
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
          work.current.failures += 1;
          timer = setTimeout(again, waitBefore(work.current.failures));
        },
      )
      .finally(() => {
        if (!gone) setFetching(false);
      });
    window.addEventListener('online', again);
    return () => {
      gone = true;
      clearTimeout(timer);
      window.removeEventListener('online', again);
    };
  }, [wanted > 0, settled, attempt, desk.held.length]);

  // One clock for the task on screen; it goes on where it stopped when a task comes back.
  const current = desk.explaining === null && onBreak !== 'taken' ? (desk.held[0] ?? null) : null;
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

  const send = <K extends EntryKind>(kind: K, key: string, body: Parameters<typeof outbox.add<K>>[1]['body']) =>
    outbox.add(kind, { project: project.id, key, body });

  const tire = (judged: Judged) => {
    const now = performance.now();
    const { current: w } = work;
    if (now - w.last > BREAK_MS + judged.activeMs) [w.ms, w.judged] = [0, []];
    w.last = now;
    w.ms += judged.activeMs;
    w.judged.push(judged);
    const { breakAfterMinutes } = project;
    const reason: BreakReason | null = breakReason({ workedMs: w.ms, breakAfterMinutes, judged: w.judged });
    if (reason !== null) setOnBreak(reason === 'time' ? 'suggested by time' : 'suggested by signs');
  };

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
    fault,
    fetching,
    onBreak,
    workedMs: work.current.ms,
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
      tire({ activeMs, first: choseFirst(answers) });
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
      setAttempt((n) => n + 1);
    },
    hush: () => setDone(null),
    retry: () => outbox.retry(),
    discard: (key: string) => outbox.discard(key),
    takeBreak: () => setOnBreak('taken'),
    endBreak() {
      Object.assign(work.current, { ms: 0, judged: [] });
      setOnBreak(null);
    },
  };
}
export type DeskWork = ReturnType<typeof useDesk>;
