import type { Command } from 'commander';
import { createEmbeddedEngine } from '../engine-embedded/index.ts';
import { toPairs } from '../feedback/index.ts';
import { evaluateScores, fitLinearReward, loadReward, saveReward, scorePairs } from '../reward/index.ts';
import { UsageError } from '../run/index.ts';
import { readProject } from './project-folder.ts';
import type { Terminal } from './terminal.ts';
import { rewardText, table } from './text.ts';

const engineOf = () => createEmbeddedEngine();

/** `reward fit|eval|score`. */
export function addRewardCommands(program: Command, terminalOf: () => Terminal): void {
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
