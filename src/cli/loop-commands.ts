import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { checkThreshold, type PipelineConfig, RUN_FILES, runPipeline } from '../pipeline/index.ts';
import { documentText, factsOf } from '../report/index.ts';
import { UsageError } from '../run/index.ts';
import { cacheFolder, onPath } from '../run/node.ts';
import { enginesOf } from './engines.ts';
import { now, packageRoot, readConfig, versions } from './environment.ts';
import { collect, whole } from './options.ts';
import { watchQuickstart } from './quickstart.ts';
import { STORE_OPTION, sourceAccess, type Where } from './store-access.ts';
import type { Terminal } from './terminal.ts';

/** The composition root of a run. */
async function runConfig(
  config: PipelineConfig,
  options: {
    out: string;
    resume: boolean;
    otherVersions: boolean;
    command: string;
    terminal: Terminal;
    where: Where;
  },
): Promise<void> {
  const { out, resume, otherVersions, command, terminal, where } = options;
  terminal.afterInterrupt(`what was finished is kept; continue with: ${command} --out ${out} --resume`);
  const result = await runPipeline({
    config,
    out,
    resume,
    otherVersions,
    command,
    access: sourceAccess(where),
    makeEngines: () => enginesOf(config.engine, terminal.warn),
    progress: terminal.progress,
    warn: terminal.warn,
    note: terminal.note,
    now,
    cache: cacheFolder(),
    versions: versions(),
  });
  const { document, results, disclosure, seal } = result;
  const summary = factsOf(document, 'summary');
  const text = [
    '',
    documentText(document),
    '',
    `report  ${join(out, RUN_FILES.report)}`,
    `seal    ${seal}  (goodhart verify ${out})`,
  ].join('\n');
  const findings = results.findings.map(({ challenge, probe, verdict, estimate, interval }) => ({
    challenge,
    probe,
    verdict,
    estimate,
    interval,
  }));
  const items = disclosure.items.map(({ id, status }) => ({ id, status }));
  terminal.afterInterrupt('');
  terminal.result({ type: 'result', out, summary, findings, disclosure: items, seal }, text);
  checkThreshold(config, results.findings);
}

/** A new folder below `runs/` that does not exist yet. */
function freshFolder(parent: string, name: string): string {
  const taken = onPath(parent, () => (existsSync(parent) ? readdirSync(parent) : []));
  let n = 1;
  while (taken.includes(`${name}-${n}`)) n += 1;
  return join(parent, `${name}-${n}`);
}

/** Options of both commands. */
interface LoopOptions {
  readonly out?: string;
  readonly resume: boolean;
  readonly otherVersions: boolean;
  readonly set: readonly string[];
}

/** Where a run goes, and the command that repeats it. */
function placeOf(
  config: PipelineConfig,
  command: string,
  options: Where & LoopOptions,
): { out: string; command: string } {
  if (options.resume && options.out === undefined)
    throw new UsageError('resume', '--resume: expected --out with the folder of the unfinished run');
  const out = resolve(options.out ?? freshFolder('runs', config.name));
  // An address of a database may hold a password, and comes from the environment.
  const { store } = options;
  const where = store === undefined || store.includes('://') ? [] : [`--store ${quoted(store)}`];
  return { out, command: [command, ...where, ...options.set.map((s) => `--set ${quoted(s)}`)].join(' ') };
}

const OTHER_VERSIONS = 'with --resume: go on with other versions than before; the records and the report say so';
const quoted = (text: string) => (/^[\w./=:,@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
/** `quickstart` and `run`. */
export function addLoopCommands(program: Command, terminalOf: () => Terminal): void {
  program
    .command('quickstart')
    .description('run the whole loop on the harbour world, and serve the Studio on it')
    .option('--out <folder>', 'run folder (default: a new one below ./runs)')
    .option('--resume', 'continue the unfinished run in --out', false)
    .option('--other-versions', OTHER_VERSIONS, false)
    .option('--again', 'a new run, though there is one below ./runs already', false)
    .option('--no-serve', 'exit when the run is done')
    .option('--port <n>', 'port of the Studio', whole(1, 65535), 4173)
    .option('--set <key=value>', 'override a configuration key; repeatable', collect, [])
    .addHelpText(
      'after',
      '\nThe Studio is open while the run goes on. Where a run is there already, the Studio opens on it; one that was interrupted goes on.\n\nExamples:\n  goodhart quickstart\n  goodhart quickstart --again --set seed=12\n  goodhart quickstart --no-serve --out runs/short --set policy.steps=20\n  goodhart quickstart --out runs/quickstart-1 --resume',
    )
    .action(async (options: LoopOptions & { serve: boolean; port: number; again: boolean }) => {
      const terminal = terminalOf();
      const config = readConfig(join(packageRoot, 'recipes/quickstart/run.yaml'), options.set);
      if (options.serve) return watchQuickstart(config, options, terminal);
      const { out, command } = placeOf(config, 'goodhart quickstart', options);
      await runConfig(config, { ...options, out, command, terminal, where: {} });
    });
  program
    .command('run')
    .description('run a pipeline: steps 0–3, audit, disclosure')
    .argument('<config>', 'YAML or JSON file')
    .option('--store <url>', `where a project of the data is: ${STORE_OPTION}`)
    .option('--out <folder>', 'run folder (default: a new one below ./runs)')
    .option('--resume', 'continue the unfinished run in --out', false)
    .option('--other-versions', OTHER_VERSIONS, false)
    .option('--set <key=value>', 'override a configuration key; repeatable', collect, [])
    .option(
      '--budget <tokens>',
      'most tokens asked of the server of engine.tinker; an estimate beyond it is refused',
      whole(1),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  goodhart run recipes/convincing-arguments/run.yaml --set data.path=../data/ukp --out runs/arguments\n  goodhart run my.yaml --out runs/mine --resume',
    )
    .action(async (file: string, { budget, ...given }: Where & LoopOptions & { budget?: number }) => {
      const options = {
        ...given,
        set: [...given.set, ...(budget === undefined ? [] : [`engine.tinker.budget=${budget}`])],
      };
      const config = readConfig(file, options.set);
      const { out, command } = placeOf(config, `goodhart run ${file}`, options);
      await runConfig(config, { ...options, out, command, terminal: terminalOf(), where: options });
    });
}
