import {
  answerProblem,
  DETECTOR_RATES,
  type FeedbackReport,
  formProblem,
  LAYOUT_IDS,
  LAYOUTS,
  type Layout,
  type Project,
  purposeOf,
  questionOf,
  recordKey,
} from '../../feedback/index.ts';
import { ApiError, type Handlers } from '../api.ts';
import type { PROJECT_ROUTES, ResponseOf } from '../contract/index.ts';
import { importText } from '../exchange.ts';
import { generateItems } from '../generate.ts';
import { projectStates, shownRecord } from '../project-state.ts';
import {
  enterProject,
  mayEnter,
  pausedRaters,
  projectOr404,
  type Services,
  savePausedRaters,
  saveSettings,
  settingsOf,
} from '../services.ts';

const ITEMS_PER_PAGE = 50;
const RECORDS_PER_PAGE = 100;
const HOUR_MS = 3_600_000;
/** Below this share of agreeing pairs an item is in the list of disagreements. */
const DISAGREEMENT = 0.75;

type RaterRow = ResponseOf<'GET /api/projects/{project}/raters'>['raters'][number];
type Shown = RaterRow['accuracy'];

const none = (reason: string): Shown => ({ undefined: reason });

/** A rater of the report as a row of the page. */
function raterRow(
  row: FeedbackReport['raterTable'][number],
  report: FeedbackReport,
): Pick<RaterRow, 'accuracy' | 'agreement' | 'firstShown' | 'longer' | 'flags' | 'medianActiveMs'> {
  const { accuracy, excessAgreement, position, longer, medianActiveMs, raterId } = row;
  const flags = report.detectors.flatMap(({ id, flags: all }) =>
    all
      .filter((flag) => flag.raters.includes(raterId))
      .map((flag) => ({
        detector: id,
        text: `${flag.statistic}: ${flag.value.toPrecision(3)}`,
        records: [...flag.records],
      })),
  );
  return {
    medianActiveMs,
    flags,
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

/** Leading projects: set-up, items, progress, people, quality, decisions. */
export function projectHandlers(services: Services): Handlers<typeof PROJECT_ROUTES> {
  const { store, accounts, now } = services;
  const stateOf = projectStates(store);

  const countsOf = async (projectId: string) => {
    const { items, judgments, raters, skips, flags } = await store.progress(projectId);
    return {
      items: items.total,
      wanted: judgments.wanted,
      judgments: judgments.done,
      openItems: items.open,
      raters: raters.active,
      reservations: judgments.reserved,
      skips,
      flags,
    };
  };
  const itemRow = (project: Project, row: Awaited<ReturnType<typeof stateOf>>['rows'][number]) => {
    const wanted = project.distribution.overlap;
    return { ...row, wanted, open: row.judgments < wanted };
  };
  const put = (project: Project) => store.putProject(project);

  return {
    async 'GET /api/projects'({ caller }) {
      const all = await store.listProjects();
      const mayCount = caller.role !== 'rater';
      return {
        projects: await Promise.all(
          all
            .filter(({ id }) => mayEnter(caller, id))
            .map(async ({ id, name, createdAt }) => ({
              id,
              name,
              createdAt,
              counts: mayCount ? await countsOf(id) : null,
            })),
        ),
      };
    },
    async 'POST /api/projects'({ caller, body }) {
      if ((await store.getProject(body.project.id)) !== undefined)
        throw new ApiError(409, 'project', `the id ${body.project.id} is taken; choose another`);
      const at = now();
      const instructions = body.project.instructions.map((version) => ({ ...version, at }));
      const project: Project = { ...body.project, instructions, createdAt: at };
      await put(project);
      await saveSettings(accounts, project.id, body.settings);
      if (caller.via === 'session' && caller.role !== 'owner')
        await accounts.setProjects(caller.id!, [...(await accounts.projectsOf(caller.id!)), project.id]);
      return { project, settings: body.settings };
    },
    async 'GET /api/projects/{project}'({ params }) {
      const project = await projectOr404(services, params.project);
      return { project, settings: await settingsOf(accounts, project.id), counts: await countsOf(project.id) };
    },
    async 'PATCH /api/projects/{project}'({ params, body }) {
      const before = await projectOr404(services, params.project);
      const { settings, instructions, consent, ...change } = body;
      const shown = before.instructions.at(-1);
      const changed = instructions !== undefined && instructions !== shown?.text;
      const project: Project = {
        ...before,
        ...(Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as Partial<Project>),
        ...(consent !== undefined && { consent }),
        ...(changed && {
          instructions: [
            ...before.instructions,
            { version: String(before.instructions.length + 1), text: instructions, at: now() },
          ],
        }),
      };
      await put(project);
      if (settings !== undefined) await saveSettings(accounts, project.id, settings);
      return { project, settings: await settingsOf(accounts, project.id) };
    },
    async 'POST /api/projects/{project}/items'({ params, body }) {
      return importText(store, await projectOr404(services, params.project), body);
    },
    async 'POST /api/projects/{project}/generate'({ params, body }) {
      await projectOr404(services, params.project);
      const { items, failed } = await generateItems(params.project, body);
      const { added } = await store.addItems(params.project, items);
      return { items: added, failed };
    },
    async 'GET /api/projects/{project}/overview'({ params }) {
      const { project: projectId } = params;
      const { state } = await stateOf(projectId);
      const counts = await countsOf(projectId);
      const settings = await settingsOf(accounts, projectId);
      const work = state.judgments.filter((judgment) => purposeOf(judgment) === 'work');
      const times = work
        .map(({ submittedAt }) => Date.parse(submittedAt))
        .filter(Number.isFinite)
        .sort((a, b) => a - b);
      const byDay = new Map<string, number>();
      for (const time of times) {
        const day = new Date(time).toISOString().slice(0, 10);
        byDay.set(day, (byDay.get(day) ?? 0) + 1);
      }
      // Over the last day with judgments: a project that rests overnight is not slow.
      const last = times.at(-1);
      const recent = last === undefined ? [] : times.filter((time) => time > last - 24 * HOUR_MS);
      const span = recent.length < 2 ? 0 : (recent.at(-1)! - recent[0]!) / HOUR_MS;
      const perHour = span > 0 ? recent.length / span : null;
      const left = Math.max(0, counts.wanted - counts.judgments);
      const activeHours = work.reduce((sum, { activeMs }) => sum + (activeMs ?? 0), 0) / HOUR_MS;
      const { pay } = settings;
      const spent = pay === undefined ? 0 : pay.amount * (pay.per === 'hour' ? activeHours : work.length);
      return {
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
    async 'GET /api/projects/{project}/raters'({ caller, params }) {
      const { project: projectId } = params;
      const state = await stateOf(projectId);
      const report = state.report();
      const paused = await pausedRaters(accounts, projectId);
      const rows = new Map(report.raterTable.map((row) => [row.raterId, row]));
      const hours = new Map<string, { active: number; last: string }>();
      for (const { raterId, activeMs, submittedAt } of state.state.judgments) {
        const known = hours.get(raterId) ?? { active: 0, last: '' };
        known.active += (activeMs ?? 0) / HOUR_MS;
        if (submittedAt > known.last) known.last = submittedAt;
        hours.set(raterId, known);
      }
      const ids = new Set([...state.raters.map(({ id }) => id), ...rows.keys()]);
      const raters = await Promise.all(
        [...ids].map(async (raterId): Promise<RaterRow> => {
          const row = rows.get(raterId);
          const name = caller.role === 'auditor' ? null : ((await accounts.accountByRater(raterId))?.name ?? null);
          const empty = none('no judgments yet');
          return {
            raterId,
            name,
            judgments: row?.n ?? 0,
            activeHours: hours.get(raterId)?.active ?? 0,
            lastAt: hours.get(raterId)?.last || null,
            paused: paused.includes(raterId),
            ...(row === undefined
              ? { accuracy: empty, agreement: empty, firstShown: empty, longer: empty, flags: [], medianActiveMs: null }
              : raterRow(row, report)),
          };
        }),
      );
      const rates = Object.fromEntries(
        Object.entries(DETECTOR_RATES.detectors).map(([id, rate]) => [id, rateOf(rate)]),
      );
      return { raters, rates };
    },
    async 'PATCH /api/projects/{project}/raters/{rater}'({ params, body }) {
      const paused = (await pausedRaters(accounts, params.project)).filter((id) => id !== params.rater);
      await savePausedRaters(accounts, params.project, body.paused ? [...paused, params.rater] : paused);
      return { ok: true };
    },
    async 'GET /api/projects/{project}/quality'({ params }) {
      await projectOr404(services, params.project);
      return JSON.parse(JSON.stringify((await stateOf(params.project)).report())) as never;
    },
    async 'GET /api/projects/{project}/items'({ params, query }) {
      const project = await projectOr404(services, params.project);
      const { rows } = await stateOf(project.id);
      const search = query.search?.toLowerCase() ?? '';
      const wanted = rows
        .map((row) => itemRow(project, row))
        .filter((row) => {
          if (!`${row.id}\n${row.prompt}`.toLowerCase().includes(search)) return false;
          if (query.show === 'open') return row.open;
          if (query.show === 'flagged') return row.flagged;
          if (query.show === 'adjudicated') return row.adjudicated;
          return query.show === 'all' || (row.agreement !== null && row.agreement < DISAGREEMENT && !row.adjudicated);
        });
      if (query.show === 'disagreement') wanted.sort((a, b) => a.agreement! - b.agreement!);
      const from = query.after === undefined ? 0 : wanted.findIndex(({ id }) => id === query.after) + 1;
      const page = wanted.slice(from, from + ITEMS_PER_PAGE);
      const more = from + ITEMS_PER_PAGE < wanted.length;
      return { items: page, next: more ? page.at(-1)!.id : null };
    },
    async 'GET /api/projects/{project}/items/{item}'({ params }) {
      const project = await projectOr404(services, params.project);
      const { state, rows } = await stateOf(project.id);
      const item = await store.getItem(project.id, params.item);
      const row = rows.find(({ id }) => id === params.item);
      if (item === undefined || row === undefined) throw new ApiError(404, 'item', `there is no item ${params.item}`);
      const records = [];
      for await (const { seq, record } of store.history(project.id, { item: item.id }))
        if (record.type !== 'draft') records.push(shownRecord(seq, record, state));
      return { item, row: itemRow(project, row), records };
    },
    async 'POST /api/projects/{project}/items/{item}/adjudication'({ caller, params, body }) {
      const project = await projectOr404(services, params.project);
      const raterId = caller.raterId;
      if (raterId === null) throw new ApiError(403, 'key', 'a decision is a person’s; sign in');
      const item = await store.getItem(project.id, params.item);
      if (item === undefined) throw new ApiError(404, 'item', `there is no item ${params.item}`);
      const { idempotencyKey: id, questionId, answer, reason, note } = body;
      const question = questionOf(project.questions, { questionId, answer });
      const problem =
        question === undefined
          ? 'an answer to no question of the form'
          : (formProblem(answer, question, item) ?? answerProblem(answer, item));
      if (problem !== undefined) throw new ApiError(400, 'answer', `expected an answer that fits, got ${problem}`);
      const { judgments } = await store.itemState(project.id, item.id);
      const considered = judgments.map((judgment) => judgment.id);
      await enterProject(services, project.id, raterId);
      await store.submit(
        {
          type: 'adjudication',
          id,
          projectId: project.id,
          itemId: item.id,
          raterId,
          at: now(),
          answer,
          reason,
          considered,
          ...(questionId !== undefined && { questionId }),
          ...(note !== undefined && { note }),
        },
        { lead: true },
      );
      return { id };
    },
    async 'GET /api/projects/{project}/records'({ params, query }) {
      const project = await projectOr404(services, params.project);
      const { state } = await stateOf(project.id);
      const ids = query.ids === undefined ? undefined : new Set(query.ids.split(','));
      const range = { after: query.after, ...(query.rater !== undefined && { rater: query.rater }) };
      const records = [];
      for await (const { seq, record } of store.history(project.id, range)) {
        if (record.type === 'draft' || (ids !== undefined && !ids.has(recordKey(record).id))) continue;
        records.push(shownRecord(seq, record, state));
        if (records.length > RECORDS_PER_PAGE) break;
      }
      const page = records.slice(0, RECORDS_PER_PAGE);
      return { records: page, next: records.length > RECORDS_PER_PAGE ? page.at(-1)!.seq : null };
    },
    async 'GET /api/layouts'() {
      return {
        layouts: LAYOUT_IDS.map((id) => {
          const layout: Layout = LAYOUTS[id];
          return {
            id,
            title: layout.title,
            // Uploads travel as text, which Parquet is not.
            reads: id !== 'project' && id !== 'parquet',
            writes: !('not' in layout.write) && id !== 'project',
          };
        }),
      };
    },
  };
}
