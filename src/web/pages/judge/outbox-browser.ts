import { call, Offline, StudioError } from '../../api.ts';
import {
  type AnswerTo,
  type Entry,
  type EntryKind,
  type KeyValues,
  type Kinds,
  Outbox,
  type Verdict,
} from './logic/outbox.ts';

/** The outbox over this browser: its storage, its connection, its tabs. One for each person, as long as the page lives. */
const ROUTES: Kinds = {
  submit: 'POST /api/judge/{project}/submit',
  skip: 'POST /api/judge/{project}/skip',
  flag: 'POST /api/judge/{project}/flag',
  undo: 'POST /api/judge/{project}/undo',
};
/** A connection that hangs is taken for lost; the same key makes sending again safe. */
const TIMEOUT_MS = 20_000;

/** A fresh idempotency key. `randomUUID` is missing on plain http, where a Studio on a local network is. */
export const newKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** Resolves as `work` does, or fails as a lost connection would. */
export function inTime<T>(work: Promise<T>, ms = TIMEOUT_MS): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Offline('the server did not answer in time')), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

async function send({ kind, key, project, body }: Entry): Promise<AnswerTo<EntryKind>> {
  const input = { params: { project }, body: { ...body, idempotencyKey: key } };
  return inTime(call(ROUTES[kind], input as Parameters<typeof call<Kinds[typeof kind]>>[1]));
}

function verdict(error: unknown): Verdict {
  if (!(error instanceof StudioError)) return 'retry';
  if (error.status === 401) return 'sign-in';
  // A key that is known with another content: the first attempt is still being stored. The next finds it there.
  if (error.status >= 500 || error.status === 429 || error.code === 'idempotency') return 'retry';
  return { refused: error.message };
}

/** Storage that may be forbidden altogether. */
function storageOr(get: () => Storage): KeyValues {
  try {
    return get();
  } catch {
    return {
      length: 0,
      key: () => null,
      getItem: () => null,
      setItem: () => {
        throw new Error('this browser keeps nothing');
      },
      removeItem: () => {},
    };
  }
}
export const localValues = (): KeyValues => storageOr(() => window.localStorage);
export const sessionValues = (): KeyValues => storageOr(() => window.sessionStorage);

/** Reads JSON that this page kept earlier; undefined when there is none, or none that can be read. */
export function readKept(values: KeyValues, name: string): unknown {
  try {
    return JSON.parse(values.getItem(name) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}
/** Keeps JSON where the browser allows it; what is kept so is a convenience, never the only copy that counts. */
export function keep(values: KeyValues, name: string, value: unknown): boolean {
  try {
    if (value === undefined) values.removeItem(name);
    else values.setItem(name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

const warn = (event: BeforeUnloadEvent) => event.preventDefault();
const outboxes = new Map<string, Outbox>();

/** The outbox of a person; starts sending what an earlier page left. */
export function outboxOf(owner: string): Outbox {
  const known = outboxes.get(owner);
  if (known !== undefined) return known;
  const name = `goodhart/outbox/${owner}`;
  const outbox = new Outbox({
    storage: localValues(),
    owner,
    send,
    verdict,
    later(ms, then) {
      const timer = setTimeout(then, ms);
      return () => clearTimeout(timer);
    },
    exclusive: (effect) => ('locks' in navigator ? navigator.locks.request(name, effect) : effect()),
  });
  outboxes.set(owner, outbox);
  window.addEventListener('online', () => outbox.retry());
  window.addEventListener('storage', (event) => {
    if (event.key === null || event.key.startsWith(name)) outbox.refresh();
  });
  outbox.subscribe(() => {
    if (outbox.state().entries.some((entry) => entry.refused === null)) window.addEventListener('beforeunload', warn);
    else window.removeEventListener('beforeunload', warn);
  });
  outbox.retry();
  return outbox;
}
