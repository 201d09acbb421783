import { randomUUID } from 'node:crypto';
import { ERASABLE, type FeedbackRecord, type RecordOf } from '../feedback/index.ts';
import { addTo, canonicalJson } from '../run/index.ts';
import { queriesOf } from './queries.ts';
import { unknownItem, unknownRater } from './refusals.ts';
import type { Session } from './session.ts';
import type { Erasure, FeedbackStore } from './store.ts';
import type { StoreContext } from './store-context.ts';
import { changeStanding, releaseSeat } from './submit.ts';
import { checkRecord } from './values.ts';
import type { RaterEntry } from './working-set.ts';

type EraseCalls = Pick<FeedbackStore, 'erase' | 'erasures' | 'scrub'>;
type Wanted = Parameters<FeedbackStore['erase']>[2];

/** Real erasure: what was said goes, that something was said stays. */
export function eraseCalls({ connection, change, find }: StoreContext): EraseCalls {
  return {
    async erase(projectId, raterId, wanted) {
      const done = await change(projectId, (session) => eraseIn(session, raterId, wanted));
      return { ...done, outside: await connection.scrub() };
    },
    async erasures(projectId) {
      const { project } = await find(projectId);
      const entries = await queriesOf(connection.db, project).personalRecords();
      const isErasure = (record: FeedbackRecord): record is RecordOf<'erasure'> => record.type === 'erasure';
      return [...entries]
        .sort((a, b) => a.seq - b.seq)
        .map(({ record }) => record)
        .filter(isErasure);
    },
    scrub: () => connection.scrub(),
  };
}

async function eraseIn(
  session: Session,
  raterId: string,
  { at, itemId, by }: Wanted,
): Promise<Omit<Erasure, 'outside'>> {
  await session.loadRaters([raterId]);
  await session.loadReserved([raterId]);
  const rater = session.rater(raterId);
  if (rater === undefined) throw unknownRater(session.project.id, raterId);
  const items = await itemsOf(session, rater, itemId);
  const number = rater.row.rater;
  const only = itemId === undefined ? undefined : items[0];
  for (const { item } of session.reserved(number))
    if (only === undefined || item === only) releaseSeat(session, rater, session.itemNumber(item));
  const rows = await session.queries.rowsOfRater(number, only);
  const gone = changeStanding(session, { rater, items }, () => rows.filter((row) => session.erase(row, at)));
  const erased: Record<string, number> = {};
  for (const { type } of gone) addTo(erased, type);
  const profile = only === undefined && blankProfile(session, rater);
  if (gone.length > 0 || profile) {
    const note = {
      type: 'erasure' as const,
      id: `erasure/${randomUUID()}`,
      ...{ projectId: session.project.id, raterId, at },
      ...(itemId !== undefined && { onItem: itemId }),
      ...(by !== undefined && { by }),
      records: gone.map(({ seq }) => seq),
      judgments: erased.judgment ?? 0,
    };
    session.append(checkRecord(note), { rater: number, item: null });
  }
  return { erased, profile };
}

/** Numbers of the items where the rater gave anything, or of the one that is meant; their history is loaded. */
async function itemsOf(session: Session, rater: RaterEntry, itemId: string | undefined): Promise<readonly number[]> {
  if (itemId === undefined) return session.loadAllOf(rater);
  await session.loadItems([itemId]);
  const item = session.item(itemId)?.row.item;
  if (item === undefined) throw unknownItem(session.project.id, itemId);
  const pairs = [{ rater: rater.row.rater, item }];
  await session.loadSeats(pairs);
  await session.loadHistory(pairs);
  return [item];
}

/** Takes out of a profile everything but whose it is and what they are; whether there was anything. */
function blankProfile(session: Session, rater: RaterEntry): boolean {
  const { profile } = rater;
  if (profile === undefined) return false;
  const { id, kind } = profile;
  const blank = { id, kind };
  if (canonicalJson(blank) === canonicalJson(profile)) return false;
  session.changeRater(rater, blank, canonicalJson(blank));
  return true;
}

/** Kinds of records as they are counted in words. */
export const erasedText = (erased: Erasure['erased']): string =>
  ERASABLE.flatMap((kind) =>
    erased[kind] === undefined ? [] : [`${erased[kind]} ${kind}${erased[kind] === 1 ? '' : 's'}`],
  ).join(', ') || 'nothing';
