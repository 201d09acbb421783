import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { feedbackReport, qualityDocument, weightTargetsSchema } from '../quality/index.ts';
import { documentPage, documentText } from '../report/index.ts';
import { parseConfig, UsageError } from '../run/index.ts';
import { onPath, writeFileAtomic } from '../run/node.ts';
import { addJudgeCommand } from './judge-command.ts';
import { addLeaderboardCommand } from './leaderboard-command.ts';
import { addModelFeedbackCommands } from './model-feedback-commands.ts';
import { readProject } from './project-folder.ts';
import type { Terminal } from './terminal.ts';

interface ReportOptions {
  readonly seed: number;
  readonly replicates: number;
  readonly all: boolean;
  readonly html?: string;
  readonly weights?: string;
  readonly wanted?: number;
  readonly classPrior: 'estimated' | 'uniform';
}

/** With `--all` the independence of errors is tested on as many votes: about a quarter of a minute for each 100,000. */
const MANY_VOTES = 200_000;

/** A whole number of at least `least`, or one line about what was got. */
const whole = (option: string, least: number) => (text: string) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new UsageError(option, `--${option} ${text}: expected a whole number of ${least} or more`);
  return value;
};

const readTargets = (path: string) =>
  parseConfig(
    weightTargetsSchema,
    onPath(path, () => readFileSync(path, 'utf8')),
    { source: path },
  ).targets;

/** `feedback report|leaderboard|judge|generate|critique`. */
export function addFeedbackCommands(program: Command, terminalOf: () => Terminal): void {
  const feedback = program.command('feedback').description('quality of human feedback');
  feedback
    .command('report')
    .description('agreement, truth, rater reliability, bias, fraud detectors, coverage, disagreement')
    .argument('<project>', 'project folder, or the feedback folder of a run')
    .option('--seed <n>', 'seed of the intervals', whole('seed', 0), 1)
    .option('--replicates <n>', 'bootstrap replicates of the intervals of agreement', whole('replicates', 20), 200)
    .option(
      '--all',
      'strata, every flag, raters, disagreements; tests the independence of errors on large data too',
      false,
    )
    .option('--html <file>', 'write a self-contained page with plots')
    .option('--weights <yaml>', 'population shares to weight raters to: targets: { age: { young: 0.4, old: 0.6 } }')
    .addOption(
      new Option('--class-prior <shares>', 'shares of the classes in estimates of truth')
        .choices(['estimated', 'uniform'])
        .default('estimated'),
    )
    .option('--wanted <n>', 'judgments wanted per item (default: the project’s overlap)', whole('wanted', 1))
    .addHelpText(
      'after',
      `
Reads items.jsonl and judgments.jsonl; where they are there also raters.jsonl (profiles), records.jsonl (the history, for
skips, flags and undo) and project.json (judgments wanted per item). Nothing is changed or removed.

Examples:
  goodhart feedback report projects/harmless
  goodhart feedback report runs/quickstart-1/feedback --json
  goodhart feedback report projects/team --html report.html --weights population.yaml --wanted 3`,
    )
    .action(async (folder: string, options: ReportOptions) => {
      const { seed, replicates, all, html, weights, wanted, classPrior } = options;
      const targets = weights === undefined ? undefined : readTargets(weights);
      const { items, judgments, raters, records, project } = await readProject(folder);
      const report = feedbackReport(items, judgments, {
        seed,
        replicates,
        classPrior,
        ...(raters.length > 0 && { raters }),
        ...(records !== null && { records }),
        ...(project !== null && { wanted: project.distribution.overlap }),
        ...(all && { refitVotes: MANY_VOTES }),
        ...(targets !== undefined && { targets }),
        ...(wanted !== undefined && { wanted }),
      });
      const document = qualityDocument(report, { title: `Feedback: ${basename(resolve(folder))}` });
      if (html !== undefined) writeFileAtomic(html, documentPage(document));
      const terminal = terminalOf();
      terminal.result(report, documentText(document, { all }));
      if (!all)
        terminal.note(
          'more: --all for folds, raters and disagreements; --html <file> for a page with plots; --json for everything',
        );
      if (html !== undefined) terminal.note(`page written to ${html}`);
    });
  addLeaderboardCommand(feedback, terminalOf);
  addJudgeCommand(feedback, terminalOf);
  addModelFeedbackCommands(feedback, terminalOf);
}
