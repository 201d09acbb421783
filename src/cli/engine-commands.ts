import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { createEmbeddedEngine, readCheckpoint } from '../engine-embedded/index.ts';
import { type ServedBase, serveEngine } from '../engine-server/index.ts';
import { createTinkerEngine, requireConformance } from '../engine-tinker/index.ts';
import { hubEnvironment, modelFolder, readPretrainedSpec, readPretrainedTokenizer } from '../model/node.ts';
import { table } from '../report/index.ts';
import { CheckError, EngineError, UsageError } from '../run/index.ts';
import { createTokenizer } from '../text/index.ts';
import { collect, whole } from './options.ts';
import type { Terminal } from './terminal.ts';

/** `name=place`, or a place that is its own name. */
function namedPlace(given: string): { readonly name: string; readonly place: string } {
  const cut = given.indexOf('=');
  const [name, place] = cut < 0 ? [given, given] : [given.slice(0, cut), given.slice(cut + 1)];
  if (name === '' || place === '')
    throw new UsageError('model', `--model ${given}: expected <name>=<folder or hub id>, or a folder or hub id`);
  return { name, place };
}

/** A model that is served: a checkpoint of ours, a published folder, or one of the hub. */
async function servedBase(given: string, maxContext: number | undefined, terminal: Terminal): Promise<ServedBase> {
  const { name, place } = namedPlace(given);
  if (existsSync(join(place, 'state.json'))) {
    const { lora: _, scalarHead: __, ...spec } = readCheckpoint(place).spec;
    return { name, spec, start: { from: resolve(place) } };
  }
  const folder = await modelFolder(place, { ...hubEnvironment(), progress: terminal.progress });
  const spec = { ...readPretrainedSpec(folder, { maxContext }), seed: 1 };
  const start = { from: resolve(folder) };
  if (!existsSync(join(folder, 'tokenizer.json'))) return { name, spec, start };
  const tokenizer = createTokenizer(readPretrainedTokenizer(folder));
  return {
    name,
    spec,
    start,
    // A client on another machine knows a model of the hub by its id, one on this machine a folder by its path.
    tokenizerId: existsSync(place) ? resolve(place) : place,
    stop: tokenizer.stop,
    decode: (ids) => tokenizer.decode(ids),
  };
}

interface ServeFlags {
  readonly model: readonly string[];
  readonly states: string;
  readonly port: number;
  readonly host: string;
  readonly name: readonly string[];
  readonly maxContext?: number;
  readonly threads: number;
}

async function serve(flags: ServeFlags, terminal: Terminal): Promise<void> {
  const bases = await Promise.all(flags.model.map((given) => servedBase(given, flags.maxContext, terminal)));
  const engine = createEmbeddedEngine({ threads: flags.threads, warn: terminal.warn });
  const { url } = await serveEngine({
    engine,
    bases,
    folder: resolve(flags.states),
    port: flags.port,
    host: flags.host,
    names: flags.name,
    key: process.env.GOODHART_ENGINE_KEY,
    report: (id, error) =>
      terminal.warn(`${id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
  }).catch(async (error: unknown) => {
    await engine.dispose();
    throw error;
  });
  const lines = [
    `serving ${bases.length === 0 ? 'models with fresh weights' : bases.map(({ name }) => name).join(', ')} at ${url}`,
    `a client of the tinker SDK finds it by TINKER_BASE_URL=${url}`,
    'Ctrl-C stops it; saved states stay',
  ];
  terminal.result({ type: 'serving', url, models: bases.map(({ name }) => name) }, lines.join('\n'));
}

interface ProbeFlags {
  readonly model?: string;
  readonly budget: number;
  readonly attempts: number;
}

async function probe(url: string, { model, budget, attempts }: ProbeFlags, terminal: Terminal): Promise<void> {
  const key = process.env.TINKER_API_KEY;
  const engine = createTinkerEngine({ url, key, baseModel: model, budgetTokens: budget, attempts });
  try {
    const report = await engine.probe();
    const { read, sampled, trained } = report.spent;
    const lines = [
      table(report.findings.map(({ name, verdict, found, remedy }) => [name, verdict, found, remedy])),
      `${report.baseModel} at ${report.url}; ${trained} tokens trained, ${read} read, ${sampled} sampled`,
    ];
    terminal.result({ type: 'probe', ...report }, lines.join('\n'));
    requireConformance(report.url, report.findings);
  } catch (error) {
    // The probe is a check: what a server does not honour is its answer.
    if (error instanceof EngineError && error.code === 'conformance')
      throw new CheckError('conformance', error.message, { cause: error });
    throw error;
  } finally {
    await engine.dispose();
  }
}

/** `engine serve|probe`. */
export function addEngineCommands(program: Command, terminalOf: () => Terminal): void {
  const engine = program
    .command('engine')
    .description('training engines: serve the embedded one to other programs, look at others');
  engine
    .command('serve')
    .description('serve the embedded engine by the Tinker protocol: its SDK then trains small models on this machine')
    .option('--model <name=place>', 'a model to serve: folder, checkpoint or hub id (repeatable)', collect, [])
    .option('--states <folder>', 'where saved states are kept', 'runs/engine-states')
    .option('--port <n>', 'port', whole(0, 65535), 8787)
    .option('--host <address>', 'address to listen on; any but the loopback one needs a key', '127.0.0.1')
    .option('--name <host>', 'another name that clients address it by (repeatable)', collect, [])
    .option('--max-context <n>', 'tokens of prompt and reply together', whole(8))
    .option('--threads <n>', 'threads inside one operator', whole(1), 2)
    .addHelpText(
      'after',
      '\nGOODHART_ENGINE_KEY is the key that clients send (X-API-Key); without it everybody on this machine may ask.\n\nExamples:\n  goodhart engine serve --model HuggingFaceTB/SmolLM2-135M --max-context 512\n  goodhart engine serve --model small=runs/x/checkpoints/base --port 8000\n  TINKER_BASE_URL=http://127.0.0.1:8787 TINKER_API_KEY=tml-local python train.py',
    )
    .action((flags: ServeFlags) => serve(flags, terminalOf()));
  engine
    .command('probe')
    .description(
      'what a server of the Tinker protocol honours of what training needs, before anything is trained there',
    )
    .argument('<url>', 'address of the server')
    .option('--model <name>', 'base model by the server’s name; the first that it lists')
    .option('--budget <tokens>', 'most tokens that may be asked for', whole(1), 4000)
    .option('--attempts <n>', 'how often a request is sent before the server counts as not there', whole(1), 8)
    .addHelpText(
      'after',
      '\nTINKER_API_KEY is sent as the key. Exit code 1 where training would compute something else.\n\nExample:\n  goodhart engine probe http://127.0.0.1:8787 --json',
    )
    .action((url: string, flags: ProbeFlags) => probe(url, flags, terminalOf()));
}
