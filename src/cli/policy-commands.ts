import { type Command, Option } from 'commander';
import { readRunJson, type SampledItems, samplePolicy } from '../pipeline/index.ts';
import { ignoreProgress, UsageError } from '../run/index.ts';
import { writeFileAtomic } from '../run/node.ts';
import { addAskPolicyCommand } from './ask-policy-command.ts';
import { enginesOf } from './engines.ts';
import { whole } from './options.ts';
import { requireOwnServer } from './own-server.ts';
import { STORE_OPTION, type Where, withStore } from './store-access.ts';
import type { Terminal } from './terminal.ts';

interface SampleOptions extends Where {
  readonly prompts: number;
  readonly replies: number;
  readonly split: 'train' | 'evaluation' | 'deploy';
  readonly seed: number;
  readonly variant?: string;
  readonly project?: string;
  readonly out?: string;
}

/** Items that ask about the policy of a run; the engine is that of the run's policy. */
export async function itemsFromRun(
  folder: string,
  options: Omit<SampleOptions, 'project' | 'out' | 'store'> & { readonly projectId: string },
  terminal?: Pick<Terminal, 'progress' | 'warn'>,
): Promise<SampledItems> {
  const { engine } = readRunJson(folder).config;
  requireOwnServer(folder, engine.tinker);
  const engines = enginesOf(engine, terminal?.warn ?? (() => {}));
  try {
    return await samplePolicy(folder, {
      ...options,
      variant: options.variant ?? null,
      engine: engines.policy,
      progress: terminal?.progress ?? ignoreProgress,
    });
  } finally {
    await engines.dispose();
  }
}

async function sample(folder: string, options: SampleOptions, terminal: Terminal): Promise<void> {
  const { project, out, store, ...rest } = options;
  if ((project === undefined) === (out === undefined))
    throw new UsageError('sample', 'policy sample: expected --project or --out; say where the items go');
  const projectId = project ?? readRunJson(folder).config.name;
  const { items, passedOver, batch } = await itemsFromRun(folder, { ...rest, projectId }, terminal);
  const left = passedOver === 0 ? '' : `; ${passedOver} prompts passed over, where too few replies differ`;
  if (out !== undefined) {
    writeFileAtomic(out, items.map((item) => `${JSON.stringify(item)}\n`).join(''));
    terminal.result(
      { type: 'sampled', out, items: items.length, passedOver, batch },
      `${items.length} items in ${out}${left}`,
    );
    return;
  }
  const where = { ...(store !== undefined && { store }) };
  const { added, known } = await withStore(where, { create: false }, (s) => s.addItems(projectId, items));
  const there = known === 0 ? '' : `, ${known} were there`;
  terminal.result(
    { type: 'sampled', project, added, known, passedOver, batch },
    `${added} items added to project ${projectId}${there}${left}`,
  );
}

/** `policy`: what a policy says, of a finished run or behind an endpoint. */
export function addPolicyCommands(program: Command, terminalOf: () => Terminal): void {
  const policy = program.command('policy').description('ask a policy: of a finished run, or behind an endpoint');
  policy
    .command('sample')
    .description('new items to judge from the policy of a finished run; each names the snapshot that it comes from')
    .argument('<run>', 'run folder')
    .option('--prompts <n>', 'prompts of the run, drawn at random', whole(1), 50)
    .option('--replies <k>', 'different replies to each', whole(1, 64), 2)
    .addOption(
      new Option('--split <name>', 'which prompts of the run')
        .choices(['train', 'evaluation', 'deploy'])
        .default('train'),
    )
    .option('--seed <n>', 'another seed draws others', whole(0), 1)
    .option('--variant <name>', 'another optimisation of the run than its main one')
    .option('--project <id>', 'add the items to this project of the store')
    .option('--store <url>', STORE_OPTION)
    .option('--out <file>', 'or write them as JSON Lines')
    .addHelpText(
      'after',
      '\nExamples:\n  goodhart policy sample runs/mine --prompts 40 --replies 2 --project harmless --store team.db\n  goodhart policy sample runs/mine --out items.jsonl',
    )
    .action((folder: string, options: SampleOptions) => sample(folder, options, terminalOf()));
  addAskPolicyCommand(policy, terminalOf);
}
