import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from '../run/index.ts';
import { resetLink } from '../server/node.ts';
import { openStore } from '../store/index.ts';
import { now } from './environment.ts';
import { collect, whole } from './options.ts';
import { type RunningStudio, startStudio } from './studio.ts';
import type { Terminal } from './terminal.ts';

/** Serves the Studio until the process is told to stop; says where it is, and how the first owner gets in, as soon as it can be opened. */
export async function serveStudio(
  options: {
    readonly store: string;
    readonly runs: string;
    readonly port: number;
    readonly proxies?: readonly string[];
    readonly host?: string;
    readonly origins?: readonly string[];
    readonly allowPrivate?: readonly string[];
    /** The run to point to, of those that are there. */
    readonly run?: (runs: RunningStudio['runs']) => Promise<string>;
  },
  terminal: Terminal,
): Promise<RunningStudio> {
  const { run: choose, ...where } = options;
  const report = (id: string, error: unknown) =>
    terminal.warn(`${id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  const studio = await startStudio({ ...where, report });
  const { url, setupUrl } = studio;
  const run = await choose?.(studio.runs);
  if (Number(new URL(url).port) !== options.port)
    terminal.warn(
      `port ${options.port} is taken, perhaps by another Studio on the same store; this one is at ${url} (choose with --port)`,
    );
  const path = run === undefined ? '' : `runs/${encodeURIComponent(run)}`;
  const lines = [
    '',
    ...(setupUrl === null
      ? [`open ${url}${path}`]
      : [`create your account (this link works once): ${setupUrl}`, `then open ${url}${path}`]),
    'Ctrl-C stops the Studio; nothing acknowledged is lost',
  ];
  terminal.result({ type: 'serving', url: `${url}${path}`, setupUrl }, lines.join('\n'));
  return studio;
}

interface StudioArguments {
  readonly store: string;
  readonly runs: string;
  readonly port: number;
  readonly host: string;
  readonly origin: readonly string[];
  readonly proxy: readonly string[];
  readonly allowPrivate: readonly string[];
}

/** An address to listen on. */
function address(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new InvalidArgumentError(
    'expected an address to listen on, such as 0.0.0.0; a name for browsers is --origin https://name.',
  );
}
/** Where browsers reach the Studio: scheme, name and port, nothing behind. */
function origin(text: string, before: readonly string[]): readonly string[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.pathname !== '/' ||
    url.search !== '' ||
    url.hash !== ''
  )
    throw new InvalidArgumentError('expected scheme and name alone, as in https://studio.example.org.');
  return [...before, url.origin];
}

const RESET_HOURS = 1;

/** A file by its whole path; the URL of a server as it is. */
const placeOf = (store: string): string => (/^\w+:/.test(store) ? store : resolve(store));

/** `studio reset`: for who runs the server, where nobody is left who could make the link in the Studio. */
function addReset(studio: Command, terminalOf: () => Terminal): void {
  studio
    .command('reset')
    .description('make a link that sets a new password for an account: once, for an hour')
    .argument('<name>', 'name of the account')
    .option('--url <address>', 'where browsers reach the Studio', 'http://127.0.0.1:4173')
    .addHelpText(
      'after',
      '\nThe store is the one that the Studio serves: give the same --store.\n\nExamples:\n  goodhart studio reset Olga\n  goodhart studio --store team.db reset Olga --url https://studio.example.org',
    )
    .action(async (name: string, { url }: { url: string }, command: Command) => {
      const { store: place } = command.optsWithGlobals<{ store: string }>();
      const store = await openStore(placeOf(place), { now });
      try {
        const account = await store.accounts.accountByName(name);
        if (account === undefined || account.disabled) {
          const open = (await store.accounts.accounts()).filter(({ disabled }) => !disabled);
          const have = open.map((one) => one.name).join(', ') || 'nobody';
          throw new UsageError('account', `${store.place}: no open account is called ${name}; there are ${have}`);
        }
        const { path, expiresAt } = await resetLink(store.accounts, account.id, { now: now(), hours: RESET_HOURS });
        const link = new URL(path, url).href;
        terminalOf().result(
          { type: 'reset', name: account.name, link, expiresAt },
          `open this link to set a new password for ${account.name}; it works once, until ${expiresAt}:\n${link}`,
        );
      } finally {
        await store.close();
      }
    });
}

/** `studio`. */
export function addStudioCommands(program: Command, terminalOf: () => Terminal): void {
  const studio = program
    .command('studio')
    .alias('serve')
    .description('serve the Studio: people judge, a lead runs projects, an auditor reads')
    .option('--store <url>', 'file or postgres:// URL of the store', process.env.DATABASE_URL ?? 'runs/studio.db')
    .option('--runs <folder>', 'folder of runs', 'runs')
    .option('--port <n>', 'port', whole(1, 65535), 4173)
    .option(
      '--host <address>',
      'address to listen on, such as 0.0.0.0; only this machine reaches the default',
      address,
      '127.0.0.1',
    )
    .option(
      '--origin <url>',
      'where browsers reach it, through a proxy: https://studio.example.org (repeatable)',
      origin,
      [],
    )
    .option(
      '--proxy <address>',
      'a proxy, or a network of them, whose X-Forwarded-For is believed: loopback, 10.0.0.0/8 (repeatable)',
      collect,
      [],
    )
    .option(
      '--allow-private <network>',
      'with --host or --origin: a private address or network that webhooks and endpoints may be in (repeatable)',
      collect,
      [],
    )
    .addHelpText(
      'after',
      '\nThe first start prints a link that creates the owner. Others come by invitation.\n\nExamples:\n  goodhart studio\n  goodhart studio --origin https://studio.example.org --proxy loopback\n  goodhart studio --store team.db --runs runs --port 8080\n  DATABASE_URL=postgres://localhost/goodhart goodhart studio',
    )
    .action(async (options: StudioArguments) => {
      const { port, host, origin: origins, proxy: proxies, allowPrivate } = options;
      await serveStudio(
        { store: placeOf(options.store), runs: resolve(options.runs), port, host, origins, proxies, allowPrivate },
        terminalOf(),
      );
    });
  addReset(studio, terminalOf);
}
