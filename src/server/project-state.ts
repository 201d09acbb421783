import {
  type Answer,
  answersAgreement,
  displayAnswer,
  type FeedbackRecord,
  type FeedbackState,
  foldRecords,
  type Item,
  isCollected,
  type Judgment,
  type Project,
  purposeOf,
  type RaterProfile,
  ratersDone,
  recordKey,
  wantedOfItem,
} from '../feedback/index.ts';
import { type FeedbackReport, feedbackReport } from '../quality/index.ts';
import { canonicalJson, lazily } from '../run/index.ts';
import type { FeedbackStore } from '../store/index.ts';

/** A whole project at one length of its history. */
export interface ProjectState {
  readonly project: Project;
  /** Length of the history: record n is at place n − 1 of `records`. */
  readonly seq: number;
  /** Those that were not put away. */
  readonly items: readonly Item[];
  /** Every item there is, in the order they were added. */
  readonly allItems: readonly Item[];
  readonly raters: readonly RaterProfile[];
  /** Raters with and without a profile. */
  readonly known: number;
  readonly records: readonly FeedbackRecord[];
  readonly state: FeedbackState;
  /** Made when first asked for. */
  rows(): readonly ItemRow[];
  /** Of the items that were put away. */
  archivedRows(): readonly ItemRow[];
  /** What can be looked for in an item, by id. */
  haystacks(): ReadonlyMap<string, ItemHaystack>;
  /** The quality report, of this length or, where it takes long to make, of one shortly before. */
  report(): { readonly seq: number; readonly report: FeedbackReport };
}

export interface ItemRow {
  readonly id: string;
  readonly prompt: string;
  /** Raters who gave a judgment. */
  readonly judgments: number;
  readonly wanted: number;
  readonly open: boolean;
  readonly flagged: boolean;
  readonly agreement: number | null;
  readonly adjudicated: boolean;
  readonly archived: boolean;
  /** Judgments that were brought along from elsewhere. */
  readonly brought: number;
  /** The import that brought the item. */
  readonly import: string | null;
  readonly lastAt: string | null;
}

/** What is looked for in an item, beside its row. */
export interface ItemHaystack {
  /** Id, prompt and replies in small letters. */
  readonly text: string;
  readonly strata: Readonly<Record<string, string>>;
  readonly raters: ReadonlySet<string>;
  readonly answers: ReadonlySet<string>;
  /** Days on which it was judged, earliest and latest; empty where no judgment says when. */
  readonly days: readonly string[];
}

const REPORT_SEED = 1;

const ISO = /^\d{4}-\d\d-\d\d/;
const lastOf = (judgments: readonly Judgment[]): string | null =>
  judgments.reduce<string | null>(
    (last, { submittedAt }) => (ISO.test(submittedAt) && (last === null || submittedAt > last) ? submittedAt : last),
    null,
  );

/** An answer as agreement takes it: of one reply preferred, whether slightly or much says the same. */
export function withoutStrength(answer: Answer): Answer {
  if (answer.kind !== 'comparison') return answer;
  const { strength: _, ...plain } = answer;
  return plain;
}

/** What can be looked for in each of some items, by id. */
function haystacksOf(items: readonly Item[], judgments: readonly Judgment[]): Map<string, ItemHaystack> {
  const given = new Map<string, Judgment[]>();
  for (const judgment of judgments) {
    const of = given.get(judgment.itemId);
    if (of === undefined) given.set(judgment.itemId, [judgment]);
    else of.push(judgment);
  }
  return new Map(
    items.map((item) => {
      const own = given.get(item.id) ?? [];
      return [
        item.id,
        {
          text: [item.id, item.prompt, ...item.replies.map(({ text }) => text)].join('\n').toLowerCase(),
          strata: item.strata ?? {},
          raters: new Set(own.map(({ raterId }) => raterId)),
          answers: new Set(own.map(({ answer }) => displayAnswer(withoutStrength(answer)))),
          days: own.flatMap(({ submittedAt }) => (ISO.test(submittedAt) ? [submittedAt.slice(0, 10)] : [])).sort(),
        },
      ];
    }),
  );
}

/** An item with what stands of it. */
export function itemRow(
  project: Project,
  item: Item,
  {
    judgments,
    flagged,
    adjudicated,
    archived,
  }: {
    readonly judgments: readonly Judgment[];
    readonly flagged: boolean;
    readonly adjudicated: boolean;
    readonly archived: boolean;
  },
): ItemRow {
  const work = judgments.filter((judgment) => purposeOf(judgment) === 'work');
  const wanted = (item.role ?? 'work') === 'work' ? wantedOfItem(project, item.id, work) : 0;
  return {
    id: item.id,
    prompt: item.prompt,
    judgments: new Set(work.filter(isCollected).map(({ raterId }) => raterId)).size,
    wanted,
    open: !archived && ratersDone(project, work) < wanted,
    flagged,
    agreement: work.length < 2 ? null : answersAgreement(work.map(({ answer }) => answer)),
    adjudicated,
    archived,
    brought: work.filter(({ brought }) => brought).length,
    import: item.source.import?.id ?? null,
    lastAt: lastOf(judgments),
  };
}

function rowsOf(project: Project, items: readonly Item[], state: FeedbackState): ItemRow[] {
  const given = new Map<string, Judgment[]>();
  for (const judgment of state.judgments) {
    const of = given.get(judgment.itemId);
    if (of === undefined) given.set(judgment.itemId, [judgment]);
    else of.push(judgment);
  }
  const flagged = new Set(state.flags.map(({ itemId }) => itemId));
  const decided = new Set(state.adjudications.map(({ itemId }) => itemId));
  return items.map((item) =>
    itemRow(project, item, {
      judgments: given.get(item.id) ?? [],
      flagged: flagged.has(item.id),
      adjudicated: decided.has(item.id),
      archived: state.archived.has(item.id),
    }),
  );
}

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

/** Records of all projects together that are held. */
const MOST_RECORDS = 3_000_000;
/** A report is made anew once this many times its own cost has passed. */
const REPORT_REST = 5;

interface Report {
  readonly seq: number;
  readonly report: FeedbackReport;
  readonly madeAt: number;
  readonly ms: number;
}

/**
 * Reads projects whole, afterwards only what was added, and keeps those that were asked for last. `clock` in milliseconds
 * says when a report that takes long is due again.
 */
export function projectStates(
  store: FeedbackStore,
  clock: () => number,
): (projectId: string) => Promise<ProjectState | undefined> {
  const kept = new Map<string, ProjectState>();
  const reports = new Map<string, Report>();
  const turns = new Map<string, Promise<unknown>>();

  const reportOf = (
    projectId: string,
    { seq, items, state, raters, records }: Omit<ProjectState, 'report' | 'rows' | 'archivedRows' | 'haystacks'>,
  ) => {
    const before = reports.get(projectId);
    const rests = before !== undefined && before.ms > 1000 && clock() - before.madeAt < REPORT_REST * before.ms;
    if (before !== undefined && (before.seq === seq || rests)) return before;
    const started = clock();
    const report = feedbackReport(items, state.judgments, { seed: REPORT_SEED, raters, records });
    const made = { seq, report, madeAt: clock(), ms: clock() - started };
    reports.set(projectId, made);
    return made;
  };
  const keep = (projectId: string, state: ProjectState) => {
    kept.delete(projectId);
    kept.set(projectId, state);
    let held = 0;
    for (const [id, { seq }] of [...kept].reverse()) {
      held += seq;
      if (held <= MOST_RECORDS || id === projectId) continue;
      kept.delete(id);
      reports.delete(id);
    }
  };
  const read = async (projectId: string): Promise<ProjectState | undefined> => {
    const project = await store.getProject(projectId);
    if (project === undefined) return undefined;
    const { records: seq, items: counts, raters: people } = await store.progress(projectId);
    const total = counts.total + counts.archived;
    const before = kept.get(projectId);
    const same =
      before?.seq === seq &&
      before.allItems.length === total &&
      before.known === people.known &&
      canonicalJson(before.project) === canonicalJson(project);
    if (same) {
      keep(projectId, before);
      return before;
    }
    const allItems = before?.allItems.length === total ? before.allItems : await collect(store.items(projectId));
    const raters = await collect(store.raters(projectId));
    const added: FeedbackRecord[] = [];
    for await (const { record } of store.history(projectId, { after: before?.seq ?? 0, until: seq }))
      added.push(record);
    // What was erased since it was read is not kept here either.
    const erased = before !== undefined && added.some(({ type }) => type === 'erasure');
    if (erased) {
      kept.delete(projectId);
      reports.delete(projectId);
      return read(projectId);
    }
    const records = before === undefined ? added : [...before.records, ...added];
    const state = before !== undefined && added.length === 0 ? before.state : foldRecords(records);
    const { archived } = state;
    const items = archived.size === 0 ? allItems : allItems.filter(({ id }) => !archived.has(id));
    const whole = { project, seq, items, allItems, raters, known: people.known, records, state };
    const made: ProjectState = {
      ...whole,
      rows: lazily(() => rowsOf(project, items, state)),
      haystacks: lazily(() => haystacksOf(allItems, state.judgments)),
      archivedRows: lazily(() =>
        rowsOf(
          project,
          allItems.filter(({ id }) => archived.has(id)),
          state,
        ),
      ),
      report: () => reportOf(projectId, whole),
    };
    // What a report says follows from items and profiles too.
    if (before !== undefined && added.length === 0) reports.delete(projectId);
    keep(projectId, made);
    return made;
  };
  return (projectId) => {
    const turn = (turns.get(projectId) ?? Promise.resolve()).then(
      () => read(projectId),
      () => read(projectId),
    );
    turns.set(projectId, turn);
    return turn;
  };
}

/**
 * A record in one line, replies by the letters of the item’s own order: what several raters and a lead said of one item can
 * then be compared, whatever each was shown first.
 */
export function recordText(record: FeedbackRecord): string {
  switch (record.type) {
    case 'judgment':
      return displayAnswer(record.judgment.answer);
    case 'adjudication':
      return `decided: ${displayAnswer(record.answer)} (${record.reason})`;
    case 'skip':
      return `skipped: ${record.reason}${record.note === undefined ? '' : `, ${record.note}`}`;
    case 'flag':
      return `flagged: ${record.reason}`;
    case 'concern':
      return `concern about ${record.about}: ${record.text}`;
    case 'undo':
      return `took back ${record.undoes}`;
    case 'draft':
      return 'draft';
    case 'archive':
      return `put the item away${record.reason === undefined ? '' : `: ${record.reason}`}`;
    case 'withdrawal':
      return 'withdrew everything so far';
    case 'erased':
      return `erased: a ${record.was} was here`;
    case 'erasure':
      return `an owner erased ${record.records.length} records${record.onItem === undefined ? '' : ` on ${record.onItem}`}`;
    default:
      return record satisfies never;
  }
}

/** The record with whether it stands. */
export const shownRecord = (seq: number, record: FeedbackRecord, { removed }: Pick<FeedbackState, 'removed'>) => ({
  seq,
  record,
  standing: !removed.has(recordKey(record).id),
  text: recordText(record),
});
