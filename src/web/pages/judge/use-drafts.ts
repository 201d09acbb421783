import { useCallback, useEffect, useRef, useState } from 'react';
import { call } from '../../api.ts';
import { type Draft, draftOf, laterDraft, readDraft } from './logic/drafts.ts';
import type { Form, JudgeProject, Task } from './logic/types.ts';
import { inTime, keep, localValues, newKey, readKept } from './outbox-browser.ts';

/** After so long without a change unfinished work goes to the server; the browser has it at once. */
const PAUSE_MS = 2500;

export type DraftState = 'none' | 'kept here' | 'saved';
interface KeptDraft {
  readonly prompt: string;
  readonly replies: readonly string[];
  readonly draft: Draft;
}

const nameOf = (owner: string, project: string) => `goodhart/draft/${owner}/${project}`;

/** The form to begin a task with: the later of what the server and this browser kept of it. */
export function startingForm(task: Task, { project, owner }: { project: JudgeProject; owner: string }): Form {
  const { questions } = project;
  const within = { questions, replies: task.replies };
  const kept = readKept(localValues(), nameOf(owner, project.id)) as Partial<KeptDraft> | undefined;
  const ofThis = kept?.prompt === task.prompt && JSON.stringify(kept.replies) === JSON.stringify(task.replies);
  return laterDraft(readDraft(task.draft, within), ofThis ? readDraft(kept.draft, within) : null)?.form ?? {};
}

/** Keeps unfinished work: in the browser with every change, on the server after a pause. */
export function useDrafts(project: string, owner: string) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [state, setState] = useState<DraftState>('none');
  useEffect(() => () => clearTimeout(timer.current), []);
  const changed = useCallback(
    (task: Task, form: Form) => {
      const draft = draftOf(form, new Date().toISOString());
      const kept: KeptDraft = { prompt: task.prompt, replies: task.replies, draft };
      setState(keep(localValues(), nameOf(owner, project), kept) ? 'kept here' : 'none');
      clearTimeout(timer.current);
      timer.current = setTimeout(() => {
        const body = { taskId: task.taskId, content: JSON.parse(JSON.stringify(draft)), idempotencyKey: newKey() };
        inTime(call('POST /api/judge/{project}/draft', { params: { project }, body })).then(
          () => setState((now) => (now === 'kept here' ? 'saved' : now)),
          // It is kept here; the next change tries again.
          () => {},
        );
      }, PAUSE_MS);
    },
    [project, owner],
  );
  /** The task is finished: nothing of it is a draft any more. */
  const finished = useCallback(() => {
    clearTimeout(timer.current);
    keep(localValues(), nameOf(owner, project), undefined);
    setState('none');
  }, [project, owner]);
  return { state, changed, finished };
}
