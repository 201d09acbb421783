import { fullQuota, nextPurpose, type Presentation, type Purpose, present, raterInCohorts } from '../feedback/index.ts';
import { DataError } from '../run/index.ts';
import type { Allocator } from './allocator.ts';
import { lanePlaces, scatterFraction } from './derive.ts';
import { unknownItem, unknownRater } from './refusals.ts';
import { ANSWERED, purposeCode } from './schema.ts';
import type { Session } from './session.ts';
import type { Reservation } from './store.ts';
import type { ItemEntry, RaterEntry } from './working-set.ts';

/** Milliseconds of an ISO 8601 time. */
export function timeOf(now: string): number {
  const at = Date.parse(now);
  if (Number.isNaN(at)) throw new DataError('time', `time ${now}: expected ISO 8601, for example 2026-01-01T12:00:00Z`);
  return at;
}

export interface ReserveRequest {
  readonly raterId: string;
  readonly now: string;
  /** This work item and no other, for example after an undo. */
  readonly itemId?: string | undefined;
  /** Order of its replies that the rater saw before; another one may be drawn without. */
  readonly order?: readonly number[] | undefined;
  /** Items that the rater has open: another one is wanted. */
  readonly besides?: readonly string[] | undefined;
  /** With `itemId`: what the rater was shown before, to be reserved again as it was, whatever it was for. */
  readonly again?: Presentation | undefined;
  /** What decides where known answers and repeats fall; the rater's id without. */
  readonly rhythm?: string | undefined;
}

/** What a rater should see next, reserved for them; or why there is nothing. */
export async function reserveFor(
  session: Session,
  allocator: Allocator,
  { raterId, now, itemId, order: asBefore, besides = [], rhythm = raterId, again }: ReserveRequest,
): Promise<Reservation | { readonly none: string }> {
  const { project } = session;
  const at = timeOf(now);
  const rater = session.rater(raterId);
  if (rater === undefined) throw unknownRater(project.id, raterId);
  const expires = Math.round(at + project.distribution.reservationMinutes * 60_000);
  for (const seat of session.reserved(rater.row.rater)) {
    const item = session.itemNumber(seat.item);
    if (item.row.archived > 0) session.setSeat(rater, item, { ...seat, expires: null, presentation: null });
  }
  const held = session
    .reserved(rater.row.rater)
    .find((seat) => seat.expires! > at && !besides.includes(session.itemNumber(seat.item).row.id));
  if (held !== undefined) {
    const item = session.itemNumber(held.item);
    if (itemId !== undefined && item.row.id !== itemId)
      return { none: `item ${item.row.id} is reserved for this rater; answer, skip or release it first` };
    session.setSeat(rater, item, { ...held, expires: Math.max(expires, held.expires!) });
    return reservation(item, { presentation: JSON.parse(held.presentation!) as Presentation, expires });
  }
  if (again !== undefined && itemId !== undefined) return reserveAgain(session, rater, { itemId, again, expires });
  let chosen = await choose(session, allocator, { rater, itemId, besides, rhythm });
  while ('none' in chosen && (await allocator.reclaimMore(at)))
    chosen = await choose(session, allocator, { rater, itemId, besides, rhythm });
  if ('none' in chosen) return chosen;
  const { item, purpose, order = asBefore, repeats } = chosen;
  const shown = present(item.item(), {
    view: project.view,
    instructionsVersion: project.instructions.at(-1)?.version ?? 'none',
    shownAt: now,
    earlier: item.row.shown,
    start: scatterFraction(`order/${item.row.id}`),
  });
  const presentation: Presentation = {
    ...shown,
    ...(order?.length === shown.order.length && { order: [...order] }),
    ...(purpose !== 'work' && { purpose }),
    ...(repeats !== undefined && { repeats }),
  };
  const seat = session.seat({ rater: rater.row.rater, item: item.row.item, purpose: purposeCode(purpose) });
  session.presented(item);
  session.setSeat(rater, item, {
    purpose: purposeCode(purpose),
    answered: seat?.answered ?? ANSWERED.none,
    right: seat?.right ?? null,
    expires,
    presentation: JSON.stringify(presentation),
  });
  return reservation(item, { presentation, expires });
}

/** Reserves what a rater was shown and took back: no rule chooses, since a rule chose it before. */
function reserveAgain(
  session: Session,
  rater: RaterEntry,
  { itemId, again, expires }: { readonly itemId: string; readonly again: Presentation; readonly expires: number },
): Reservation | { readonly none: string } {
  const item = session.item(itemId);
  if (item === undefined) throw unknownItem(session.project.id, itemId);
  if (item.row.archived > 0) return { none: `item ${itemId} is put away` };
  const purpose = purposeCode(again.purpose ?? 'work');
  const seat = session.seat({ rater: rater.row.rater, item: item.row.item, purpose });
  if ((seat?.answered ?? ANSWERED.none) !== ANSWERED.none) return { none: `this rater has answered item ${itemId}` };
  session.setSeat(rater, item, {
    purpose,
    answered: ANSWERED.none,
    right: null,
    expires,
    presentation: JSON.stringify(again),
  });
  return reservation(item, { presentation: again, expires });
}

const reservation = (
  item: ItemEntry,
  { presentation, expires }: { presentation: Presentation; expires: number },
): Reservation => ({
  item: item.item(),
  presentation,
  purpose: presentation.purpose ?? 'work',
  expiresAt: new Date(expires).toISOString(),
});

interface Choice {
  readonly item: ItemEntry;
  readonly purpose: Purpose;
  readonly order?: readonly number[];
  readonly repeats?: string;
}

async function choose(
  session: Session,
  allocator: Allocator,
  {
    rater,
    itemId,
    besides,
    rhythm,
  }: { rater: RaterEntry; itemId?: string | undefined; besides: readonly string[]; rhythm: string },
): Promise<Choice | { readonly none: string }> {
  const { project, totals } = session;
  const rules = project.distribution;
  const next = nextPurpose(rules, rhythm, session.progressOf(rater));
  if ('none' in next) return next;
  const { purpose } = next;
  if (purpose === 'qualification') {
    const item = await allocator.pool(rater, 'qualification', besides);
    if (item !== undefined) return { item, purpose };
    return {
      none: `no qualification item is left for this rater: ${rules.qualification!.items} are asked, the project has ${totals.roles.qualification ?? 0}`,
    };
  }
  const { demographics } = rater.profile ?? {};
  const quota = fullQuota(rules, demographics, { wanted: totals.wanted, counts: totals.groups });
  if (quota !== undefined) return { none: `the quota for ${quota} has no place for this rater` };
  const lanes = Object.keys(totals.open)
    .filter((lane) => raterInCohorts(rules, lanePlaces(lane), demographics))
    .sort();
  if (itemId !== undefined) {
    const item = session.item(itemId);
    if (item === undefined) throw unknownItem(project.id, itemId);
    if (!session.isFree({ rater: rater.row.rater, item: item.row.item }))
      return { none: `this rater has answered item ${itemId}` };
    if (item.row.open === 0 || !lanes.includes(item.row.lane)) return { none: `item ${itemId} is not open` };
    return { item, purpose: 'work' };
  }
  if (purpose === 'gold' || purpose === 'training') {
    const item = await allocator.pool(rater, purpose, besides);
    if (item !== undefined) return { item, purpose };
  }
  if (purpose === 'repeat' || purpose === 'swapped-repeat') {
    const found = await allocator.repeat(rater, besides);
    if (found !== undefined) {
      const order = purpose === 'repeat' ? found.order : [...found.order].reverse();
      return { ...found, order, purpose };
    }
  }
  if (Object.keys(totals.open).length === 0)
    return { none: 'every item has the judgments it needs or is being judged' };
  const nothing = { none: 'no open item is left that this rater may judge and has not seen' };
  if (lanes.length === 0 || rater.row.exhausted === totals.openings) return nothing;
  const item = await allocator.work(rater, lanes, besides);
  if (item !== undefined) return { item, purpose: 'work' };
  // What they have open may be all that is left, and come back.
  if (besides.length === 0) session.exhaust(rater);
  return nothing;
}
