import type { Explanation, Form, OwnProgress, Task } from './types.ts';

/** The tasks in hand and what was done with those before: the state of a rater's screen, without effects. */
export interface Held {
  readonly task: Task;
  readonly form: Form;
}
/** Something that can be taken back. */
export interface Decision {
  /** Idempotency key it was sent under. */
  readonly key: string;
  readonly kind: 'submit' | 'skip' | 'flag';
  readonly held: Held;
}
export interface Desk {
  /** The first is on screen, the others wait. */
  readonly held: readonly Held[];
  /** Latest last. */
  readonly past: readonly Decision[];
  /** A training or qualification item that was just answered; `told` is null until the server has said. */
  readonly explaining: { readonly key: string; readonly held: Held; readonly told: Explanation | null } | null;
  /** Why nothing more follows, in the server's words; null while there may be more. */
  readonly none: string | null;
  readonly progress: OwnProgress | null;
}

export type DeskEvent =
  | {
      readonly type: 'fetched';
      readonly held: readonly Held[];
      readonly none: string | null;
      readonly progress: OwnProgress;
    }
  | { readonly type: 'entered'; readonly taskId: string; readonly form: Form }
  | { readonly type: 'decided'; readonly key: string; readonly kind: Decision['kind'] }
  | {
      readonly type: 'acknowledged';
      readonly key: string;
      readonly progress: OwnProgress | null;
      readonly told: Explanation | null;
    }
  | { readonly type: 'continued' }
  | { readonly type: 'undone'; readonly key: string }
  /** There may be more after all. */
  | { readonly type: 'hoped' }
  /** Tasks whose reservation has ended while they waited go back; the one on screen stays. */
  | { readonly type: 'expired'; readonly now: string };

const PAST_KEPT = 20;
export const WANTED = 3;

export const emptyDesk = (past: readonly Decision[] = []): Desk => ({
  held: [],
  past,
  explaining: null,
  none: null,
  progress: null,
});

/** Tells a task by its texts, in whatever order: each time it comes it is sealed anew. */
export const signature = ({ prompt, replies }: Task): string => JSON.stringify([prompt, ...[...replies].sort()]);
const same = (a: Task, b: Task) => signature(a) === signature(b);

/** Answers to these are explained at once, so that they stand. */
const explained = (task: Task) => task.purpose !== 'work';

export function deskAfter(desk: Desk, event: DeskEvent): Desk {
  switch (event.type) {
    case 'fetched': {
      const fresh = event.held.filter(({ task }) => !desk.held.some((held) => same(held.task, task)));
      return { ...desk, held: [...desk.held, ...fresh], none: event.none, progress: event.progress };
    }
    case 'entered':
      return {
        ...desk,
        held: desk.held.map((held) => (held.task.taskId === event.taskId ? { ...held, form: event.form } : held)),
      };
    case 'decided': {
      const [held, ...rest] = desk.held;
      if (held === undefined) return desk;
      const { key, kind } = event;
      const told = kind === 'submit' && explained(held.task);
      return {
        ...desk,
        held: kind === 'flag' ? desk.held : rest,
        past: told ? desk.past : [...desk.past, { key, kind, held }].slice(-PAST_KEPT),
        explaining: told ? { key, held, told: null } : desk.explaining,
        // What the server has to give may have changed.
        none: kind === 'flag' ? desk.none : null,
      };
    }
    case 'acknowledged':
      return {
        ...desk,
        progress: event.progress ?? desk.progress,
        explaining:
          desk.explaining?.key === event.key
            ? event.told === null
              ? null
              : { ...desk.explaining, told: event.told }
            : desk.explaining,
      };
    case 'continued':
      return { ...desk, explaining: null };
    case 'undone': {
      const decision = desk.past.find(({ key }) => key === event.key);
      if (decision === undefined) return desk;
      return {
        ...desk,
        past: desk.past.filter((d) => d !== decision),
        held: decision.kind === 'flag' ? desk.held : [decision.held, ...desk.held],
      };
    }
    case 'hoped':
      return { ...desk, none: null };
    case 'expired':
      return {
        ...desk,
        held: desk.held.filter(({ task }, i) => i === 0 || Date.parse(task.expiresAt) > Date.parse(event.now)),
      };
    default:
      return event satisfies never;
  }
}

/** How many tasks to ask for now; 0 when enough are in hand or nothing more is to be had. */
export const tasksWanted = ({ held, none }: Desk): number => (none === null ? Math.max(0, WANTED - held.length) : 0);
