import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createEmbeddedEngine } from '../engine-embedded/index.ts';
import { feedbackReport, type Item, itemSchema, type Judgment, judgmentSchema, toPairs } from '../feedback/index.ts';
import { configSchema, openSource } from '../pipeline/index.ts';
import { evaluateScores, fitLinearReward, loadReward, saveReward, scorePairs } from '../reward/index.ts';
import { DataError, UsageError } from '../run/index.ts';
import { onPath, parseLine, readLines, writeFileAtomic } from '../run/node.ts';
import type { Terminal } from './terminal.ts';
import { feedbackText, rewardText, table } from './text.ts';

/** A project folder: `items.jsonl` and `judgments.jsonl`. */
async function readProject(folder: string): Promise<{ items: Item[]; judgments: Judgment[] }> {
  const read = async <T extends { id: string }>(name: string, schema: Parameters<typeof parseLine<T>>[2]) => {
    const path = join(folder, name);
    const rows = new Map<string, T>();
    for await (const line of readLines(path)) {
      const row = parseLine(path, line, schema);
      if (rows.has(row.id))
        throw new DataError('duplicate', `${path}:${line.line}: id ${row.id} occurs twice; ids must be unique`);
      rows.set(row.id, row);
    }
    return [...rows.values()];
  };
  return {
    items: await read<Item>('items.jsonl', itemSchema),
    judgments: await read<Judgment>('judgments.jsonl', judgmentSchema),
  };
}

const jsonl = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const LAYOUTS = ['convincing-arguments', 'dialogue-pairs'] as const;
const engineOf = () => createEmbeddedEngine();

/** `import`, `feedback report`, `reward fit|eval|score`. */
export function addDataCommands(program: Command, terminalOf: () => Terminal): void {
  program
    .command('import')
    .description('turn a published layout into a project folder of items.jsonl and judgments.jsonl')
    .argument('<layout>', LAYOUTS.join(' or '))
    .argument('<path>', 'folder (arguments) or file (dialogues) of the data')
    .requiredOption('--out <folder>', 'project folder to write')
    .addHelpText(
      'after',
      '\nExample:\n  goodhart import dialogue-pairs data/harmless-base-test.jsonl.gz --out projects/harmless',
    )
    .action(async (layout: string, path: string, { out }: { out: string }) => {
      if (!LAYOUTS.includes(layout as (typeof LAYOUTS)[number])) {
        throw new UsageError('layout', `import: unknown layout ${layout}; expected ${LAYOUTS.join(' or ')}`);
      }
      const data = layout === 'convincing-arguments' ? { layout, dir: path } : { layout, file: path };
      const { imported } = await openSource(configSchema.parse({ name: 'imported', data }));
      onPath(out, () => mkdirSync(out, { recursive: true }));
      writeFileAtomic(join(out, 'items.jsonl'), jsonl(imported!.items));
      writeFileAtomic(join(out, 'judgments.jsonl'), jsonl(imported!.judgments));
      const counts = {
        items: imported!.items.length,
        judgments: imported!.judgments.length,
        skipped: imported!.skipped,
      };
      terminalOf().result(
        { type: 'imported', out, ...counts },
        `${counts.items} items and ${counts.judgments} judgments in ${out}; ${counts.skipped} rows could not be split and were left out`,
      );
    });

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

  const reward = program.command('reward').description('fit, evaluate and use reward models');
  reward
    .command('fit')
    .description('fit a linear reward model on a project')
    .argument('<project>')
    .requiredOption('--out <folder>', 'folder of the reward model')
    .option('--ridge <x>', 'L2 penalty', Number, 30)
    .addHelpText('after', '\nExample:\n  goodhart reward fit projects/harmless --out models/harmless')
    .action(async (folder: string, { out, ridge }: { out: string; ridge: number }) => {
      const { items, judgments } = await readProject(folder);
      const { pairs, unscored } = toPairs(items, judgments);
      if (pairs.length === 0)
        throw new UsageError('pairs', `${folder}: expected comparisons of two replies, got none; collect some first`);
      const reference = items.map((item) => ({ prompt: item.prompt, replies: item.replies.map((r) => r.text) }));
      await saveReward(out, [fitLinearReward(pairs, { ridge, position: true, reference })]);
      terminalOf().result(
        { type: 'fitted', out, pairs: pairs.length, unscored },
        `fitted on ${pairs.length} comparisons; model in ${out}`,
      );
    });
  reward
    .command('eval')
    .description('evaluate a reward model on a project it was not fitted on')
    .argument('<model>')
    .argument('<project>')
    .option('--seed <n>', 'seed of the intervals', Number, 1)
    .addHelpText('after', '\nExample:\n  goodhart reward eval models/harmless projects/held-out')
    .action(async (path: string, folder: string, { seed }: { seed: number }) => {
      const model = await loadReward(path, engineOf);
      const { items, judgments } = await readProject(folder);
      const evaluation = evaluateScores(await scorePairs(model, toPairs(items, judgments).pairs), { seed });
      await model.dispose();
      terminalOf().result(evaluation, rewardText(evaluation));
    });
  reward
    .command('score')
    .description('score replies to a prompt')
    .argument('<model>')
    .requiredOption('--prompt <text>')
    .argument('<replies...>')
    .addHelpText('after', '\nExample:\n  goodhart reward score models/harmless --prompt "Hello" "Hi there." "Go away."')
    .action(async (path: string, replies: string[], { prompt }: { prompt: string }) => {
      const model = await loadReward(path, engineOf);
      const scores = await model.score(prompt, replies);
      await model.dispose();
      const rows = scores.map((score, i) => ({ reply: replies[i]!, ...score }));
      terminalOf().result(
        rows,
        table([
          ['score', 'spread', 'reply'],
          ...rows.map((r) => [r.mean.toFixed(3), (r.spread ?? 0).toFixed(3), r.reply]),
        ]),
      );
    });
}
