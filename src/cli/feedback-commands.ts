import type { Command } from 'commander';
import { feedbackReport } from '../feedback/index.ts';
import { readProject } from './project-folder.ts';
import type { Terminal } from './terminal.ts';
import { feedbackText } from './text.ts';

/** `feedback report`. */
export function addFeedbackCommands(program: Command, terminalOf: () => Terminal): void {
  const feedback = program.command('feedback').description('quality of human feedback');
  feedback
    .command('report')
    .description('agreement, rater reliability, bias, disagreement')
    .argument('<project>', 'project folder, or the feedback folder of a run')
    .option('--seed <n>', 'seed of the intervals', Number, 1)
    .addHelpText(
      'after',
      '\nExamples:\n  goodhart feedback report projects/harmless\n  goodhart feedback report runs/quickstart-1/feedback --json',
    )
    .action(async (folder: string, { seed }: { seed: number }) => {
      const { items, judgments } = await readProject(folder);
      const report = feedbackReport(items, judgments, { seed });
      terminalOf().result(report, feedbackText(report));
    });
}
