import {
  type Answer,
  displayAnswer,
  type FeedbackRecord,
  type FeedbackState,
  isCollected,
  type Judgment,
  type Project,
  purposeOf,
  questionOf,
  recordKey,
} from '../feedback/index.ts';
import { DETECTOR_RATES, type FeedbackReport } from '../quality/index.ts';
import { own } from '../run/index.ts';
import type { Accounts, FeedbackStore } from '../store/index.ts';
import type { ItemFilter, ResponseOf, RunPreview } from './contract/index.ts';
import { countsOf } from './counts.ts';
import { pausedRaters, settingsOf } from './project-settings.ts';
import { type ItemHaystack, type ItemRow, type ProjectState, shownRecord, withoutStrength } from './project-state.ts';

const ITEMS_PER_PAGE = 50;
const RECORDS_PER_PAGE = 100;
const HOUR_MS = 3_600_000;
/** Below this share of agreeing pairs an item is in the list of disagreements. */
export const DISAGREEMENT = 0.75;

/** Pages that are made from a whole project, with what they are asked. */
export interface PageQueries {
  readonly overview: Readonly<Record<string, never>>;
  /** Auditors see pseudonyms. */
  readonly raters: { readonly names: boolean };
  readonly quality: Readonly<Record<string, never>>;
  readonly items: ItemFilter & { readonly after?: string | undefined };
  readonly answers: Readonly<Record<string, never>>;
  readonly 'item-ids': ItemFilter;
  readonly imports: Readonly<Record<string, never>>;
  readonly 'question-answers': Readonly<Record<string, never>>;
  readonly records: {
    readonly after: number;
    readonly rater?: string | undefined;
    readonly ids?: string | undefined;
  };
  readonly 'run-preview': { readonly recipe: string };
}
export type PageName = keyof PageQueries;

type RouteOf<P extends PageName> = `GET /api/projects/{project}/${P}`;
export interface PageContext {
  readonly store: FeedbackStore;
  readonly accounts: Accounts;
  readonly previewRun: PreviewRun;
}
/** Tells what a run by a recipe would use of a project as it stands; refuses a recipe that is not there with a `UsageError`. */
export type PreviewRun = (
  project: Pick<ProjectState, 'project' | 'items' | 'raters' | 'records'> & Pick<FeedbackState, 'judgments'>,
  recipe: string,
) => RunPreview;

/** Ids named in a query: a JSON array, since an id may hold anything; or with commas between. */
function namedIds(text: string): string[] {
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed)) return parsed.map(String);
  } catch {
    // Not JSON: plain ids.
  }
  return text.split(',');
}

/** Whether an id is among some, or part of a submission that is: its records are called after it. */
function isNamed(id: string, named: ReadonlySet<string>): boolean {
  for (let end = id.length; end > 0; end = id.lastIndexOf('/', end - 1)) if (named.has(id.slice(0, end))) return true;
  return false;
}

/** Makes a page: pure but for what it reads beside the history. */
type MakePage<P extends PageName> = (
  state: ProjectState,
  query: PageQueries[P],
  context: PageContext,
) => Promise<ResponseOf<RouteOf<P>>>;

type RaterRow = ResponseOf<'GET /api/projects/{project}/raters'>['raters'][number];
type Shown = RaterRow['accuracy'];

const none = (reason: string): Shown => ({ undefined: reason });

type Concern = ResponseOf<'GET /api/projects/{project}/raters'>['concerns'][number];

/** What people complained of, newest first. Erasing one takes its words and leaves its place. */
function concernsOf(
  records: readonly FeedbackRecord[],
  { removed }: FeedbackState,
  named: ReadonlyMap<string | null, string>,
): Concern[] {
  const filed = records.flatMap((record): Concern[] => {
    if (record.type !== 'concern' && !(record.type === 'erased' && record.was === 'concern')) return [];
    const { id, raterId, at } = record;
    if (removed.has(id)) return [];
    const said = record.type === 'concern' ? record : ({ about: 'erased', text: '' } as const);
    return [{ id, raterId, name: named.get(raterId) ?? null, at, about: said.about, text: said.text }];
  });
  return filed.reverse();
}

/** What each rater was flagged for, with the evidence. */
function flagsByRater({ detectors }: FeedbackReport): Map<string, RaterRow['flags']> {
  const flags = new Map<string, RaterRow['flags']>();
  for (const { id: detector, flags: all } of detectors) {
    for (const { raters, statistic, value, records } of all) {
      const flag = { detector, text: `${statistic}: ${value.toPrecision(3)}`, records: [...records] };
      for (const rater of raters) flags.set(rater, [...(flags.get(rater) ?? []), flag]);
    }
  }
  return flags;
}

/** Who is faster than one can read is named plainly, however few raters there are to compare with. */
const FAST = { medianMs: 2000, judgments: 10 };
function speedFlags(row: FeedbackReport['raterTable'][number] | undefined): RaterRow['flags'] {
  if (row === undefined || row.medianActiveMs === null) return [];
  if (row.n < FAST.judgments || row.medianActiveMs >= FAST.medianMs) return [];
  const median = (row.medianActiveMs / 1000).toFixed(1);
  return [
    {
      detector: 'fast',
      text: `half of the judgments took ${median} s or less (under ${FAST.medianMs / 1000} s over ${FAST.judgments} or more is named)`,
      records: [],
    },
  ];
}

/** A rater of the report as a row of the page. */
function raterRow({
  accuracy,
  excessAgreement,
  position,
  longer,
  medianActiveMs,
}: FeedbackReport['raterTable'][number]): Pick<
  RaterRow,
  'accuracy' | 'agreement' | 'firstShown' | 'longer' | 'medianActiveMs'
> {
  return {
    medianActiveMs,
    accuracy: 'value' in accuracy ? accuracy : none(accuracy.undefined),
    agreement:
      excessAgreement === null
        ? none('too few items shared with two others')
        : { value: excessAgreement.value, interval: null, n: excessAgreement.items },
    firstShown:
      position === null
        ? none('no decided vote with a recorded order')
        : { value: position.first / position.n, interval: position.interval, n: position.n },
    longer:
      longer === null
        ? none('no decided vote between replies of different length')
        : { value: longer.k / longer.n, interval: longer.interval, n: longer.n },
  };
}

/** Power of a detector at the strongest planted failure, and its alarms on clean pools, as measured in simulation. */
function rateOf({ planted, clean }: (typeof DETECTOR_RATES)['detectors'][keyof (typeof DETECTOR_RATES)['detectors']]) {
  const strongest = planted.at(-1);
  return {
    power:
      strongest === undefined
        ? none('not measured')
        : {
            value: strongest.power,
            interval: { low: strongest.low, high: strongest.high, level: 0.95 },
            n: strongest.runs,
          },
    falseAlarms: { value: clean.share, interval: { low: clean.low, high: clean.high, level: 0.95 }, n: clean.runs },
  };
}

/** Whether an item belongs to a list of items. */
export const belongs = (
  row: ItemRow,
  { show, import: wanted, least, most }: Pick<ItemFilter, 'show' | 'import' | 'least' | 'most'>,
): boolean => {
  if (wanted !== undefined && row.import !== wanted) return false;
  if (least !== undefined && (row.agreement === null || row.agreement < least)) return false;
  if (most !== undefined && (row.agreement === null || row.agreement > most)) return false;
  if (show === 'open') return row.open;
  if (show === 'flagged') return row.flagged;
  if (show === 'adjudicated') return row.adjudicated;
  return (
    show === 'all' ||
    show === 'archived' ||
    (row.agreement !== null && row.agreement < DISAGREEMENT && !row.adjudicated)
  );
};

/** Whether an item holds what is looked for. */
function holds(
  { text, strata, raters, answers, days }: ItemHaystack,
  { search, stratum, rater, answer, from, to }: Omit<ItemFilter, 'show' | 'import' | 'least' | 'most' | 'sort'>,
): boolean {
  if (search !== undefined && !text.includes(search.toLowerCase())) return false;
  if (rater !== undefined && !raters.has(rater)) return false;
  if (answer !== undefined && !answers.has(answer)) return false;
  if (stratum !== undefined) {
    const at = stratum.indexOf('=');
    const value = own(strata, at < 0 ? stratum : stratum.slice(0, at));
    if (value === undefined || (at >= 0 && value !== stratum.slice(at + 1))) return false;
  }
  return (from === undefined && to === undefined) || days.some((day) => day >= (from ?? '') && day <= (to ?? '9'));
}

/** What decides the place in a list, the first in front; null stands last. */
const ORDERS: { readonly [O in ItemFilter['sort']]: ((row: ItemRow) => string | number | null) | null } = {
  added: null,
  id: ({ id }) => id,
  agreement: ({ agreement }) => agreement,
  judgments: ({ judgments }) => -judgments,
  last: ({ lastAt }) => (lastAt === null ? null : -Date.parse(lastAt)),
};

/** The rows of a list of items. */
export function listed({ rows, archivedRows, haystacks }: ProjectState, filter: ItemFilter): readonly ItemRow[] {
  const { show, import: brought, least, most, sort, ...looked } = filter;
  const all = show === 'archived' ? archivedRows() : rows();
  let wanted = all.filter((row) => belongs(row, { show, import: brought, least, most }));
  if (Object.values(looked).some((value) => value !== undefined)) {
    const stacks = haystacks();
    wanted = wanted.filter(({ id }) => holds(stacks.get(id)!, looked));
  }
  const key = ORDERS[sort] ?? (show === 'disagreement' ? ORDERS.agreement : null);
  if (key === null) return wanted;
  const keyed = wanted.map((row) => ({ row, key: key(row) }));
  keyed.sort((a, b) => (a.key === b.key ? 0 : a.key === null ? 1 : b.key === null ? -1 : a.key < b.key ? -1 : 1));
  return keyed.map(({ row }) => row);
}

/** Different answers to a question that are counted apart. */
const MOST_ANSWERS = 20;

/** What an answer says, as something that can be counted: replies by place, ratings by criterion, labels one by one. */
function saidBy(answer: Answer): readonly string[] {
  switch (answer.kind) {
    case 'comparison':
      return [displayAnswer(withoutStrength(answer))];
    case 'ranking':
      return [displayAnswer(answer)];
    case 'rating':
      return answer.values.map(({ criterion, value }) => `${criterion}: ${value}`);
    case 'label':
      return answer.labels.length === 0 ? ['no label'] : [...new Set(answer.labels)];
    case 'spans':
      return answer.spans.length === 0 ? ['nothing marked'] : [...new Set(answer.spans.map(({ label }) => label))];
    case 'steps':
      return [answer.labels.includes(-1) ? 'a step is wrong' : 'no step is wrong'];
    case 'correction':
    case 'critique':
    case 'demonstration':
      return ['a text'];
    default:
      return answer satisfies never;
  }
}

/** The answer that most gave to the first question, of items that anybody judged; of two as common, the one given first. */
function mostSaid({ questions }: Project, items: ReadonlySet<string>, judgments: readonly Judgment[]) {
  const tallies = new Map<string, Map<string, number>>();
  for (const judgment of judgments) {
    if (!items.has(judgment.itemId) || purposeOf(judgment) !== 'work') continue;
    if (questionOf(questions, judgment) !== questions[0]) continue;
    const tally = tallies.get(judgment.itemId) ?? new Map<string, number>();
    tallies.set(judgment.itemId, tally);
    const text = displayAnswer(withoutStrength(judgment.answer));
    tally.set(text, (tally.get(text) ?? 0) + 1);
  }
  return new Map(
    [...tallies].map(([item, tally]) => {
      const [text, raters] = [...tally].reduce((best, next) => (next[1] > best[1] ? next : best));
      return [item, { text, raters, of: [...tally.values()].reduce((sum, n) => sum + n, 0) }] as const;
    }),
  );
}

function* numbered(records: readonly FeedbackRecord[], after: number) {
  for (let seq = after + 1; seq <= records.length; seq++) yield { seq, record: records[seq - 1]! };
}

export const PAGES: { readonly [P in PageName]: MakePage<P> } = {
  async overview({ project, state, seq }, _, { store, accounts }) {
    const counts = countsOf(await store.progress(project.id));
    const { pay } = await settingsOf(accounts, project.id);
    const work = state.judgments.filter(isCollected);
    const times = Float64Array.from(work, ({ submittedAt }) => Date.parse(submittedAt))
      .filter(Number.isFinite)
      .sort();
    const byDay = new Map<string, number>();
    for (const time of times) {
      const day = new Date(time).toISOString().slice(0, 10);
      byDay.set(day, (byDay.get(day) ?? 0) + 1);
    }
    // Over the last day with judgments: a project that rests overnight is not slow.
    const last = times.at(-1);
    const recent = last === undefined ? times : times.filter((time) => time > last - 24 * HOUR_MS);
    const span = recent.length < 2 ? 0 : (recent.at(-1)! - recent[0]!) / HOUR_MS;
    const perHour = span > 0 ? recent.length / span : null;
    const left = Math.max(0, counts.wanted - counts.judgments);
    const activeHours = work.reduce((sum, { activeMs }) => sum + (activeMs ?? 0), 0) / HOUR_MS;
    const spent = pay === undefined ? 0 : pay.amount * (pay.per === 'hour' ? activeHours : work.length);
    return {
      asOf: seq,
      counts,
      perHour,
      etaHours: perHour === null ? null : left / perHour,
      activeHours,
      brought: state.judgments.filter(({ brought }) => brought).length,
      cost:
        pay === undefined
          ? null
          : {
              spent,
              currency: pay.currency,
              expected: work.length === 0 ? null : (spent * (work.length + left)) / work.length,
            },
      byDay: [...byDay].map(([day, judgments]) => ({ day, judgments })),
    };
  },
  async raters({ project, state, records, raters: profiles, report: reportOf }, { names }, { accounts }) {
    const { seq, report } = reportOf();
    const paused = new Set(await pausedRaters(accounts, project.id));
    const named = new Map(names ? (await accounts.accounts()).map(({ raterId, name }) => [raterId, name]) : []);
    const rows = new Map(report.raterTable.map((row) => [row.raterId, row]));
    const flags = flagsByRater(report);
    const hours = new Map<string, { active: number; last: string }>();
    for (const { raterId, activeMs, submittedAt } of state.judgments) {
      const known = hours.get(raterId) ?? { active: 0, last: '' };
      known.active += (activeMs ?? 0) / HOUR_MS;
      if (Number.isFinite(Date.parse(submittedAt)) && submittedAt > known.last) known.last = submittedAt;
      hours.set(raterId, known);
    }
    const empty = none('no judgments yet');
    const raters = [...new Set([...profiles.map(({ id }) => id), ...rows.keys()])].map((raterId): RaterRow => {
      const row = rows.get(raterId);
      return {
        raterId,
        name: named.get(raterId) ?? null,
        judgments: row?.n ?? 0,
        activeHours: hours.get(raterId)?.active ?? 0,
        lastAt: hours.get(raterId)?.last || null,
        paused: paused.has(raterId),
        flags: [...speedFlags(row), ...(flags.get(raterId) ?? [])],
        ...(row === undefined
          ? { accuracy: empty, agreement: empty, firstShown: empty, longer: empty, medianActiveMs: null }
          : raterRow(row)),
      };
    });
    const rates = Object.fromEntries(Object.entries(DETECTOR_RATES.detectors).map(([id, rate]) => [id, rateOf(rate)]));
    return { asOf: seq, raters, concerns: concernsOf(records, state, named), rates };
  },
  async quality({ report: reportOf }) {
    const { seq, report } = reportOf();
    return { ...report, asOf: seq };
  },
  async items(whole, query) {
    const { project, state, seq } = whole;
    const wanted = listed(whole, query);
    const from = query.after === undefined ? 0 : wanted.findIndex(({ id }) => id === query.after) + 1;
    const page = wanted.slice(from, from + ITEMS_PER_PAGE);
    const more = from + ITEMS_PER_PAGE < wanted.length;
    const said = mostSaid(project, new Set(page.map(({ id }) => id)), state.judgments);
    const items = page.map((row) => ({ ...row, mostSaid: said.get(row.id) ?? null }));
    return { asOf: seq, total: wanted.length, items, next: more ? page.at(-1)!.id : null };
  },
  async 'item-ids'(whole, filter) {
    const archives = new Map<string, string[]>();
    for (const { itemId, id } of whole.state.archives) archives.set(itemId, [...(archives.get(itemId) ?? []), id]);
    const items = listed(whole, filter).map(({ id }) => ({ id, archives: archives.get(id) ?? [] }));
    return { asOf: whole.seq, items };
  },
  async answers({ project, state, seq }) {
    const questions = project.questions.map(({ id, title, kind }) => {
      const given = state.judgments.filter(
        (judgment) => purposeOf(judgment) === 'work' && questionOf(project.questions, judgment)?.id === id,
      );
      const raters = [...new Set(given.map(({ raterId }) => raterId))].sort();
      const places = new Map(raters.map((rater, i) => [rater, i]));
      const tally = new Map<string, { n: number; by: number[] }>();
      for (const { answer, raterId } of given) {
        for (const text of saidBy(answer)) {
          const known = tally.get(text) ?? { n: 0, by: raters.map(() => 0) };
          tally.set(text, known);
          known.n += 1;
          known.by[places.get(raterId)!]! += 1;
        }
      }
      const sorted = [...tally].sort(([, a], [, b]) => b.n - a.n).map(([text, counts]) => ({ text, ...counts }));
      const answers = sorted.slice(0, MOST_ANSWERS);
      const others = sorted.slice(MOST_ANSWERS).reduce((sum, { n }) => sum + n, 0);
      return { id, title, kind, n: given.length, answers, others, raters };
    });
    return { asOf: seq, questions };
  },
  async 'question-answers'({ project, records, seq }) {
    const answers = new Map<string, number>();
    for (const record of records) {
      if (record.type !== 'judgment') continue;
      const id = questionOf(project.questions, record.judgment)?.id;
      if (id !== undefined) answers.set(id, (answers.get(id) ?? 0) + 1);
    }
    return { asOf: seq, questions: project.questions.map(({ id }) => ({ id, answers: answers.get(id) ?? 0 })) };
  },
  async imports({ allItems, state, seq }) {
    const imports = new Map<string, { id: string; file: string; at: string; items: number; archived: number }>();
    for (const { id, source } of allItems) {
      if (source.import === undefined) continue;
      const known = imports.get(source.import.id) ?? { ...source.import, items: 0, archived: 0 };
      imports.set(source.import.id, known);
      known.items += 1;
      if (state.archived.has(id)) known.archived += 1;
    }
    return { asOf: seq, imports: [...imports.values()].sort((a, b) => (a.at < b.at ? 1 : -1)) };
  },
  async records({ project, records: all, state, seq: asOf }, { after, rater, ids }, { store }) {
    const named = ids === undefined ? undefined : new Set(namedIds(ids));
    const page: ReturnType<typeof shownRecord>[] = [];
    // The store finds what belongs to a rater, taking back by others included.
    const entries =
      rater === undefined ? numbered(all, after) : store.history(project.id, { after, until: asOf, rater });
    for await (const { seq, record } of entries) {
      if (record.type === 'draft' || (named !== undefined && !isNamed(recordKey(record).id, named))) continue;
      page.push(shownRecord(seq, record, state));
      if (page.length > RECORDS_PER_PAGE) break;
    }
    const records = page.slice(0, RECORDS_PER_PAGE);
    return { asOf, records, next: page.length > RECORDS_PER_PAGE ? records.at(-1)!.seq : null };
  },
  async 'run-preview'({ project, items, raters, records, state, seq }, { recipe }, { previewRun }) {
    return { ...previewRun({ project, items, raters, records, judgments: state.judgments }, recipe), asOf: seq };
  },
};
