import {
  displayAnswer,
  type FeedbackRecord,
  type FeedbackState,
  type Judgment,
  type Project,
  purposeOf,
  questionOf,
  recordKey,
} from '../feedback/index.ts';
import { DETECTOR_RATES, type FeedbackReport } from '../quality/index.ts';
import type { Accounts, FeedbackStore } from '../store/index.ts';
import type { ResponseOf, RunPreview } from './contract/index.ts';
import { countsOf } from './counts.ts';
import { pausedRaters, settingsOf } from './project-settings.ts';
import { type ProjectState, shownRecord } from './project-state.ts';

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
  readonly items: {
    readonly show: 'all' | 'open' | 'disagreement' | 'flagged' | 'adjudicated';
    readonly search?: string | undefined;
    readonly after?: string | undefined;
  };
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

/** Makes a page: pure but for what it reads beside the history. */
type MakePage<P extends PageName> = (
  state: ProjectState,
  query: PageQueries[P],
  context: PageContext,
) => Promise<ResponseOf<RouteOf<P>>>;

type RaterRow = ResponseOf<'GET /api/projects/{project}/raters'>['raters'][number];
type Shown = RaterRow['accuracy'];

const none = (reason: string): Shown => ({ undefined: reason });

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
  row: ReturnType<ProjectState['rows']>[number],
  { show, search = '' }: Omit<PageQueries['items'], 'after'>,
): boolean => {
  if (!`${row.id}\n${row.prompt}`.toLowerCase().includes(search.toLowerCase())) return false;
  if (show === 'open') return row.open;
  if (show === 'flagged') return row.flagged;
  if (show === 'adjudicated') return row.adjudicated;
  return show === 'all' || (row.agreement !== null && row.agreement < DISAGREEMENT && !row.adjudicated);
};

/** The answer that most gave to the first question, of items that anybody judged; of two as common, the one given first. */
function mostSaid({ questions }: Project, items: ReadonlySet<string>, judgments: readonly Judgment[]) {
  const tallies = new Map<string, Map<string, number>>();
  for (const judgment of judgments) {
    if (!items.has(judgment.itemId) || purposeOf(judgment) !== 'work') continue;
    if (questionOf(questions, judgment) !== questions[0]) continue;
    const tally = tallies.get(judgment.itemId) ?? new Map<string, number>();
    tallies.set(judgment.itemId, tally);
    const text = displayAnswer(judgment.answer);
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
    const work = state.judgments.filter((judgment) => purposeOf(judgment) === 'work');
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
  async raters({ project, state, raters: profiles, report: reportOf }, { names }, { accounts }) {
    const { seq, report } = reportOf();
    const paused = new Set(await pausedRaters(accounts, project.id));
    const named = new Map(names ? (await accounts.accounts()).map(({ raterId, name }) => [raterId, name]) : []);
    const rows = new Map(report.raterTable.map((row) => [row.raterId, row]));
    const flags = flagsByRater(report);
    const hours = new Map<string, { active: number; last: string }>();
    for (const { raterId, activeMs, submittedAt } of state.judgments) {
      const known = hours.get(raterId) ?? { active: 0, last: '' };
      known.active += (activeMs ?? 0) / HOUR_MS;
      if (submittedAt > known.last) known.last = submittedAt;
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
        flags: flags.get(raterId) ?? [],
        ...(row === undefined
          ? { accuracy: empty, agreement: empty, firstShown: empty, longer: empty, medianActiveMs: null }
          : raterRow(row)),
      };
    });
    const rates = Object.fromEntries(Object.entries(DETECTOR_RATES.detectors).map(([id, rate]) => [id, rateOf(rate)]));
    return { asOf: seq, raters, rates };
  },
  async quality({ report: reportOf }) {
    const { seq, report } = reportOf();
    return { ...report, asOf: seq };
  },
  async items({ project, state, seq, rows }, query) {
    const wanted = rows().filter((row) => belongs(row, query));
    if (query.show === 'disagreement') wanted.sort((a, b) => a.agreement! - b.agreement!);
    const from = query.after === undefined ? 0 : wanted.findIndex(({ id }) => id === query.after) + 1;
    const page = wanted.slice(from, from + ITEMS_PER_PAGE);
    const more = from + ITEMS_PER_PAGE < wanted.length;
    const said = mostSaid(project, new Set(page.map(({ id }) => id)), state.judgments);
    const items = page.map((row) => ({ ...row, mostSaid: said.get(row.id) ?? null }));
    return { asOf: seq, items, next: more ? page.at(-1)!.id : null };
  },
  async records({ project, records: all, state, seq: asOf }, { after, rater, ids }, { store }) {
    const named = ids === undefined ? undefined : new Set(namedIds(ids));
    const page: ReturnType<typeof shownRecord>[] = [];
    // The store finds what belongs to a rater, taking back by others included.
    const entries =
      rater === undefined ? numbered(all, after) : store.history(project.id, { after, until: asOf, rater });
    for await (const { seq, record } of entries) {
      if (record.type === 'draft' || (named !== undefined && !named.has(recordKey(record).id))) continue;
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
