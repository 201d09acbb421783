import { appendFileSync, existsSync } from 'node:fs';
import type { Command } from 'commander';
import { PROBE_IDS, type ProbeId } from '../audit/index.ts';
import type { AnswerKind } from '../feedback/index.ts';
import {
  COVERAGE,
  type CommittedCoverage,
  type CommittedRates,
  type CountedRun,
  countedRunSchema,
  distributionStudy,
  earlyWarning,
  FEEDBACK_TYPES,
  feedbackTypesStudy,
  type KeptRuns,
  measureCoverage,
  measureRaters,
  measureRates,
  PHENOMENA_RESULTS,
  PHENOMENON_IDS,
  type PhenomenonId,
  phenomenaStudy,
  phenomenonRows,
  populationStudy,
  RATES,
  REWARD_FAMILIES,
  type RewardFamilyId,
  SELECTION_ARMS,
  SELECTION_DEFAULTS,
  SWITCHABLE,
  selectionStudy,
  strategyEffects,
} from '../lab/index.ts';
import { hintFor, own, type Progress, UsageError } from '../run/index.ts';
import { onPath, readGrowingLines, writeFileAtomic } from '../run/node.ts';
import { addAlgorithmStudy } from './algorithm-study-command.ts';
import { addHiddenContextStudy } from './hidden-context-command.ts';
import {
  coverageText,
  distributionText,
  feedbackTypesText,
  monitorsText,
  phenomenaText,
  populationText,
  ratersText,
  ratesText,
  selectionText,
  strategiesText,
} from './lab-text.ts';
import { names, whole } from './options.ts';
import type { Terminal } from './terminal.ts';

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

/** Some entries of a record. */
const pick = <K extends string, V>(record: Readonly<Record<K, V>>, keys: readonly K[]): Partial<Record<K, V>> =>
  Object.fromEntries(Object.entries<V>(record).filter(([key]) => keys.some((one) => one === key))) as Partial<
    Record<K, V>
  >;

/** Seconds of an answer out of `comparison=15,label=8`; kinds left out keep theirs. */
function secondsOf(text: string | undefined): { [K in AnswerKind]: number } {
  const standard = Object.entries(FEEDBACK_TYPES).map(([kind, { seconds }]) => [kind, seconds] as const);
  const seconds = Object.fromEntries(standard) as { [K in AnswerKind]: number };
  for (const pair of text?.split(',') ?? []) {
    const [name = '', value] = pair.split('=');
    const [kind] = names('answer-seconds', name, Object.keys(FEEDBACK_TYPES) as AnswerKind[]);
    const given = Number(value);
    if (!(given > 0 && Number.isFinite(given)))
      throw new UsageError('answer-seconds', `--answer-seconds ${pair}: expected seconds above 0, as in comparison=15`);
    seconds[kind!] = given;
  }
  return seconds;
}

/** A command that prints what is committed of every probe, or measures it anew on some seeds. */
function addMeasured<M extends CommittedRates | CommittedCoverage>(
  lab: Command,
  terminalOf: () => Terminal,
  {
    name,
    description,
    help,
    committed,
    measure,
    text,
  }: {
    readonly name: 'rates' | 'coverage';
    readonly description: string;
    readonly help: string;
    readonly committed: M;
    readonly measure: (asked: Parameters<typeof measureRates>[0], progress: Progress) => Promise<M>;
    readonly text: (measured: M) => string;
  },
): void {
  lab
    .command(name)
    .description(description)
    .option('--seeds <n>', `runs per arm; 0 prints the committed ${name}`, whole(0), 0)
    .option('--first-seed <n>', 'the first seed', whole(0), 1)
    .option('--probes <list>', 'probes to measure (default: all)')
    .addHelpText('after', help)
    .action(async ({ seeds, firstSeed, probes }: { seeds: number; firstSeed: number; probes?: string }) => {
      const chosen = probes === undefined ? PROBE_IDS : names('probes', probes, PROBE_IDS);
      const terminal = terminalOf();
      const measured = seeds === 0 ? committed : await measure({ seeds, firstSeed, probes: chosen }, terminal.progress);
      const shown = { ...measured, probes: pick<ProbeId, unknown>(measured.probes, chosen) };
      terminal.result(shown, text(shown as M));
    });
}

function phenomenonNamed(name: string): PhenomenonId {
  const known = PHENOMENON_IDS.find((id) => id === name);
  if (known !== undefined) return known;
  throw new UsageError('phenomenon', `lab phenomena: unknown ${name}; ${hintFor(name, PHENOMENON_IDS)}`);
}

/** `lab phenomena`: what published phenomena were expected to show and what was found, as committed or on other seeds. */
function addPhenomena(lab: Command, terminalOf: () => Terminal): void {
  lab
    .command('phenomena [name]')
    .description('published phenomena made again where the truth is known: what was expected, and what was found')
    .option('--seeds <n>', 'runs; 0 prints what is committed', whole(0), 0)
    .option('--first-seed <n>', 'the first seed', whole(0), 1)
    .addHelpText(
      'after',
      `\nPhenomena: ${PHENOMENON_IDS.join(', ')}.\n\nExamples:\n  goodhart lab phenomena\n  goodhart lab phenomena sycophancy-threshold --seeds 20`,
    )
    .action(async (name: string | undefined, { seeds, firstSeed }: { seeds: number; firstSeed: number }) => {
      const chosen = name === undefined ? PHENOMENON_IDS : [phenomenonNamed(name)];
      const terminal = terminalOf();
      const phenomena =
        seeds === 0
          ? pick(PHENOMENA_RESULTS, chosen)
          : await phenomenaStudy({ names: chosen, seeds, firstSeed }, terminal.progress);
      const told = chosen.map((id) => ({
        phenomenon: id,
        ...phenomena[id]!,
        rows: phenomenonRows(id, phenomena[id]!),
      }));
      terminal.result(told, phenomenaText(phenomena));
    });
}

/** Runs of `lab monitors` that a file holds, to which new ones are added; a line that a kill tore is dropped. */
async function keptRuns(path: string): Promise<KeptRuns> {
  const rows: CountedRun[] = [];
  if (existsSync(path)) for await (const row of readGrowingLines(path, countedRunSchema)) rows.push(row);
  const lineOf = (run: CountedRun) => `${JSON.stringify(run)}\n`;
  writeFileAtomic(path, rows.map(lineOf).join(''));
  return {
    known: new Map(rows.map((run) => [run.seed, run])),
    keep: (run) => onPath(path, () => appendFileSync(path, lineOf(run))),
  };
}

/** `lab rates|coverage|strategies|phenomena|selection|distribution|population|monitors|algorithms|raters|feedback-types|hidden-context`. */
export function addLabCommands(program: Command, terminalOf: () => Terminal): void {
  const lab = program.command('lab').description('controlled experiments on grounds whose truth is known');
  addMeasured(lab, terminalOf, {
    name: 'rates',
    description: 'each probe on its planted failure, on clean runs and on what must not be mistaken for it',
    help: '\nThe third column counts concerns and failures. Where the true value of the estimand is known, the last one counts the\nintervals that hold it.\n\nExamples:\n  goodhart lab rates\n  goodhart lab rates --seeds 30 --probes over-optimisation',
    committed: RATES,
    measure: measureRates,
    text: ratesText,
  });
  addMeasured(lab, terminalOf, {
    name: 'coverage',
    description: 'how often the 95 % interval of each probe holds the true value, where an experiment knows it',
    help: '\nExamples:\n  goodhart lab coverage\n  goodhart lab coverage --seeds 40 --probes sycophancy',
    committed: COVERAGE,
    measure: measureCoverage,
    text: coverageText,
  });
  addPhenomena(lab, terminalOf);
  lab
    .command('strategies')
    .description('what each strategy does to the harm that each probe estimates, paired by seed')
    .option('--seeds <n>', 'seeds', whole(2), 20)
    .option('--first-seed <n>', 'the first seed', whole(0), 1)
    .option('--strategies <list>', `strategies (default: ${SWITCHABLE})`)
    .addHelpText('after', '\nExample:\n  goodhart lab strategies --strategies S13 --seeds 40')
    .action(async (options: { seeds: number; firstSeed: number; strategies?: string }) => {
      const { seeds, firstSeed } = options;
      const strategies =
        options.strategies === undefined ? SWITCHABLE : names('strategies', options.strategies, SWITCHABLE);
      const terminal = terminalOf();
      const effects = await strategyEffects({ strategies, seeds, firstSeed }, terminal.progress);
      terminal.result(effects, strategiesText(effects, seeds));
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
  lab
    .command('raters')
    .description('how often the intervals of raters who are fitted beside a reward hold what they truly are')
    .option('--draws <n>', 'crowds of raters', whole(1), 400)
    .option('--first-seed <n>', 'the first seed', whole(0), 1)
    .addHelpText('after', '\nExample:\n  goodhart lab raters --draws 400')
    .action(async (options: { draws: number; firstSeed: number }) => {
      const terminal = terminalOf();
      const study = await measureRaters(options, terminal.progress);
      terminal.result(study, ratersText(study));
    });
  lab
    .command('monitors')
    .description('what a run can watch: which of it warns in time that a reward is being overdone')
    .option('--runs <n>', 'runs, half of which over-optimise', whole(8), 200)
    .option('--first-seed <n>', 'the first seed', whole(0), 1)
    .option('--kept <file>', 'keep each run there, and go on from those that it holds')
    .addHelpText(
      'after',
      '\nThresholds are chosen on one half of the runs, at 5 % false alarms, and counted on the other, both ways.\n\nExample:\n  goodhart lab monitors --runs 200 --kept monitors.jsonl',
    )
    .action(async ({ kept, ...options }: { runs: number; firstSeed: number; kept?: string }) => {
      const terminal = terminalOf();
      const study = await earlyWarning(
        options,
        terminal.progress,
        kept === undefined ? undefined : await keptRuns(kept),
      );
      terminal.result(study, monitorsText(study));
    });
  addAlgorithmStudy(lab, terminalOf);
  addHiddenContextStudy(lab, terminalOf);
  lab
    .command('feedback-types')
    .description('every kind of feedback and their mix at equal rater time')
    .option('--seeds <n>', 'seeds', whole(2), 20)
    .option('--budget <seconds>', 'rater time of each arm', whole(900), 1800)
    .option('--answer-seconds <list>', 'what an answer costs, such as comparison=15,label=8 (printed with the result)')
    .addHelpText('after', '\nExample:\n  goodhart lab feedback-types --seeds 20 --json')
    .action(async (options: { seeds: number; budget: number; answerSeconds?: string }) => {
      const { seeds, budget, answerSeconds } = options;
      const seconds = secondsOf(answerSeconds);
      const terminal = terminalOf();
      const study = await feedbackTypesStudy({ seeds, budget, seconds }, terminal.progress);
      terminal.result(study, feedbackTypesText(study));
    });
}
