import { resolve } from 'node:path';
import type { Command } from 'commander';
import { whole } from './options.ts';
import { startStudio } from './studio.ts';
import type { Terminal } from './terminal.ts';

/** Serves the Studio until the process is told to stop; says where it is, and how the first owner gets in. */
export async function serveStudio(
  options: {
    readonly store: string;
    readonly runs: string;
    readonly port: number;
    readonly proxies?: readonly string[];
    readonly hosts?: readonly string[];
    /** The run to point to. */
    readonly run?: string;
  },
  terminal: Terminal,
): Promise<void> {
  const { run, ...where } = options;
  const report = (id: string, error: unknown) =>
    terminal.warn(`${id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  const studio = await startStudio({ ...where, report });
  const { url, setupUrl } = studio;
  const path = run === undefined ? '' : `runs/${encodeURIComponent(run)}`;
  const lines = [
    '',
    ...(setupUrl === null
      ? [`open ${url}${path}`]
      : [`create your account (this link works once): ${setupUrl}`, `then open ${url}${path}`]),
    'Ctrl-C stops the Studio; nothing acknowledged is lost',
  ];
  terminal.result({ type: 'serving', url: `${url}${path}`, setupUrl }, lines.join('\n'));
}

const collect = (value: string, before: readonly string[]) => [...before, value];

/** `studio`. */
export function addStudioCommands(program: Command, terminalOf: () => Terminal): void {
  program
    .command('studio')
    .alias('serve')
    .description('serve the Studio: people judge, a lead runs projects, an auditor reads')
    .option('--store <url>', 'file or postgres:// URL of the store', process.env.DATABASE_URL ?? 'runs/studio.db')
    .option('--runs <folder>', 'folder of runs', 'runs')
    .option('--port <n>', 'port', whole(1, 65535), 4173)
    .option('--host <name>', 'a name under which browsers reach it, through a proxy (repeatable)', collect, [])
    .option(
      '--proxy <address>',
      'a proxy, or a network of them, whose X-Forwarded-For is believed: loopback, 10.0.0.0/8 (repeatable)',
      collect,
      [],
    )
    .addHelpText(
      'after',
      '\nThe first start prints a link that creates the owner. Others come by invitation.\n\nExamples:\n  goodhart studio\n  goodhart studio --host studio.example.org --proxy loopback\n  goodhart studio --store team.db --runs runs --port 8080\n  DATABASE_URL=postgres://localhost/goodhart goodhart studio',
    )
    .action((options: { store: string; runs: string; port: number; host: string[]; proxy: string[] }) => {
      const { port, host: hosts, proxy: proxies } = options;
      const store = /^\w+:/.test(options.store) ? options.store : resolve(options.store);
      return serveStudio({ store, runs: resolve(options.runs), port, hosts, proxies }, terminalOf());
    });
}
