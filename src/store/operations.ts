import { setImmediate } from 'node:timers/promises';
import { type FeedbackRecord, recordKey } from '../feedback/index.ts';
import { DataError, UsageError } from '../run/index.ts';
import { Allocator, expiredSeats } from './allocator.ts';
import type { Outcome } from './batches.ts';
import type { Connection, LockedProject } from './connection.ts';
import { openIn } from './derive.ts';
import type { Pair } from './queries.ts';
import { unknownItem, unknownRater } from './refusals.ts';
import { reserveFor, timeOf } from './reserve.ts';
import type { SeatRow } from './schema.ts';
import { type Session, sessionOf } from './session.ts';
import type { Receipt, Reservation } from './store.ts';
import { referencesOf, releaseSeat, type SubmitRequest, submitTo } from './submit.ts';
import { projectParser } from './values.ts';

/** What raters do, many times a second: taken together under one lock and one commit. */
export type Operation =
  /** Several are taken together or not at all. */
  | { readonly type: 'submit'; readonly requests: readonly SubmitRequest[] }
  | { readonly type: 'reserve'; readonly raterId: string; readonly now: string; readonly itemId?: string | undefined }
  | { readonly type: 'release'; readonly raterId: string; readonly itemId: string };
export type OperationResult = readonly Receipt[] | Reservation | { readonly none: string } | boolean;

/** Who and what an operation is about: a pair for each record of a submission. */
const placesOf = (op: Operation): readonly { readonly raterId: string; readonly itemId: string | null }[] =>
  op.type === 'submit'
    ? op.requests.map(({ record }) => recordKey(record))
    : [{ raterId: op.raterId, itemId: op.itemId ?? null }];
const ratersOf = (op: Operation) => placesOf(op).map(({ raterId }) => raterId);
const requestsOf = (op: Operation) => (op.type === 'submit' ? op.requests : []);

/** Record types that change what seats and items count. */
const TOUCHES = { judgment: true, skip: true, undo: true } as const satisfies Partial<
  Record<FeedbackRecord['type'], true>
>;

/** What a batch reads by what it names itself, in a number of statements that does not grow with it. */
interface FirstReads {
  readonly allocator: Allocator;
  readonly expired: readonly SeatRow[];
  /** The clock of the batch, in milliseconds; not finite where nobody asks for an item. */
  readonly now: number;
}

async function readFirst(session: Session, operations: readonly Operation[]): Promise<FirstReads> {
  const requests = operations.flatMap(requestsOf);
  // The clock of a batch is the latest of its callers'; a caller with a bad clock hears of it in its own turn.
  const times = operations.flatMap((op) => (op.type === 'reserve' ? [Date.parse(op.now)] : []));
  const now = Math.max(...times.filter((at) => !Number.isNaN(at)));
  const reserving = Number.isFinite(now);
  const asking = operations.filter((op) => op.type === 'reserve');
  const allocator = new Allocator(session, new Set(asking.flatMap(ratersOf)));
  const [expired] = await Promise.all([
    reserving ? expiredSeats(session, now) : [],
    allocator.readAhead(`${session.seq}/${session.totals.reserved}/${asking[0]?.raterId ?? ''}`),
    session.loadRaters(operations.flatMap(ratersOf)),
    session.loadReserved([...new Set(operations.filter((op) => op.type !== 'release').flatMap(ratersOf))]),
    session.loadItems(operations.flatMap(placesOf).flatMap(({ itemId }) => itemId ?? [])),
    session.loadRecords(
      requests.flatMap(({ record }) => [recordKey(record).id, ...referencesOf(record)]),
      requests.map(({ record, key }) => key ?? recordKey(record).id),
    ),
  ]);
  return { allocator, expired, now };
}

/** Loads the rest of what a batch will read, and readies the search for items. */
async function prepare(
  session: Session,
  operations: readonly Operation[],
  { allocator, expired, now }: FirstReads,
): Promise<void> {
  const { pairs, personal, drafted } = touchedBy(session, operations);
  await Promise.all([
    session.loadItems(
      [],
      pairs.map(({ item }) => item),
    ),
    session.loadRaters([], [...personal, ...pairs.map(({ rater }) => rater)]),
  ]);
  await Promise.all([
    session.loadSeats(pairs),
    operations.flatMap(requestsOf).some(({ record }) => record.type in TOUCHES)
      ? session.loadHistory(pairs)
      : undefined,
    session.loadPersonal(personal),
    session.loadDrafts(drafted),
    allocator.meet(),
  ]);
  await allocator.reclaim(now, expired);
}

/** Whose places at which items a batch touches, whose withdrawals, and where drafts are written. */
function touchedBy(
  session: Session,
  operations: readonly Operation[],
): { readonly pairs: Pair[]; readonly personal: number[]; readonly drafted: Pair[] } {
  const pairs: Pair[] = [];
  const personal: number[] = [];
  const drafted: Pair[] = [];
  const pairOf = ({ raterId, itemId }: ReturnType<typeof placesOf>[number]) => {
    const rater = session.rater(raterId)?.row.rater;
    const item = session.item(itemId ?? '')?.row.item;
    return rater === undefined || item === undefined ? [] : [{ rater, item }];
  };
  for (const op of operations) {
    pairs.push(...placesOf(op).flatMap(pairOf));
    for (const { record } of requestsOf(op)) {
      if (record.type === 'draft') drafted.push(...pairOf(recordKey(record)));
      const rater = session.rater(recordKey(record).raterId)?.row.rater;
      if (record.type === 'withdrawal' && rater !== undefined) personal.push(rater);
      if (record.type !== 'undo') continue;
      const target = session.recordById(record.undoes);
      if (target === undefined) continue;
      if (target.item === null) personal.push(target.rater);
      else pairs.push({ rater: target.rater, item: target.item });
    }
  }
  return { pairs, personal, drafted };
}

/** Records that belong together, of which one was refused after others were taken: the batch begins again without them. */
class HalfTaken extends Error {
  readonly operation: Operation;

  constructor(operation: Operation, cause: unknown) {
    super('a submission was refused in part', { cause });
    this.operation = operation;
  }
}

async function submitAll(session: Session, op: Extract<Operation, { type: 'submit' }>): Promise<readonly Receipt[]> {
  const receipts: Receipt[] = [];
  for (const request of op.requests) {
    try {
      const acknowledgement = await submitTo(session, request);
      const standing = session.standingOfRater(session.rater(recordKey(request.record).raterId)!);
      receipts.push({ ...acknowledgement, standing, openItems: openIn(session.totals) });
    } catch (error) {
      if (receipts.some(({ stored }) => stored) && isCallers(error)) throw new HalfTaken(op, error);
      throw error;
    }
  }
  return receipts;
}

async function perform(session: Session, allocator: Allocator, op: Operation): Promise<OperationResult> {
  switch (op.type) {
    case 'submit':
      return submitAll(session, op);
    case 'reserve':
      timeOf(op.now);
      return reserveFor(session, allocator, op);
    case 'release': {
      const rater = session.rater(op.raterId);
      if (rater === undefined) throw unknownRater(session.project.id, op.raterId);
      const item = session.item(op.itemId);
      if (item === undefined) throw unknownItem(session.project.id, op.itemId);
      return releaseSeat(session, rater, item);
    }
    default:
      return op satisfies never;
  }
}

/** Adds to reservations what the raters had begun: after all of a batch, so that it takes one statement. */
async function withDrafts(
  session: Session,
  operations: readonly Operation[],
  outcomes: Outcome<OperationResult>[],
): Promise<Outcome<OperationResult>[]> {
  const places = operations.map((op, i): Pair | undefined => {
    const outcome = outcomes[i]!;
    if (op.type !== 'reserve' || !('value' in outcome)) return undefined;
    const { value } = outcome;
    if (typeof value !== 'object' || !('presentation' in value)) return undefined;
    return { rater: session.rater(op.raterId)!.row.rater, item: session.item(value.item.id)!.row.item };
  });
  await session.loadOwn(places.filter((place) => place !== undefined));
  return outcomes.map((outcome, i) => {
    const place = places[i];
    if (place === undefined || !('value' in outcome)) return outcome;
    const draft = session.standing(place).drafts.at(-1);
    return draft === undefined ? outcome : { value: { ...(outcome.value as Reservation), draft: draft.content } };
  });
}

/** Whether an error is about what one caller asked, and not about the database. */
const isCallers = (error: unknown) =>
  (error instanceof UsageError || error instanceof DataError) && error.code !== 'store';

/** Runs a batch on a project in one transaction; undefined when there is no such project. */
export type RunBatch = (
  operations: readonly Operation[],
  projectId: string,
) => Promise<readonly Outcome<OperationResult>[] | undefined>;

export function batchRunner(connection: Connection): RunBatch {
  const runOnce = batchOnce(connection);
  return async (operations, projectId) => {
    const refused = new Map<Operation, unknown>();
    for (;;) {
      const taken = operations.filter((op) => !refused.has(op));
      try {
        const outcomes = await runOnce(taken, projectId);
        if (outcomes === undefined) return undefined;
        const byOperation = new Map(taken.map((op, i) => [op, outcomes[i]!]));
        return operations.map((op) => byOperation.get(op) ?? { error: refused.get(op) });
      } catch (error) {
        if (!(error instanceof HalfTaken)) throw error;
        refused.set(error.operation, error.cause);
      }
    }
  };
}

/** Runs a batch; a `HalfTaken` takes all of it back. */
function batchOnce(connection: Connection): RunBatch {
  const parserOf = projectParser();
  /** Projects as the last batch found them. */
  const known = new Map<string, LockedProject>();
  return async (operations, projectId) => {
    const parse = parserOf(projectId);
    const done = await connection.writeProject(projectId, async (trx, { locked, last }) => {
      // Most of what is read first is the same whatever the lock will show, so that it is sent along with it.
      const before = known.get(projectId);
      const guess = before && { session: sessionOf(trx, before, parse), body: before.body };
      const reading = guess && readFirst(guess.session, operations);
      reading?.catch(() => {});
      const row = await locked;
      if (row === undefined || row.status !== 'ready') return undefined;
      known.set(projectId, row);
      const asGuessed = guess?.session.number === row.project && guess.body === row.body;
      const session = asGuessed ? guess.session : sessionOf(trx, row, parse);
      if (asGuessed) session.begin(row);
      const first = await (asGuessed ? reading! : readFirst(session, operations));
      await prepare(session, operations, first);
      const outcomes: Outcome<OperationResult>[] = [];
      for (const op of operations) {
        try {
          outcomes.push({ value: await perform(session, first.allocator, op) });
        } catch (error) {
          // What a caller did wrong concerns that caller; anything else, the whole transaction.
          if (!isCallers(error)) throw error;
          outcomes.push({ error });
        }
      }
      // Its one query is sent before the next turn of the event loop, so that it travels with the last writes.
      const answers = withDrafts(session, operations, outcomes);
      answers.catch(() => {});
      await setImmediate();
      last(session.lastWrites());
      return { answers };
    });
    return done?.answers;
  };
}
