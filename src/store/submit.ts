import {
  type Answer,
  answerProblem,
  type FeedbackRecord,
  formProblem,
  type Judgment,
  type Presentation,
  type Project,
  purposeOf,
  questionOf,
  type RecordOf,
  recordKey,
  replyOf,
} from '../feedback/index.ts';
import { canonicalJson, DataError, UsageError } from '../run/index.ts';
import { skippedPurpose } from './derive.ts';
import { unknownItem, unknownRater } from './refusals.ts';
import { PURPOSES, purposeCode, type Totals } from './schema.ts';
import type { Session } from './session.ts';
import type { Acknowledgement } from './store.ts';
import type { ItemEntry, RaterEntry, StoredRecord } from './working-set.ts';

export interface SubmitRequest {
  readonly record: FeedbackRecord;
  /** The record in canonical form. */
  readonly body: string;
  readonly key?: string | undefined;
  /** May take back records of others. */
  readonly lead?: boolean | undefined;
}

const refuse = (record: FeedbackRecord, problem: string) =>
  new DataError('record', `${record.type} ${recordKey(record).id}: ${problem}`);

/** Ids of records that a record speaks of. */
export function referencesOf(record: FeedbackRecord): readonly string[] {
  switch (record.type) {
    case 'judgment': {
      const { supersedes, presentation } = record.judgment;
      return [supersedes, presentation.repeats].filter((id) => id !== undefined);
    }
    case 'undo':
      return [record.undoes];
    case 'adjudication':
      return record.considered;
    default:
      return [];
  }
}

/** The first of a submission's effects: an earlier one with the same key is answered again, or refused if it differs. */
function replay(session: Session, { record, body, key }: SubmitRequest): Acknowledgement | undefined {
  const { id } = recordKey(record);
  const before = session.recordByKey(key ?? id);
  if (before !== undefined) {
    // Of what was erased since, nobody can say whether it was the same: it is not stored again.
    if (before.body === body || isErased(before.body) || sameButForItsTime(before.body, record))
      return { ...receiptOf(before), stored: false };
    throw new UsageError(
      'idempotency',
      `idempotency key ${key ?? id}: expected the submission it was first used for, got another; use a new key`,
    );
  }
  if (session.recordById(id) !== undefined) {
    throw new UsageError('record-known', `record ${id}: expected a new id, got one of the history; use another id`);
  }
  return undefined;
}

const isErased = (body: string): boolean => (JSON.parse(body) as FeedbackRecord).type === 'erased';

/** Sent again after a lost answer, a record comes with a later time; the first one stands. */
function sameButForItsTime(before: string, record: FeedbackRecord): boolean {
  const timeless = (value: FeedbackRecord) =>
    value.type === 'judgment' ? { ...value, judgment: { ...value.judgment, submittedAt: '' } } : { ...value, at: '' };
  return canonicalJson(timeless(JSON.parse(before) as FeedbackRecord)) === canonicalJson(timeless(record));
}

const receiptOf = ({ id, seq, hash }: StoredRecord): Acknowledgement => ({
  id,
  stored: true,
  completes: false,
  seq,
  hash,
});

/** Checks a record against the project, adds it to the history and brings what follows from it into step. */
export async function submitTo(session: Session, request: SubmitRequest): Promise<Acknowledgement> {
  const { record } = request;
  const again = replay(session, request);
  if (again !== undefined) return again;
  const { raterId, itemId } = recordKey(record);
  if (record.type === 'erased' || record.type === 'erasure')
    throw refuse(record, 'expected something that a rater did, got a trace of erasure, which the store writes itself');
  const rater = session.rater(raterId);
  if (rater === undefined) throw unknownRater(session.project.id, raterId);
  if (record.type === 'undo') return undo(session, record, { request, rater });
  if (record.type === 'withdrawal') return withdraw(session, { request, rater });
  if (record.type === 'concern') return receiptOf(session.append(request, { rater: rater.row.rater, item: null }));
  const item = session.item(itemId!);
  if (item === undefined) throw unknownItem(session.project.id, itemId!);
  const place = { rater, item };
  switch (record.type) {
    case 'judgment':
      checkJudgment(session, record, place);
      break;
    case 'adjudication':
      checkAdjudication(session, record, item);
      break;
    case 'skip':
      checkPresentation(session, record, { ...place, presentation: record.presentation });
      break;
    case 'draft':
      await makeRoom(session, record, place);
      break;
    case 'archive':
      if (request.lead !== true)
        throw refuse(record, 'expected a lead, got somebody else; ask the lead of the project');
      if (item.row.archived > 0)
        throw refuse(record, `expected an item of the project, got ${itemId}, which is put away`);
      break;
    case 'flag':
      break;
    default:
      record satisfies never;
  }
  const isWhole = () => item.row.role === 'work' && item.row.done >= item.row.wanted;
  const wasWhole = isWhole();
  const stored = session.append(request, { rater: rater.row.rater, item: item.row.item });
  if (record.type === 'judgment' || record.type === 'skip') session.refresh(rater, item);
  if (record.type === 'skip') session.totals.skips += 1;
  if (record.type === 'flag') session.totals.flags += 1;
  if (record.type === 'archive') session.archive(item, 1);
  return { ...receiptOf(stored), completes: isWhole() && !wasWhole };
}

/** Characters of a draft as JSON, and drafts of a rater in a project that are kept. */
export const DRAFT_LIMITS = { characters: 100_000, perRater: 200 } as const;

/**
 * A rater has one draft of an item, and at most so many in a project: what a draft said before is erased when it is written
 * anew, and the oldest go when there are too many.
 */
async function makeRoom(
  session: Session,
  record: RecordOf<'draft'>,
  { rater: { row }, item }: { rater: RaterEntry; item: ItemEntry },
): Promise<void> {
  const { length } = JSON.stringify(record.content);
  const { characters, perRater } = DRAFT_LIMITS;
  if (length > characters)
    throw refuse(record, `expected at most ${characters} characters of content, got ${length}; shorten it`);
  for (const draft of session.draftsAt({ rater: row.rater, item: item.row.item })) session.erase(draft, record.at);
  if (session.draftCount(row.rater) < perRater) return;
  await session.flush();
  const oldest = await session.queries.oldestDrafts(row.rater, session.draftCount(row.rater) - perRater + 1);
  for (const draft of oldest) session.erase(draft, record.at);
}

interface Marks extends Pick<Totals, 'skips' | 'flags'> {
  /** By item, what puts it away. */
  readonly archives: ReadonlyMap<number, number>;
}
/** Skips, flags and archivings of a rater on some items that stand. */
function countMarks(session: Session, rater: RaterEntry, items: readonly number[]): Marks {
  const archives = new Map<number, number>();
  const marks = { skips: 0, flags: 0, archives };
  for (const item of items) {
    const standing = session.standing({ rater: rater.row.rater, item });
    marks.skips += standing.skips.length;
    marks.flags += standing.flags.length;
    archives.set(item, standing.archives.length);
  }
  return marks;
}

/** Lets an effect change what stands of a rater on some items, whose history is loaded, and brings everything into step. */
export function changeStanding<T>(
  session: Session,
  { rater, items }: { readonly rater: RaterEntry; readonly items: readonly number[] },
  effect: () => T,
): T {
  const before = countMarks(session, rater, items);
  const done = effect();
  const after = countMarks(session, rater, items);
  session.totals.skips += after.skips - before.skips;
  session.totals.flags += after.flags - before.flags;
  for (const item of items) {
    const entry = session.itemNumber(item);
    session.archive(entry, after.archives.get(item)! - before.archives.get(item)!);
    session.refresh(rater, entry);
  }
  return done;
}

/** Appends a record that takes others back, or brings them back, on some items, and brings everything into step. */
const appendTaking = (
  session: Session,
  request: SubmitRequest,
  { rater, items, item }: { rater: RaterEntry; items: readonly number[]; item: number | null },
): Acknowledgement =>
  receiptOf(changeStanding(session, { rater, items }, () => session.append(request, { rater: rater.row.rater, item })));

/** Why an answer does not fit the item or the form. */
function checkAnswer(
  project: Project,
  record: RecordOf<'judgment'> | RecordOf<'adjudication'>,
  { item, answer, questionId }: { item: ItemEntry; answer: Answer; questionId: string | undefined },
): string {
  const { questions } = project;
  if (questionId === undefined && questions.length > 1) {
    throw refuse(record, `expected the id of one of ${questions.length} questions, got none; say which it answers`);
  }
  const question = questionId === undefined ? questions[0]! : questionOf(questions, { questionId, answer });
  if (question === undefined) {
    throw refuse(
      record,
      `expected a question of the form (${questions.map(({ id }) => id).join(', ')}), got ${questionId}`,
    );
  }
  const problem = formProblem(answer, question, item.item()) ?? answerProblem(answer, item.item());
  if (problem !== undefined)
    throw refuse(record, `expected an answer that fits form and item, got ${problem}; correct it`);
  return question.id;
}

/** What was said to be shown must be what was reserved, if it was, and possible in any case. */
function checkPresentation(
  session: Session,
  record: RecordOf<'judgment'> | RecordOf<'skip'>,
  { rater, item, presentation }: { rater: RaterEntry; item: ItemEntry; presentation: Presentation | undefined },
): void {
  const purpose = skippedPurpose({ presentation }, item.row.role);
  const repeat = purpose === 'repeat' || purpose === 'swapped-repeat';
  if (repeat ? item.row.role !== 'work' : purpose !== item.row.role) {
    throw refuse(
      record,
      `expected purpose ${item.row.role}, which the item is for, got ${purpose}; send back the reserved presentation`,
    );
  }
  if (presentation === undefined) return;
  const places = [...presentation.order].sort((a, b) => a - b);
  const { length } = item.item().replies;
  if (places.length > 0 && (places.length !== length || places.some((reply, i) => reply !== i))) {
    throw refuse(
      record,
      `expected an order of the ${length} replies, got ${JSON.stringify(presentation.order)}; send back the reserved one`,
    );
  }
  const seat = session.seat({ rater: rater.row.rater, item: item.row.item, purpose: purposeCode(purpose) });
  if (seat === null || seat.presentation === null) return;
  const reserved = JSON.parse(seat.presentation) as Presentation;
  const same = (['order', 'view', 'instructionsVersion', 'repeats'] as const).every(
    (field) => JSON.stringify(reserved[field]) === JSON.stringify(presentation[field]),
  );
  if (!same) throw refuse(record, 'expected the presentation that was reserved, got another; send that one back');
}

function checkJudgment(
  session: Session,
  record: RecordOf<'judgment'>,
  { rater, item }: { rater: RaterEntry; item: ItemEntry },
): void {
  const { judgment } = record;
  const question = checkAnswer(session.project, record, {
    item,
    answer: judgment.answer,
    questionId: judgment.questionId,
  });
  checkPresentation(session, record, { rater, item, presentation: judgment.presentation });
  const purpose = purposeOf(judgment);
  const standing = session.standing({ rater: rater.row.rater, item: item.row.item }).judgments;
  const same = standing.filter(
    (other) =>
      purposeOf(other) === purpose &&
      questionOf(session.project.questions, other)?.id === question &&
      replyOf(other.answer) === replyOf(judgment.answer),
  );
  if (judgment.supersedes !== undefined) {
    if (same.some(({ id }) => id === judgment.supersedes)) return;
    throw refuse(
      record,
      `expected to supersede a standing judgment of ${judgment.raterId} on the same item, question and purpose, got ${judgment.supersedes}`,
    );
  }
  if (same.length > 0) {
    throw new DataError(
      'answered',
      `judgment ${judgment.id}: expected one answer per rater, item, question and reply, got another beside ${same[0]!.id}; supersede or undo that one`,
    );
  }
  if (purpose === 'repeat' || purpose === 'swapped-repeat') checkRepeat(record, standing);
}

function checkRepeat(record: RecordOf<'judgment'>, standing: readonly Judgment[]): void {
  const { repeats } = record.judgment.presentation;
  if (standing.some(({ id }) => id === repeats)) return;
  throw refuse(
    record,
    `expected repeats to name an earlier judgment of the rater on the item, got ${repeats ?? 'none'}`,
  );
}

function checkAdjudication(session: Session, record: RecordOf<'adjudication'>, item: ItemEntry): void {
  checkAnswer(session.project, record, { item, answer: record.answer, questionId: record.questionId });
  const odd = record.considered.find((id) => {
    const considered = session.recordById(id);
    return considered === undefined || considered.item !== item.row.item;
  });
  if (odd !== undefined)
    throw refuse(record, `expected considered records to be of the item, got ${odd}; leave it out`);
}

async function undo(
  session: Session,
  record: RecordOf<'undo'>,
  { request, rater }: { request: SubmitRequest; rater: RaterEntry },
): Promise<Acknowledgement> {
  const target = session.recordById(record.undoes);
  if (target !== undefined && isErased(target.body))
    throw refuse(record, `expected a record that is there to take back, got ${record.undoes}, which was erased`);
  if (target === undefined) {
    throw refuse(
      record,
      `expected a record of project ${session.project.id} to take back, got ${record.undoes}; check its id`,
    );
  }
  const taken = JSON.parse(target.body) as FeedbackRecord;
  const author = recordKey(taken).raterId;
  if (author !== rater.row.id && request.lead !== true) {
    throw refuse(
      record,
      `expected a record of ${rater.row.id}, got one of ${author}; only a lead takes back for others`,
    );
  }
  if (author !== rater.row.id && taken.type === 'concern')
    throw refuse(
      record,
      `expected a record of ${rater.row.id}, got a concern of ${author}; only who filed it takes it back`,
    );
  const about = session.raterNumber(target.rater);
  const personal = target.item === null;
  const standing = personal
    ? session.standingPersonal(target.rater)
    : session.standing({ rater: target.rater, item: target.item! });
  if (standing.removed.get(target.id) === 'undone') {
    throw refuse(
      record,
      `expected a record that stands, got ${target.id}, which is taken back already; undo that undo instead`,
    );
  }
  const items = personal ? await session.loadAllOf(about) : [target.item!];
  for (const item of items) {
    const then = session.standing({ rater: target.rater, item }, record).judgments;
    const twice = then.find((judgment, i) => then.slice(0, i).some((other) => sameQuestion(session, judgment, other)));
    if (twice === undefined) continue;
    throw refuse(
      record,
      `expected one answer per rater, item, question and reply, but ${twice.id} came after what this brings back; take that back first`,
    );
  }
  return appendTaking(session, request, { rater: about, items, item: target.item });
}

/** Whether two judgments of a rater on an item answer the same question about the same reply for the same purpose. */
const sameQuestion = ({ project: { questions } }: Session, a: Judgment, b: Judgment): boolean =>
  purposeOf(a) === purposeOf(b) &&
  questionOf(questions, a)?.id === questionOf(questions, b)?.id &&
  replyOf(a.answer) === replyOf(b.answer);

/** A withdrawal also gives back what the rater holds, and erases their drafts. */
async function withdraw(
  session: Session,
  { request, rater }: { request: SubmitRequest; rater: RaterEntry },
): Promise<Acknowledgement> {
  for (const seat of session.reserved(rater.row.rater)) releaseSeat(session, rater, session.itemNumber(seat.item));
  const items = await session.loadAllOf(rater);
  const { at } = recordKey(request.record);
  for (const draft of await session.queries.oldestDrafts(rater.row.rater)) session.erase(draft, at);
  return appendTaking(session, request, { rater, items, item: null });
}

/** Gives back what a rater holds of an item; whether there was anything. */
export function releaseSeat(session: Session, rater: RaterEntry, item: ItemEntry): boolean {
  let any = false;
  for (const purpose of PURPOSES.keys()) {
    const seat = session.seat({ rater: rater.row.rater, item: item.row.item, purpose });
    if (seat === null || seat.expires === null) continue;
    session.setSeat(rater, item, { ...seat, expires: null, presentation: null });
    any = true;
  }
  return any;
}
