import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { PipelineConfig } from '../pipeline/index.ts';
import { documentText } from '../report/index.ts';
import { UsageError } from '../run/index.ts';
import type { RunRow } from '../server/index.ts';
import type { RunningStudio } from './studio.ts';
import { serveStudio } from './studio-commands.ts';
import type { Terminal } from './terminal.ts';

/** How `quickstart` was called. */
export interface Quickstart {
  readonly out?: string;
  readonly resume: boolean;
  readonly otherVersions: boolean;
  readonly set: readonly string[];
  readonly port: number;
  /** A new run, though there is one. */
  readonly again: boolean;
}

/** What is to be done about a run: nothing, since it is done or under way; begin it; go on with it. */
interface Choice {
  readonly run: string;
  readonly todo: 'open' | 'begin' | 'resume';
}

const TODO: { readonly [S in RunRow['status']]: Choice['todo'] | null } = {
  complete: 'open',
  running: 'open',
  stopped: 'resume',
  failed: 'resume',
  unfinished: 'resume',
  unreadable: null,
};

/** The run that a second start opens or goes on with: the newest of its name, of rows newest first; a new one, where there is none or another is asked for. */
export function chooseRun(
  rows: readonly Pick<RunRow, 'id' | 'name' | 'status'>[],
  name: string,
  { set, again, taken }: Pick<Quickstart, 'set' | 'again'> & { readonly taken: (run: string) => boolean },
): Choice {
  // One that has not written anything yet is called by its id.
  const isOf = (row: (typeof rows)[number]) =>
    row.name === name || (row.name === row.id && row.id.startsWith(`${name}-`));
  // What is overridden makes it another run.
  const newest = again || set.length > 0 ? undefined : rows.find((row) => isOf(row) && TODO[row.status] !== null);
  if (newest !== undefined) return { run: newest.id, todo: TODO[newest.status]! };
  let n = 1;
  while (rows.some(({ id }) => id === `${name}-${n}`) || taken(`${name}-${n}`)) n += 1;
  return { run: `${name}-${n}`, todo: 'begin' };
}

/** The quickstart as one watches it: the Studio is open at once, and the run goes on in a process of its own. */
export async function watchQuickstart(config: PipelineConfig, options: Quickstart, terminal: Terminal): Promise<void> {
  const { out, resume, port } = options;
  if (resume && out === undefined)
    throw new UsageError('resume', '--resume: expected --out with the folder of the unfinished run');
  const folder = out === undefined ? resolve('runs') : dirname(resolve(out));
  let choice: Choice | undefined;
  const studio = await serveStudio(
    {
      store: join(folder, 'studio.db'),
      runs: folder,
      port,
      async run(runs) {
        choice =
          out === undefined
            ? chooseRun(await runs.list(), config.name, { ...options, taken: (one) => existsSync(join(folder, one)) })
            : { run: basename(resolve(out)), todo: resume ? 'resume' : 'begin' };
        return choice.run;
      },
    },
    terminal,
  );
  if (choice === undefined) return;
  if (choice.todo === 'open')
    terminal.note(`${choice.run} is there already; goodhart quickstart --again makes another`);
  else await follow(studio, config, { ...options, ...choice }, terminal);
}

/** Runs what was chosen, tells how far it is, and at its end what it found. */
async function follow(
  { runs, url }: RunningStudio,
  config: PipelineConfig,
  { run, todo, set, otherVersions }: Quickstart & Choice,
  terminal: Terminal,
): Promise<void> {
  if (todo === 'resume') terminal.note(`${run} was not finished; it goes on`);
  const versions = otherVersions ? ['--other-versions'] : [];
  const wanted =
    todo === 'resume'
      ? { resume: versions }
      : { config, command: ['quickstart', '--no-serve', ...set.flatMap((one) => ['--set', one])] };
  let result: unknown;
  const { ended, stop } = await runs.follow(run, wanted, {
    onProgress: terminal.progress,
    onResult: (value) => {
      result = value;
    },
  });
  terminal.afterInterrupt(`what was finished is kept; the same command goes on with ${run}`);
  process.prependOnceListener('SIGINT', stop);
  const { last } = await ended;
  process.removeListener('SIGINT', stop);
  terminal.afterInterrupt('');
  const document = await runs.report(run);
  if (result === undefined || document === null) {
    terminal.warn(`the run ended early: ${last === '' ? 'its process was stopped' : last}`);
    return;
  }
  const place = `${url}runs/${encodeURIComponent(run)}`;
  terminal.result(result, ['', documentText(document), '', `done; it is at ${place}`].join('\n'));
}
