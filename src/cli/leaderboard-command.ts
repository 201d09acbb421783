import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { CONTROLS, type Control, leaderboard, leaderboardDocument } from '../quality/index.ts';
import { documentPage, documentText } from '../report/index.ts';
import { UsageError } from '../run/index.ts';
import { writeFileAtomic } from '../run/node.ts';
import { readProject } from './project-folder.ts';
import type { Terminal } from './terminal.ts';

interface LeaderboardFlags {
  readonly control: readonly Control[];
  readonly ridge: number;
  readonly html?: string;
}

/** Controls by name, with commas; `none` for none. */
function controlsOf(text: string): readonly Control[] {
  if (text === 'none') return [];
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (!CONTROLS.some((control) => control === name))
      throw new UsageError(
        'control',
        `--control ${text}: expected some of ${CONTROLS.join(', ')}, or none; got ${name}`,
      );
  }
  return CONTROLS.filter((control) => names.includes(control));
}

function ridgeOf(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!(value >= 0 && value < Infinity))
    throw new UsageError('ridge', `--ridge ${text}: expected a number of 0 or more`);
  return value;
}

/** `feedback leaderboard`. */
export function addLeaderboardCommand(feedback: Command, terminalOf: () => Terminal): void {
  feedback
    .command('leaderboard')
    .description('strengths of models from judgments of their replies, controlled for place, length and style')
    .argument('<project>', 'project folder whose replies name their models')
    .option('--control <list>', `what to hold equal: ${CONTROLS.join(',')}, or none`, controlsOf, CONTROLS)
    .option('--ridge <x>', 'precision of a normal prior on strengths; 0 is maximum likelihood', ridgeOf, 0)
    .option('--html <file>', 'write a self-contained page with plots')
    .addHelpText(
      'after',
      `
Reads items.jsonl, where each reply names its model, and judgments.jsonl: comparisons and rankings. Strengths are log-odds
against the mean of all models, with ties by Davidson; intervals take raters as drawn whole where there are twenty or more.

Examples:
  goodhart feedback leaderboard projects/arena
  goodhart feedback leaderboard projects/arena --control length --json
  goodhart feedback leaderboard projects/arena --control none --html board.html`,
    )
    .action(async (folder: string, { control, ridge, html }: LeaderboardFlags) => {
      const { items, judgments } = await readProject(folder);
      const board = leaderboard(items, judgments, { controls: control, ridge });
      if ('undefined' in board) throw new UsageError('leaderboard', `${folder}: ${board.undefined}`);
      const document = leaderboardDocument(board, { title: `Leaderboard: ${basename(resolve(folder))}` });
      if (html !== undefined) writeFileAtomic(html, documentPage(document));
      const terminal = terminalOf();
      terminal.result(board, documentText(document, { all: true }));
      if (html !== undefined) terminal.note(`page written to ${html}`);
    });
}
