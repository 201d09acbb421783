import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { Accounts, FeedbackStore } from '../../store/index.ts';
import { ApiError, type Handlers } from '../api.ts';
import type { Caller } from '../caller.ts';
import { challengeList, challengePage } from '../challenge-page.ts';
import { type RUN_ROUTES, RUN_TABLES } from '../contract/index.ts';
import { noteDeletion } from '../deletions.ts';
import { FileAnswer, makeFile } from '../file-answer.ts';
import { addInTurns } from '../imports.ts';
import { noteStart, seenRuns } from '../run-access.ts';
import type { RunRow, RunService } from '../runs.ts';
import { mayEnter } from '../services.ts';
import { findingsTable, metricsTable, samplesTable, writeTable } from '../tables.ts';
import { personOf } from './session/grants.ts';

/** Seeds that the server draws lie below. */
const MOST_SEEDS = 2 ** 31;

const ARCHIVED_RUNS = 'archived-runs';
/** Runs that were put away. */
const archivedRuns = async (accounts: Accounts): Promise<readonly string[]> =>
  z.array(z.string()).parse((await accounts.setting(ARCHIVED_RUNS)) ?? []);

/** What was erased from a run's project since the run began. */
async function erasedSince(store: FeedbackStore, { project, startedAt }: RunRow) {
  if (project === null || (await store.getProject(project)) === undefined) return null;
  const since = (await store.erasures(project)).filter(({ at, judgments }) => at >= startedAt && judgments > 0);
  if (since.length === 0) return null;
  const judgments = since.reduce((sum, erasure) => sum + erasure.judgments, 0);
  return { raters: new Set(since.map(({ raterId }) => raterId)).size, judgments };
}

/** Putting runs away, and deleting their folders. */
function endingHandlers(
  { runs, accounts, now }: { readonly runs: RunService; readonly accounts: Accounts; readonly now: () => string },
  known: (caller: Caller, run: string) => Promise<string>,
): Handlers<Pick<typeof RUN_ROUTES, 'POST /api/runs/{run}/archive' | 'POST /api/runs/{run}/delete'>> {
  return {
    async 'POST /api/runs/{run}/archive'({ caller, params, body }) {
      const run = await known(caller, params.run);
      const others = (await archivedRuns(accounts)).filter((id) => id !== run);
      await accounts.setSetting(ARCHIVED_RUNS, body.archived ? [...others, run] : others);
      return { ok: true };
    },
    async 'POST /api/runs/{run}/delete'({ caller, params, body }) {
      const by = personOf(caller);
      const run = await known(caller, params.run);
      if (body.confirm !== run)
        throw new ApiError(400, 'confirm', `expected ${run} typed once more; nothing was deleted`);
      await runs.remove(run);
      await noteDeletion(accounts, { what: 'run', id: run, name: run, by, at: now() });
      return { ok: true };
    },
  };
}

/** Runs of the pipeline: what they did, and starting and stopping them. */
export function runHandlers(services: {
  readonly runs: RunService;
  readonly accounts: Accounts;
  readonly store: FeedbackStore;
  readonly now: () => string;
}): Handlers<typeof RUN_ROUTES> {
  const { runs, accounts, store } = services;
  /** A run that is there and the caller's to see; of others nobody says that they are there. */
  const known = async (caller: Caller, run: string): Promise<string> => {
    if ((await runs.has(run)) && (await seenRuns(services, caller, [run])).has(run)) return run;
    throw new ApiError(404, 'run', `there is no run ${run} that you may see`);
  };
  const tableOf = async (run: string, name: string) => {
    const table = RUN_TABLES.find((known) => known === name);
    switch (table) {
      case 'metrics':
        return metricsTable(await runs.series(run));
      case 'findings':
        return findingsTable(await runs.findings(run));
      case 'samples':
        return samplesTable(await runs.samples(run));
      case undefined:
        throw new ApiError(404, 'table', `there is no table ${name}; there are ${RUN_TABLES.join(', ')}`);
      default:
        return table satisfies never;
    }
  };
  return {
    ...endingHandlers(services, known),
    async 'GET /api/runs'({ caller, query }) {
      const away = await archivedRuns(accounts);
      const all = (await runs.list()).filter(
        ({ id, project }) =>
          away.includes(id) === (query.archived === 'yes') &&
          (query.project === undefined || project === query.project),
      );
      const seen = await seenRuns(
        services,
        caller,
        all.map(({ id }) => id),
      );
      return { runs: all.filter(({ id }) => seen.has(id)) };
    },
    'GET /api/recipes': async () => ({ recipes: await runs.recipes() }),
    async 'POST /api/runs'({ caller, body }) {
      const mayRead = (projectId: string) => mayEnter(caller, projectId);
      const id = await runs.start(body, { mayRead });
      await noteStart(accounts, id, caller.account!);
      return { id };
    },
    async 'GET /api/runs/{run}'({ caller, params }) {
      const detail = await runs.detail(await known(caller, params.run));
      if (detail === undefined) throw new ApiError(404, 'run', `there is no run ${params.run} that you may see`);
      const asks = detail.asks.filter(({ project }) => mayEnter(caller, project));
      return { ...detail, asks, erased: await erasedSince(store, detail.run) };
    },
    async 'POST /api/runs/{run}/ask'({ caller, params, body }) {
      const run = await known(caller, params.run);
      const project = mayEnter(caller, body.project) ? await store.getProject(body.project) : undefined;
      if (project === undefined)
        throw new ApiError(404, 'project', `there is no project ${body.project} that you belong to; ask its lead`);
      if (!project.questions.some(({ kind }) => kind === 'comparison'))
        throw new ApiError(
          400,
          'form',
          `expected a project that asks for comparisons, but the form of ${project.id} does not; add a question or choose another`,
        );
      const { seed = randomInt(MOST_SEEDS), ...wanted } = body;
      return { id: await runs.ask(run, { ...wanted, seed }, (items) => addInTurns(store, project.id, items)) };
    },
    async 'POST /api/runs/{run}/stop'({ caller, params }) {
      if (!(await runs.stop(await known(caller, params.run))))
        throw new ApiError(409, 'run', `run ${params.run} is not running here`);
      return { ok: true };
    },
    async 'POST /api/runs/{run}/resume'({ caller, params }) {
      await runs.resume(await known(caller, params.run));
      return { ok: true };
    },
    async 'POST /api/runs/{run}/verify'({ caller, params }) {
      const verified = await runs.verify(await known(caller, params.run));
      return { ok: verified.checks.every(({ ok }) => ok), ...verified };
    },
    'GET /api/runs/{run}/series': async ({ caller, params }) => ({
      series: await runs.series(await known(caller, params.run)),
    }),
    'GET /api/runs/{run}/report': async ({ caller, params }) => ({
      document: await runs.report(await known(caller, params.run)),
    }),
    async 'GET /api/runs/{run}/samples'({ caller, params, query }) {
      const wanted = query.search?.toLowerCase() ?? '';
      const samples = await runs.samples(await known(caller, params.run));
      return {
        samples: samples.filter((s) => `${s.prompt}\n${s.before}\n${s.after}`.toLowerCase().includes(wanted)),
      };
    },
    'GET /api/runs/{run}/findings': async ({ caller, params }) => ({
      findings: await runs.findings(await known(caller, params.run)),
    }),
    async 'GET /api/runs/{run}/tables/{table}'({ caller, params, query }) {
      const run = await known(caller, params.run);
      const table = await tableOf(run, params.table);
      return new FileAnswer(
        await makeFile((folder) => writeTable(folder, `${run}-${params.table}`, { table, format: query.format })),
      );
    },
    'GET /api/runs/{run}/disclosure': async ({ caller, params }) => runs.disclosure(await known(caller, params.run)),
    'GET /api/runs/{run}/disclosure/changes': async ({ caller, params, query }) => ({
      document: await runs.changes(await known(caller, params.run), await known(caller, query.since)),
    }),
    'GET /api/challenges/{challenge}': async ({ params }) => ({ challenge: challengePage(params.challenge) }),
    'GET /api/challenges': async () => ({ challenges: challengeList() }),
  };
}
