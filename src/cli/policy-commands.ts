import { type Command, Option } from 'commander';
import {
  evaluateRunPolicy,
  openEventLog,
  type PolicyEvaluated,
  readRunJson,
  type SampledItems,
  samplePolicy,
  type TrainedStep,
  trainPolicy,
} from '../pipeline/index.ts';
import { estimateText, table } from '../report/index.ts';
import { hintFor, ignoreProgress, own, UsageError } from '../run/index.ts';
import { writeFileAtomic } from '../run/node.ts';
import { addAskPolicyCommand } from './ask-policy-command.ts';
import { chartOf } from './chart.ts';
import { enginesOf } from './engines.ts';
import { now, versions } from './environment.ts';
import { collect, whole } from './options.ts';
import { requireOwnServer } from './own-server.ts';
import { STORE_OPTION, type Where, withStore } from './store-access.ts';
import type { Terminal } from './terminal.ts';

/** Which policy of a run is meant, and which of the run's prompts. */
interface Which {
  readonly prompts?: number;
  readonly split: 'train' | 'evaluation' | 'deploy';
  readonly seed?: number;
  readonly variant?: string;
  readonly policy?: string;
}
interface SampleOptions extends Where, Which {
  readonly prompts: number;
  readonly replies: number;
  readonly seed: number;
  readonly project?: string;
  readonly out?: string;
}

/** The engines of a run; a server that its folder alone names is not asked. */
function enginesOfRun(folder: string, warn: Terminal['warn'] = () => {}) {
  const { engine } = readRunJson(folder).config;
  requireOwnServer(folder, 'policy', engine.tinker);
  return enginesOf(engine, warn);
}

/** Items that ask about the policy of a run; the engine is that of the run's policy. */
export async function itemsFromRun(
  folder: string,
  options: Omit<SampleOptions, 'project' | 'out' | 'store'> & { readonly projectId: string },
  terminal?: Pick<Terminal, 'progress' | 'warn'>,
): Promise<SampledItems> {
  const engines = enginesOfRun(folder, terminal?.warn);
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

interface TrainOptions {
  readonly out: string;
  readonly resume: boolean;
  readonly set: readonly string[];
  readonly chart?: string;
  readonly tensorboard?: string;
}

/** What is drawn when nothing is asked for: what is optimised, or the nearest to it that an algorithm logs. */
const DRAWN = ['objective/scores', 'rewards/margins', 'loss'];

/** Follows a training: a chart of one metric, and JSON lines of all. */
function follower(wanted: string | undefined, terminal: Terminal) {
  const points: [number, number][] = [];
  let metric = wanted;
  return {
    onStep({ step, metrics }: TrainedStep) {
      metric ??= DRAWN.find((name) => Object.hasOwn(metrics, name)) ?? Object.keys(metrics)[0]!;
      const value = own(metrics, metric);
      if (value === undefined)
        throw new UsageError('chart', `--chart ${metric}: unknown metric; ${hintFor(metric, Object.keys(metrics))}`);
      if (value !== null) points.push([step, value]);
      terminal.row({ type: 'step', step, metrics });
      terminal.draw(() => chartOf(metric!, points));
    },
    chart: () => (metric === undefined ? '' : chartOf(metric, points)),
  };
}

async function train(folder: string, options: TrainOptions, terminal: Terminal): Promise<void> {
  const { out, tensorboard } = options;
  const engines = enginesOfRun(folder, terminal.warn);
  const seconds = () => Date.now() / 1000;
  let events: ReturnType<typeof openEventLog> | undefined;
  const { onStep, chart } = follower(options.chart, terminal);
  terminal.afterInterrupt(`what was trained is kept; go on with the same command and --resume`);
  try {
    const path = await trainPolicy(folder, {
      ...options,
      engines,
      now,
      versions: versions(),
      progress: terminal.progress,
      warn: terminal.warn,
      onStep(row) {
        onStep(row);
        if (tensorboard === undefined) return;
        // Not before the first step: what is refused leaves no folder.
        events ??= openEventLog(tensorboard, seconds);
        if (!row.before || row.step > events.lastStep()) events.append(row.step, row.metrics);
      },
    });
    terminal.afterInterrupt('');
    const { finalStep, stopped, points } = path;
    const { kl } = points.find(({ step }) => step === finalStep)!;
    const why = stopped === null ? '' : `, stopped at step ${stopped.step}: ${stopped.reason}`;
    const text = [
      chart(),
      `policy of step ${finalStep} in ${out}${why}; KL ${kl.toPrecision(3)} nats a reply on held-out prompts`,
      `goodhart policy eval ${folder} --policy ${out}`,
    ];
    terminal.result({ type: 'trained', out, finalStep, stopped, kl }, text.filter((part) => part !== '').join('\n'));
  } finally {
    await engines.dispose();
  }
}

function evaluatedText({ origin, split, prompts, samples, worth, ...figures }: PolicyEvaluated): string {
  const cell = ({ mean, interval }: PolicyEvaluated['kl']) => estimateText(mean, interval);
  const rows = worth.map(({ by, base, policy, gain }) => [by, cell(base), cell(policy), cell(gain)]);
  return [
    `${origin}, on ${prompts} ${split} prompts with ${samples} replies each (95 % intervals over prompts)`,
    '',
    table([['by', 'base model', 'policy', 'gain'], ...rows]),
    '',
    `KL ${cell(figures.kl)} and entropy ${cell(figures.entropy)} nats a reply, ${cell(figures.tokens)} tokens a reply`,
  ].join('\n');
}

async function evaluate(
  folder: string,
  options: Which & { readonly samples?: number },
  terminal: Terminal,
): Promise<void> {
  const engines = enginesOfRun(folder, terminal.warn);
  try {
    const evaluated = await evaluateRunPolicy(folder, { ...options, engines, progress: terminal.progress });
    terminal.result({ type: 'evaluated', ...evaluated }, evaluatedText(evaluated));
  } finally {
    await engines.dispose();
  }
}

const split = (standard: Which['split']) =>
  new Option('--split <name>', 'which prompts of the run').choices(['train', 'evaluation', 'deploy']).default(standard);
const VARIANT = 'another optimisation of the run than its main one';
const TRAINED = 'or a policy that was trained on the run later: folder of goodhart policy train';

/** `policy`: training on what a finished run left, what policies say, also one behind an endpoint, and what they are worth. */
export function addPolicyCommands(program: Command, terminalOf: () => Terminal): void {
  const policy = program
    .command('policy')
    .description('train, ask and evaluate policies of a finished run, or ask one behind an endpoint');
  policy
    .command('train')
    .description('train another policy on the base model, reward and prompts of a finished run, which is only read')
    .argument('<run>', 'run folder')
    .requiredOption('--out <folder>', 'new folder for the policy')
    .option('--resume', 'continue the unfinished training in --out, to the same bits', false)
    .option('--set <key=value>', 'change a key of the run’s policy; repeatable', collect, [])
    .option('--chart <metric>', `what is drawn (default: the first that is logged of ${DRAWN.join(', ')})`)
    .option('--tensorboard <folder>', 'write event files of TensorBoard, under the names of TRL')
    .addHelpText(
      'after',
      '\nAnother algorithm begins from its own defaults. With --json each step is a line with all its metrics.\n\nExamples:\n  goodhart policy train runs/mine --out policies/grpo --set policy.algorithm=grpo --set policy.steps=60\n  goodhart policy train runs/mine --out policies/far --set policy.beta=0.02 --tensorboard curves/far',
    )
    .action((folder: string, options: TrainOptions) => train(folder, options, terminalOf()));
  policy
    .command('eval')
    .description('what a policy is worth beside its base model on the same prompts, with intervals')
    .argument('<run>', 'run folder')
    .option('--prompts <n>', 'prompts, in the order of the run (default: as many as its audit)', whole(1))
    .option('--samples <n>', 'replies to each (default: as many as its audit)', whole(1, 1024))
    .addOption(split('evaluation'))
    .option('--seed <n>', 'another seed draws other replies (default: the run’s)', whole(0))
    .option('--variant <name>', VARIANT)
    .option('--policy <folder>', TRAINED)
    .addHelpText(
      'after',
      '\nExamples:\n  goodhart policy eval runs/mine\n  goodhart policy eval runs/mine --policy policies/grpo --split deploy --samples 16',
    )
    .action((folder: string, options: Which & { samples?: number }) => evaluate(folder, options, terminalOf()));
  policy
    .command('sample')
    .description('new items to judge from the policy of a finished run; each names the snapshot that it comes from')
    .argument('<run>', 'run folder')
    .option('--prompts <n>', 'prompts of the run, drawn at random', whole(1), 50)
    .option('--replies <k>', 'different replies to each', whole(1, 64), 2)
    .addOption(split('train'))
    .option('--seed <n>', 'another seed draws others', whole(0), 1)
    .option('--variant <name>', VARIANT)
    .option('--policy <folder>', TRAINED)
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
