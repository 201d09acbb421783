import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense, useDeferredValue, useEffect, useRef, useState } from 'react';
import { Markdown } from '../../ui/markdown.tsx';
import { BreakNotice } from './break-notice.tsx';
import { KeyHint } from './controls/parts.tsx';
import type { DeskDialogName } from './dialogs.tsx';
import { FormView } from './form-view.tsx';
import { type Filled, nextOpen, problemsOf } from './logic/form.ts';
import type { Command } from './logic/keys.ts';
import type { JudgeProject } from './logic/types.ts';
import { NoTask } from './no-task.tsx';
import { judgeQuery } from './page.ts';
import { SavedLine, Waiting } from './saving.tsx';
import { useReadInstructions, useSingleKeys } from './settings.ts';
import { type Looks, TaskView } from './task-view.tsx';
import { Toast } from './toast.tsx';
import { useDesk } from './use-desk.ts';
import { focusQuestion, useKeys } from './use-keys.ts';

/** Fetched when the desk is there, so that it opens at once, also when the connection is gone by then. */
const dialogs = () => import('./dialogs.tsx');
const DeskDialog = lazy(async () => ({ default: (await dialogs()).DeskDialog }));

const PURPOSES = {
  work: null,
  training: 'Training: you are told the answer afterwards.',
  qualification: 'Qualification: you are told the answer afterwards, and enough right answers admit you to the work.',
} as const;

/** The desk of a rater: the task, the form, and everything that is done with keys. */
export function DeskView({ project, owner }: { readonly project: JudgeProject; readonly owner: string }): ReactNode {
  const work = useDesk(project, owner);
  const { desk, current } = work;
  const [dialog, setDialog] = useState<DeskDialogName | null>(null);
  const [singleKeys, setSingleKeys] = useSingleKeys();
  const [readVersion, setReadVersion] = useReadInstructions(project.id, owner);
  const [looks, setLooks] = useState<Looks>({ expanded: false, compared: null });
  const [touched, setTouched] = useState<string | null>(null);
  const [asked, setAsked] = useState(false);
  const top = useRef<HTMLHeadingElement>(null);
  useEffect(() => void dialogs(), []);
  const taskId = current?.task.taskId ?? null;
  const formFor = useDeferredValue(taskId);
  const { questions, instructions } = project;
  const filled: Filled | null =
    current === null ? null : { questions, form: current.form, replies: current.task.replies };
  const activeId = filled === null ? null : (touched ?? nextOpen(filled) ?? questions.at(-1)!.id);

  // A task that comes with newer instructions brings them along.
  const client = useQueryClient();
  const version = current?.task.instructionsVersion;
  const asksFor = version !== undefined && instructions !== null && version !== instructions.version ? version : null;
  useEffect(() => {
    if (asksFor !== null) void client.invalidateQueries(judgeQuery(project.id));
  }, [asksFor, client, project.id]);

  // A new task begins at its top, with nothing carried over but the wish to see differences.
  const shownBefore = useRef<string | null>(null);
  useEffect(() => {
    if (taskId === null) return;
    setTouched(null);
    setAsked(false);
    setLooks((before) => ({ expanded: false, compared: before.compared === null ? null : [0, 1] }));
    const first = shownBefore.current === null;
    shownBefore.current = taskId;
    if (first) return;
    const begin = () => top.current?.focus({ preventScroll: true });
    begin();
    window.scrollTo({ top: 0 });
    // A window that closes with the task gives the focus back to what opened it: take it once more.
    const timer = setTimeout(begin);
    return () => clearTimeout(timer);
  }, [taskId]);

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
  const COMMANDS: { readonly [C in Command]: () => void } = {
    submit,
    skip: () => filled !== null && setDialog('skip'),
    flag: () => filled !== null && setDialog('flag'),
    undo: work.undo,
    keys: () => setDialog('keys'),
    instructions: () => instructions !== null && setDialog('instructions'),
    'next-question': () => step(1),
    'previous-question': () => step(-1),
    differences: () =>
      setLooks(({ compared, ...rest }) => ({
        ...rest,
        compared: compared === null && (filled?.replies.length ?? 0) > 1 ? [0, 1] : null,
      })),
    expand: () => setLooks((before) => ({ ...before, expanded: !before.expanded })),
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

  const { progress } = desk;
  const onTheWay = work.waiting.entries.filter(
    (entry) => entry.kind === 'submit' && entry.refused === null && entry.project === project.id,
  );
  const number = (progress?.done ?? 0) + onTheWay.length + 1;
  const shownDialog = work.onBreak === 'taken' ? 'break' : dialog;
  return (
    <main className={`judge${singleKeys ? '' : ' keys-off'}`}>
      <div className="row spread judge-head">
        <h1>{project.name}</h1>
        <div className="row small">
          {progress !== null && (
            <span className="soft">
              {progress.done} done{progress.left !== null && `, up to ${progress.left} left`}
            </span>
          )}
          {instructions !== null && (
            <button type="button" aria-keyshortcuts="i" onClick={() => setDialog('instructions')}>
              Instructions <KeyHint of="i" />
            </button>
          )}
          <button type="button" aria-keyshortcuts="?" onClick={() => setDialog('keys')}>
            Keys{' '}
            <span aria-hidden="true">
              <kbd>?</kbd>
            </span>
          </button>
          <Link className="button" to="/judge/$project/mine" params={{ project: project.id }}>
            My data
          </Link>
        </div>
      </div>
      <Waiting owner={owner} />
      {(work.onBreak === 'suggested by time' || work.onBreak === 'suggested by signs') && (
        <BreakNotice why={work.onBreak} workedMs={work.workedMs} onTake={work.takeBreak} onDecline={work.endBreak} />
      )}
      {instructions !== null && readVersion !== instructions.version && (
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
      )}
      {current !== null && filled !== null ? (
        <>
          <div className={questions.length > 1 ? 'desk paired' : 'desk'}>
            <section className="task" aria-labelledby="task-title">
              <h2 id="task-title" ref={top} tabIndex={-1}>
                Task {number}
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
          <fieldset className="judge-bar" aria-label="Actions">
            <button type="submit" form="answer" className="primary" aria-keyshortcuts="Enter">
              Submit <KeyHint of="Enter" />
            </button>
            <button type="button" aria-keyshortcuts="s" onClick={COMMANDS.skip}>
              Skip <KeyHint of="s" />
            </button>
            <button type="button" aria-keyshortcuts="r" onClick={COMMANDS.flag}>
              Report <KeyHint of="r" />
            </button>
            <button type="button" aria-keyshortcuts="u" disabled={desk.past.length === 0} onClick={work.undo}>
              Undo <KeyHint of="u" />
            </button>
            <span className="soft small saved">
              <SavedLine owner={owner} draft={work.draft} />
            </span>
          </fieldset>
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
