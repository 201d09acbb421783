import type { Command } from 'commander';
import { type HiddenContextStudy, hiddenContextStudy } from '../lab/index.ts';
import { estimateText, figure, table } from '../report/index.ts';
import { whole } from './options.ts';
import type { Terminal } from './terminal.ts';

function hiddenContextText({ rows, found, seeds, firstSeed }: HiddenContextStudy): string {
  const harm = rows.map(({ mode, explained, harmless, more, welfare }) => [
    mode,
    explained === null ? '–' : estimateText(explained.mean, explained.interval),
    estimateText(harmless.mean, harmless.interval),
    more === null ? '–' : estimateText(more.mean, more.interval),
    ...[welfare.helpful, welfare.harmless, welfare.mean, welfare.worst].map(figure),
  ]);
  const example = rows.flatMap(({ mode, worked }) => {
    if (worked === null) return [];
    const { likeBorda, likeMean, chosen, doubled, nothing, mean } = worked;
    return [[mode, ...[likeBorda, likeMean, chosen, doubled, nothing, mean].map(figure)]];
  });
  return [
    'Half of the raters want to be helped, half want no harm:',
    table([
      [
        'mode, rule',
        'explained variance',
        'harmless reply chosen',
        'more than by the mean',
        'welfare: helpful',
        'harmless',
        'mean',
        'worst',
      ],
      ...harm,
    ]),
    `Groups found: ${figure(found.right)} of the raters put where they belong; distrusted in ${found.distrusted} of ${seeds} draws.`,
    '',
    'The worked example: worth u, above .8 twice that or nothing (Siththaranjan et al. 2023):',
    table([
      ['mode, rule', 'like Borda', 'like the mean', 'chosen u', 'worth to half', 'to the others', 'mean'],
      ...example,
    ]),
    `${seeds} draws from seed ${firstSeed}; 95 % intervals over draws`,
  ].join('\n');
}

/** `lab hidden-context`. */
export function addHiddenContextStudy(lab: Command, terminalOf: () => Terminal): void {
  lab
    .command('hidden-context')
    .description('what each way to take raters who differ does where half want one thing and half another')
    .option('--seeds <n>', 'draws of raters and answers', whole(1), 20)
    .option('--first-seed <n>', 'the first seed', whole(0), 1)
    .addHelpText('after', '\nExample:\n  goodhart lab hidden-context --seeds 20')
    .action(async (options: { seeds: number; firstSeed: number }) => {
      const terminal = terminalOf();
      const study = await hiddenContextStudy(options, terminal.progress);
      terminal.result(study, hiddenContextText(study));
    });
}
