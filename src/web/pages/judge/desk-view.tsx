import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, type ReactNode, type RefObject, Suspense, useDeferredValue, useEffect, useRef, useState } from 'react';
import { Markdown } from '../../ui/markdown.tsx';
import { BreakNotice } from './break-notice.tsx';
import { KeyHint } from './controls/parts.tsx';
import type { DeskDialogName } from './dialogs.tsx';
import { FormView } from './form-view.tsx';
import { type Filled, nextOpen, problemsOf } from './logic/form.ts';
import type { Command } from './logic/keys.ts';
import type { JudgeProject, OwnProgress } from './logic/types.ts';
import { NoTask } from './no-task.tsx';
import { judgeQuery } from './page.ts';
import { SavedLine, Waiting } from './saving.tsx';
import { useExpanded, useReadInstructions, useSingleKeys } from './settings.ts';
import { type Looks, TaskView } from './task-view.tsx';
import { Toast } from './toast.tsx';
import { type DeskWork, useDesk } from './use-desk.ts';
import { focusQuestion, useKeys } from './use-keys.ts';

/** Fetched when the desk is there, so that it opens at once, also when the connection is gone by then. */
const dialogs = () => import('./dialogs.tsx');
const DeskDialog = lazy(async () => ({ default: (await dialogs()).DeskDialog }));

const PURPOSES = {
  work: null,
  training: 'Training: you are told the answer afterwards.',
  qualification: 'Qualification: you are told the answer afterwards, and enough right answers admit you to the work.',
} as const;

type Commands = { readonly [C in Command]: () => void };

function Head({
  project: { id, name, instructions },
  progress,
  onDialog,
}: {
  readonly project: JudgeProject;
  readonly progress: OwnProgress | null;
  readonly onDialog: (name: DeskDialogName) => void;
}): ReactNode {
  return (
    <div className="row spread judge-head">
      <h1>{name}</h1>
      <div className="row small">
        {progress !== null && (
          <span className="soft">
            {progress.done} done{progress.left !== null && `, up to ${progress.left} left`}
          </span>
        )}
        {instructions !== null && (
          <button type="button" aria-keyshortcuts="i" onClick={() => onDialog('instructions')}>
            Instructions <KeyHint of="i" />
          </button>
        )}
        <button type="button" aria-keyshortcuts="?" onClick={() => onDialog('keys')}>
          Keys{' '}
          <span aria-hidden="true">
            <kbd>?</kbd>
          </span>
        </button>
        <Link className="button" to="/judge/$project/mine" params={{ project: id }}>
          My data
        </Link>
      </div>
    </div>
  );
}

/** The instructions, until the rater has read this version. */
function NewInstructions({
  project: { id, instructions },
  owner,
}: {
  readonly project: JudgeProject;
  readonly owner: string;
}): ReactNode {
  const [readVersion, setReadVersion] = useReadInstructions(id, owner);
  if (instructions === null || readVersion === instructions.version) return null;
  return (
    <section className="notice" aria-labelledby="instructions-title">
      <h2 id="instructions-title">
        {readVersion === null ? 'Before you begin' : 'The instructions have changed'}{' '}
        <span className="soft small">version {instructions.version}</span>
      </h2>
      <Markdown text={instructions.text} level={3} />
      <button type="button" onClick={() => setReadVersion(instructions.version)}>
        I have read this
      </button>
    </section>
  );
}

/** What can be done with a task, each with its key. */
function Actions({
  work,
  owner,
  commands,
}: {
  readonly work: DeskWork;
  readonly owner: string;
  readonly commands: Commands;
}): ReactNode {
  return (
    <fieldset className="judge-bar" aria-label="Actions">
      <button type="submit" form="answer" className="primary" aria-keyshortcuts="Enter">
        Submit <KeyHint of="Enter" />
      </button>
      <button type="button" aria-keyshortcuts="s" onClick={commands.skip}>
        Skip <KeyHint of="s" />
      </button>
      <button type="button" aria-keyshortcuts="r" onClick={commands.flag}>
        Report <KeyHint of="r" />
      </button>
      <button type="button" aria-keyshortcuts="u" disabled={work.desk.past.length === 0} onClick={work.undo}>
        Undo <KeyHint of="u" />
      </button>
      <span className="soft small saved">
        <SavedLine owner={owner} draft={work.draft} />
      </span>
    </fieldset>
  );
}

/** Which task of the rater is on screen: after those that the server counts, and those that are on their way to it. */
function taskNumber(project: JudgeProject, { desk, waiting }: DeskWork): number {
  const onTheWay = waiting.entries.filter(
    (entry) => entry.kind === 'submit' && entry.refused === null && entry.project === project.id,
  );
  return (desk.progress?.done ?? 0) + onTheWay.length + 1;
}

/** A task that comes with newer instructions brings them along. */
function useNewerInstructions({ id, instructions }: JudgeProject, version: string | undefined): void {
  const client = useQueryClient();
  const asksFor = version !== undefined && instructions !== null && version !== instructions.version ? version : null;
  useEffect(() => {
    if (asksFor !== null) void client.invalidateQueries(judgeQuery(id));
  }, [asksFor, client, id]);
}

/** A new task begins at its top, with nothing carried over but the wish to see differences: `begin` sees to that. */
function useNewTask(taskId: string | null, begin: () => void): RefObject<HTMLHeadingElement | null> {
  const top = useRef<HTMLHeadingElement>(null);
  const shownBefore = useRef<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new task is the only reason to begin
  useEffect(() => {
    if (taskId === null) return;
    begin();
    const first = shownBefore.current === null;
    shownBefore.current = taskId;
    if (first) return;
    const focus = () => top.current?.focus({ preventScroll: true });
    focus();
    window.scrollTo({ top: 0 });
    // A window that closes with the task gives the focus back to what opened it: take it once more.
    const timer = setTimeout(focus);
    return () => clearTimeout(timer);
  }, [taskId]);
  return top;
}

/** The desk of a rater: the task, the form, and everything that is done with keys. */
export function DeskView({ project, owner }: { readonly project: JudgeProject; readonly owner: string }): ReactNode {
  const work = useDesk(project, owner);
  const { desk, current } = work;
  const [dialog, setDialog] = useState<DeskDialogName | null>(null);
  const [singleKeys, setSingleKeys] = useSingleKeys();
  const [expanded, setExpanded] = useExpanded();
  const [compared, setCompared] = useState<Looks['compared']>(null);
  const looks: Looks = { expanded, compared };
  const setLooks = (next: Looks) => {
    if (next.expanded !== expanded) setExpanded(next.expanded);
    setCompared(next.compared);
  };
  const [touched, setTouched] = useState<string | null>(null);
  const [asked, setAsked] = useState(false);
  useEffect(() => void dialogs(), []);
  const taskId = current?.task.taskId ?? null;
  const formFor = useDeferredValue(taskId);
  const { questions, instructions } = project;
  const filled: Filled | null =
    current === null ? null : { questions, form: current.form, replies: current.task.replies };
  const activeId = filled === null ? null : (touched ?? nextOpen(filled) ?? questions.at(-1)!.id);

  useNewerInstructions(project, current?.task.instructionsVersion);
  const top = useNewTask(taskId, () => {
    setTouched(null);
    setAsked(false);
    setCompared((before) => (before === null ? null : [0, 1]));
  });

  const submit = () => {
    if (filled === null) return desk.explaining !== null ? work.goOn() : undefined;
    const [problem] = problemsOf(filled);
    if (problem === undefined) return work.submit(filled);
    setAsked(true);
    focusQuestion(problem.questionId);
  };
  const step = (by: 1 | -1) => {
    const at = questions.findIndex(({ id }) => id === activeId);
    const next = questions[(at + by + questions.length) % questions.length];
    if (next !== undefined && filled !== null) focusQuestion(next.id);
  };
  const COMMANDS: Commands = {
    submit,
    skip: () => filled !== null && setDialog('skip'),
    flag: () => filled !== null && setDialog('flag'),
    undo: work.undo,
    keys: () => setDialog('keys'),
    instructions: () => instructions !== null && setDialog('instructions'),
    'next-question': () => step(1),
    'previous-question': () => step(-1),
    differences: () => setCompared((before) => (before === null && (filled?.replies.length ?? 0) > 1 ? [0, 1] : null)),
    expand: () => setExpanded(!expanded),
    'leave-text': () => {},
  };
  useKeys({
    filled,
    activeId,
    dialog: dialog !== null || work.onBreak === 'taken',
    singleKeys,
    onForm: work.enter,
    onCommand: (command) => COMMANDS[command](),
  });

  const shownDialog = work.onBreak === 'taken' ? 'break' : dialog;
  return (
    <main className={`judge${singleKeys ? '' : ' keys-off'}`}>
      <Head project={project} progress={desk.progress} onDialog={setDialog} />
      <Waiting owner={owner} />
      {(work.onBreak === 'suggested by time' || work.onBreak === 'suggested by signs') && (
        <BreakNotice why={work.onBreak} workedMs={work.workedMs} onTake={work.takeBreak} onDecline={work.endBreak} />
      )}
      <NewInstructions project={project} owner={owner} />
      {current !== null && filled !== null ? (
        <>
          <div className={questions.length > 1 ? 'desk paired' : 'desk'}>
            <section className="task" aria-labelledby="task-title">
              <h2 id="task-title" ref={top} tabIndex={-1}>
                Task {taskNumber(project, work)}
              </h2>
              {PURPOSES[current.task.purpose] !== null && (
                <p className="notice small">{PURPOSES[current.task.purpose]}</p>
              )}
              <TaskView key={taskId} task={current.task} looks={looks} onLooks={setLooks} />
            </section>
            {/* A long form comes after the texts: reading starts before answering. */}
            {(formFor === taskId || questions.length === 1) && (
              <FormView
                key={taskId}
                filled={filled}
                activeId={activeId}
                problems={asked ? problemsOf(filled) : []}
                onChange={work.enter}
                onActive={setTouched}
                onSubmit={submit}
              />
            )}
          </div>
          <Actions work={work} owner={owner} commands={COMMANDS} />
        </>
      ) : (
        <NoTask project={project} work={work} />
      )}
      <Toast work={work} />
      {shownDialog !== null && (
        <Suspense>
          <DeskDialog
            open={shownDialog}
            work={work}
            instructions={instructions}
            singleKeys={singleKeys}
            onSingleKeys={setSingleKeys}
            onClose={() => setDialog(null)}
          />
        </Suspense>
      )}
    </main>
  );
}
