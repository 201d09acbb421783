import {
  type FeedbackRecord,
  type FeedbackState,
  foldRecords,
  type Gold,
  type Item,
  isGoldAnswer,
  itemCohorts,
  type Judgment,
  type Project,
  type Purpose,
  purposeOf,
  questionOf,
  type RaterProfile,
  wantedOfItem,
} from '../feedback/index.ts';
import { addTo, own, setOwn } from '../run/index.ts';
import { hashString } from '../stats/index.ts';
import {
  ANSWERED,
  type ItemStateRow,
  PRESENTED,
  PURPOSES,
  purposeCode,
  type RaterStateRow,
  type SeatRow,
  type Totals,
  WORK,
} from './schema.ts';
import type { RaterStanding } from './store.ts';

/**
 * What follows from records, as pure functions: used when a record comes in, when everything is built again, and when
 * the two are compared.
 */

/** A record in its place. `rater` and `item` are the numbers of what it is about. */
export interface Entry {
  readonly seq: number;
  readonly rater: number;
  readonly item: number | null;
  readonly record: FeedbackRecord;
}

/**
 * State of some records of one item and of its raters (withdrawals), whatever order they come in. What was given on an item
 * that was put away counts for its raters; `archived` says that the item does not count for the project.
 */
export function foldEntries(
  entries: readonly Entry[],
  options: Parameters<typeof foldRecords>[1] = { archived: 'kept' },
): FeedbackState {
  const ordered = [...entries].sort((a, b) => a.seq - b.seq);
  return foldRecords(
    ordered.map(({ record }) => record),
    options,
  );
}

/** An answered seat: how far, and whether the known answer was given. */
export interface Answered {
  readonly answered: number;
  readonly right: number | null;
}

const requiredOf = ({ questions }: Project) => {
  const required = questions.filter((question) => question.required);
  return required.length === 0 ? undefined : required;
};

const asked = (project: Project, judgment: Judgment) => questionOf(project.questions, judgment)?.id;

/** Purpose a skip belongs to: the one it was shown for, or what the item is for. */
export const skippedPurpose = (
  skip: { readonly presentation?: { readonly purpose?: Purpose | undefined } | undefined },
  role: ItemStateRow['role'],
): Purpose => (skip.presentation === undefined ? role : (skip.presentation.purpose ?? 'work'));

/** Seats of an item that stand answered in a state, by rater and purpose. */
export function answeredSeats(
  project: Project,
  item: { readonly role: ItemStateRow['role'] } & Gold,
  state: FeedbackState,
): Map<string, Map<number, Answered>> {
  const seats = new Map<string, Map<number, Answered>>();
  const of = (raterId: string) => {
    const known = seats.get(raterId) ?? new Map<number, Answered>();
    seats.set(raterId, known);
    return known;
  };
  for (const skip of state.skips) {
    of(skip.raterId).set(purposeCode(skippedPurpose(skip, item.role)), { answered: ANSWERED.skipped, right: null });
  }
  const groups = new Map<string, Judgment[]>();
  for (const judgment of state.judgments) {
    // Nobody sat here for it.
    if (judgment.brought === true) continue;
    const key = JSON.stringify([judgment.raterId, purposeOf(judgment)]);
    groups.set(key, [...(groups.get(key) ?? []), judgment]);
  }
  const required = requiredOf(project);
  for (const judgments of groups.values()) {
    const { raterId } = judgments[0]!;
    const purpose = purposeCode(purposeOf(judgments[0]!));
    const answers = new Set(judgments.map((judgment) => asked(project, judgment)));
    const whole = required === undefined || required.every(({ id }) => answers.has(id));
    const skipped = of(raterId).get(purpose) !== undefined;
    const said = judgments.map((judgment) => isGoldAnswer(judgment, item)).filter((value) => value !== undefined);
    of(raterId).set(purpose, {
      answered: whole ? ANSWERED.whole : skipped ? ANSWERED.skipped : ANSWERED.partly,
      right: PURPOSES[purpose] === 'work' || said.length === 0 ? null : Number(said.every((value) => value)),
    });
  }
  return seats;
}

/** Whether what is wanted of an item depends on the answers it got. */
export const needsAnswers = ({ distribution }: Project): boolean =>
  distribution.adaptive !== undefined || distribution.extraRaters !== undefined;

/** Lane of an item: the cohorts that hold it. */
export const laneOf = (project: Project, strata: Item['strata']): string =>
  itemCohorts(project.distribution, strata).join(',');
export const lanePlaces = (lane: string): number[] => (lane === '' ? [] : lane.split(',').map(Number));

const HALF = 2 ** 31;
/** 31 random bits that depend on a text only. */
export const scatter = (text: string): number => hashString(text) % HALF;
/** The same as a fraction in [0, 1). */
export const scatterFraction = (text: string): number => scatter(text) / HALF;

/** State of an item that nobody has seen. */
export function freshItem(project: Project, numbers: { project: number; item: number }, item: Item): ItemStateRow {
  const role = item.role ?? 'work';
  const row: ItemStateRow = {
    ...numbers,
    role,
    lane: laneOf(project, item.strata),
    shuffle: scatter(`shuffle/${item.id}`),
    priority: 0,
    rank: 0,
    wanted: role === 'work' ? wantedOfItem(project, item.id, []) : 0,
    done: 0,
    reserved: 0,
    shown: 0,
    open: 0,
    archived: 0,
  };
  settle(project, row);
  return row;
}

/** Sets what follows from an item's other columns: its rank, and whether it is open. */
export function settle({ distribution }: Project, row: ItemStateRow): void {
  const taken = row.done + row.reserved;
  row.rank = { random: 0, 'least-judged': taken, priority: -row.priority }[distribution.order];
  row.open = row.role === 'work' && row.archived === 0 && taken < row.wanted ? 1 : 0;
}

export const freshRater = (project: number, rater: number): RaterStateRow => ({
  project,
  rater,
  work: 0,
  qualification: 0,
  training: 0,
  gold: 0,
  repeats: 0,
  swapped: 0,
  qualified: 0,
  exhausted: -1,
});

/** Work items of a project that another rater may be given. */
export const openIn = ({ open }: Totals): number => Object.values(open).reduce((sum, n) => sum + n, 0);

/** Where a rater stands, from their row and what they hold. */
export function standingOf(
  row: Pick<RaterStateRow, (typeof PRESENTED)[Purpose] | 'qualified'>,
  held: readonly { readonly id: string; readonly purpose: number; readonly expires: number }[],
): RaterStanding {
  return {
    presented: Object.fromEntries(PURPOSES.map((p) => [p, row[PRESENTED[p]]])) as RaterStanding['presented'],
    qualificationRight: row.qualified,
    reserved: [...held]
      .sort((a, b) => a.expires - b.expires)
      .map(({ id, purpose, expires }) => ({
        itemId: id,
        purpose: PURPOSES[purpose]!,
        expiresAt: new Date(expires).toISOString(),
      })),
  };
}

type SeatPart = Pick<SeatRow, 'answered' | 'expires' | 'right'>;

/** What a seat adds to its item: a judgment given, or one on the way. Only work counts. */
export const seatOnItem = (purpose: number, seat: SeatPart | null): { done: number; reserved: number } => {
  const done = seat !== null && purpose === WORK && seat.answered === ANSWERED.whole;
  return { done: Number(done), reserved: Number(purpose === WORK && seat !== null && !done && seat.expires !== null) };
};

/** What a seat adds to its rater: a presentation, unless it was skipped, and a qualification passed. */
export const seatOnRater = (purpose: number, seat: SeatPart | null): { presented: number; qualified: number } => ({
  presented: Number(seat !== null && seat.answered !== ANSWERED.skipped),
  qualified: Number(PURPOSES[purpose] === 'qualification' && seat?.right === 1),
});

/** Adds an item to the totals of its project, or takes it out again with −1. */
export function contribution(totals: Totals, row: ItemStateRow, sign: 1 | -1): void {
  if (row.archived > 0) {
    totals.archived += sign;
    return;
  }
  addTo(totals.roles, row.role, sign);
  if (own(totals.roles, row.role) === 0) Reflect.deleteProperty(totals.roles, row.role);
  if (row.role !== 'work') return;
  totals.wanted += sign * row.wanted;
  totals.done += sign * row.done;
  totals.reserved += sign * row.reserved;
  const open = (own(totals.open, row.lane) ?? 0) + sign * row.open;
  if (open === 0) Reflect.deleteProperty(totals.open, row.lane);
  else setOwn(totals.open, row.lane, open);
}

/** Counts work of a rater in the groups that quotas watch. */
export function countGroups(
  totals: Totals,
  { distribution }: Project,
  { profile, by }: { readonly profile: RaterProfile | undefined; readonly by: number },
): void {
  if (by === 0) return;
  for (const { attribute } of distribution.quotas) {
    const value = own(profile?.demographics, attribute) ?? 'not-said';
    const group = { ...own(totals.groups, attribute) };
    addTo(group, value, by);
    if (own(group, value) === 0) Reflect.deleteProperty(group, value);
    if (Object.keys(group).length === 0) Reflect.deleteProperty(totals.groups, attribute);
    else setOwn(totals.groups, attribute, group);
  }
}
