import { z } from 'zod';
import { CHALLENGES, type ChallengeId, probesOf } from '../../audit/index.ts';
import { ApiError, type Handlers } from '../api.ts';
import { type RUN_ROUTES, RUN_TABLES } from '../contract/index.ts';
import { FileAnswer, makeFile } from '../file-answer.ts';
import type { RunService } from '../runs.ts';
import { findingsTable, metricsTable, samplesTable, writeTable } from '../tables.ts';

/** Runs of the pipeline: what they did, and starting and stopping them. */
export function runHandlers({ runs }: { readonly runs: RunService }): Handlers<typeof RUN_ROUTES> {
  const known = async (run: string): Promise<string> => {
    if (!(await runs.has(run))) throw new ApiError(404, 'run', `there is no run ${run}`);
    return run;
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
    'GET /api/runs': async () => ({ runs: await runs.list() }),
    'GET /api/recipes': async () => ({ recipes: await runs.recipes() }),
    'POST /api/runs': async ({ body }) => ({ id: await runs.start(body.yaml, body.set) }),
    async 'GET /api/runs/{run}'({ params }) {
      const detail = await runs.detail(params.run);
      if (detail === undefined) throw new ApiError(404, 'run', `there is no run ${params.run}`);
      return detail;
    },
    async 'POST /api/runs/{run}/stop'({ params }) {
      if (!(await runs.stop(await known(params.run))))
        throw new ApiError(409, 'run', `run ${params.run} is not running here`);
      return { ok: true };
    },
    async 'POST /api/runs/{run}/resume'({ params }) {
      await runs.resume(await known(params.run));
      return { ok: true };
    },
    async 'POST /api/runs/{run}/verify'({ params }) {
      const checks = await runs.verify(await known(params.run));
      return { ok: checks.every(({ ok }) => ok), checks };
    },
    'GET /api/runs/{run}/series': async ({ params }) => ({ series: await runs.series(await known(params.run)) }),
    'GET /api/runs/{run}/report': async ({ params }) => ({ document: await runs.report(await known(params.run)) }),
    async 'GET /api/runs/{run}/samples'({ params, query }) {
      const wanted = query.search?.toLowerCase() ?? '';
      const samples = await runs.samples(await known(params.run));
      return {
        samples: samples.filter((s) => `${s.prompt}\n${s.before}\n${s.after}`.toLowerCase().includes(wanted)),
      };
    },
    'GET /api/runs/{run}/findings': async ({ params }) => ({ findings: await runs.findings(await known(params.run)) }),
    async 'GET /api/runs/{run}/tables/{table}'({ params, query }) {
      const run = await known(params.run);
      const table = await tableOf(run, params.table);
      return new FileAnswer(
        await makeFile((folder) => writeTable(folder, `${run}-${params.table}`, { table, format: query.format })),
      );
    },
    'GET /api/runs/{run}/disclosure': async ({ params }) => runs.disclosure(await known(params.run)),
    async 'GET /api/challenges'() {
      return {
        challenges: Object.entries(CHALLENGES).map(([id, { group, title, fundamental }]) => ({
          id,
          group,
          title,
          fundamental,
          probes: probesOf(id as ChallengeId).map(({ id, question, estimand, citation, needs, params }) => ({
            id,
            question,
            estimand,
            citation,
            needs: [...needs],
            params: z.json().parse(params.parse({})),
          })),
        })),
      };
    },
  };
}
