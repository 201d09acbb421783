import type { Command } from 'commander';
import {
  allDetectionRates,
  distributionStudy,
  populationStudy,
  REWARD_FAMILIES,
  type RewardFamilyId,
  SELECTION_ARMS,
  SELECTION_DEFAULTS,
  selectionStudy,
} from '../lab/index.ts';
import { own, suggest, UsageError } from '../run/index.ts';
import { distributionText, populationText, selectionText } from './lab-text.ts';
import { whole } from './options.ts';
import type { Terminal } from './terminal.ts';
import { ratesText } from './text.ts';

/** Names out of a comma-separated text, all of them known. */
function names<T extends string>(option: string, text: string, known: readonly T[]): T[] {
  return text.split(',').map((name) => {
    const found = known.find((one) => one === name.trim());
    if (found !== undefined) return found;
    const near = suggest(name.trim(), known);
    const hint = near === undefined ? `choose among ${known.join(', ')}` : `did you mean ${near}?`;
    throw new UsageError(option, `--${option}: unknown ${name.trim()}; ${hint}`);
  });
}

function selectionChanges(options: {
  seeds: number;
  budgets?: string;
  families?: string;
  rules?: string;
  epsilon: string;
}) {
  const { initial, pool } = SELECTION_DEFAULTS;
  const budgets = options.budgets?.split(',').map(Number);
  const odd = budgets?.find((budget) => !Number.isInteger(budget) || budget < initial || budget > pool);
  if (odd !== undefined) {
    throw new UsageError('budgets', `--budgets ${options.budgets}: expected whole numbers from ${initial} to ${pool}`);
  }
  const rules = options.rules === undefined ? undefined : names('rules', options.rules, Object.keys(SELECTION_ARMS));
  const epsilon = Number(options.epsilon);
  if (!(epsilon >= 0 && epsilon <= 1)) {
    throw new UsageError('epsilon', `--epsilon ${options.epsilon}: expected a share from 0 to 1`);
  }
  return {
    seeds: options.seeds,
    epsilon,
    ...(budgets !== undefined && { budgets: budgets.sort((a, b) => a - b) }),
    ...(options.families !== undefined && {
      families: names('families', options.families, Object.keys(REWARD_FAMILIES) as RewardFamilyId[]),
    }),
    ...(rules !== undefined && {
      arms: Object.fromEntries(['random', ...rules].map((name) => [name, own(SELECTION_ARMS, name)!])),
    }),
  };
}

/** `lab rates|selection|distribution|population`. */
export function addLabCommands(program: Command, terminalOf: () => Terminal): void {
  const lab = program.command('lab').description('controlled experiments on the harbour');
  lab
    .command('rates')
    .description('power of each probe on planted failures, and its false alarms on clean runs')
    .option('--seeds <n>', 'runs per arm', whole(1), 30)
    .addHelpText('after', '\nExample:\n  goodhart lab rates --seeds 30')
    .action(async ({ seeds }: { seeds: number }) => {
      const terminal = terminalOf();
      const rates = await allDetectionRates(seeds, terminal.progress);
      terminal.result(rates, ratesText(rates));
    });
  lab
    .command('selection')
    .description('every rule of what to ask next against random, at equal budget')
    .option('--seeds <n>', 'seeds; each runs all rules on the same pool and answers', whole(1), 20)
    .option('--budgets <list>', `answers at which the reward is looked at (default: ${SELECTION_DEFAULTS.budgets})`)
    .option('--families <list>', `families of reward (default: ${Object.keys(REWARD_FAMILIES)})`)
    .option('--rules <list>', 'rules to compare with random (default: all)')
    .option('--epsilon <x>', 'share of each batch drawn at random', '0')
    .addHelpText(
      'after',
      '\nExamples:\n  goodhart lab selection\n  goodhart lab selection --families slots --rules information --budgets 40,80 --seeds 5',
    )
    .action(async (options: Parameters<typeof selectionChanges>[0]) => {
      const changes = selectionChanges(options);
      const terminal = terminalOf();
      const study = await selectionStudy(changes, terminal.progress);
      terminal.result(study, selectionText(study));
    });
  lab
    .command('distribution')
    .description('adaptive stopping and extra raters against a fixed number of judgments, at equal cost')
    .option('--seeds <n>', 'seeds', whole(1), 20)
    .addHelpText('after', '\nExample:\n  goodhart lab distribution --seeds 20')
    .action(async ({ seeds }: { seeds: number }) => {
      const terminal = terminalOf();
      const study = await distributionStudy({ seeds }, terminal.progress);
      terminal.result(study, distributionText(study));
    });
  lab
    .command('population')
    .description('post-stratification weights where the raters are unlike the population')
    .option('--seeds <n>', 'seeds', whole(1), 20)
    .addHelpText('after', '\nExample:\n  goodhart lab population --seeds 20')
    .action(async ({ seeds }: { seeds: number }) => {
      const terminal = terminalOf();
      const study = await populationStudy({ seeds }, terminal.progress);
      terminal.result(study, populationText(study));
    });
}
