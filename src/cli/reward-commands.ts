import type { Command } from 'commander';
import { ANSWER_CHOICE_TEXT, type AnswerChoice, attributesOf, chooseAnswers, foldRecords } from '../feedback/index.ts';
import { documentText, table } from '../report/index.ts';
import {
  asHeard,
  contributionsOf,
  createEnsemble,
  differenceOf,
  differSection,
  explanationOf,
  fitMembers,
  impliedPairs,
  observe,
  readingOf,
  rewardSchema,
  saveReward,
} from '../reward/index.ts';
import { ignoreProgress, parseConfig } from '../run/index.ts';
import { answersOption, collect } from './options.ts';
import { readProject } from './project-folder.ts';
import { addRewardMeasures } from './reward-measures.ts';
import { openScorer } from './scorers.ts';
import type { Terminal } from './terminal.ts';

interface FitOptions {
  readonly out: string;
  readonly ridge: string;
  readonly set: readonly string[];
  readonly seed: number;
  readonly answers?: AnswerChoice;
}

/** `reward fit|eval|distance|score`. */
export function addRewardCommands(program: Command, terminalOf: () => Terminal): void {
  const reward = program.command('reward').description('fit, evaluate and use reward models');
  reward
    .command('fit')
    .description('fit a linear reward model on a project, to answers of every kind')
    .argument('<project>')
    .requiredOption('--out <folder>', 'folder of the reward model')
    .option('--ridge <x>', 'L2 penalty', '30')
    .option('--set <key=value>', 'another key of a linear reward, such as members=3 or strength=margin', collect, [])
    .option('--seed <n>', 'seed of the resamples of an ensemble', Number, 1)
    .addOption(answersOption())
    .addHelpText('after', '\nExample:\n  goodhart reward fit projects/harmless --out models/harmless')
    .action(async (folder: string, { out, ridge, set, seed, answers = 'decided' }: FitOptions) => {
      const overrides = ['members=1', `ridge=${ridge}`, ...set];
      const config = parseConfig(rewardSchema, '{}', { source: 'reward', set: overrides });
      const { project, items, judgments: votes, raters, records } = await readProject(folder);
      const { adjudications } = foldRecords(records ?? []);
      const chosen = chooseAnswers(project?.questions ?? [], { judgments: votes, adjudications }, answers);
      const { observations, unscored } = observe(items, chosen.judgments, config);
      const reference = items.map((item) => ({ prompt: item.prompt, replies: item.replies.map((r) => r.text) }));
      const attributeOf = attributesOf(raters);
      const contextOf = (m: number) => ({
        reference,
        attributeOf,
        progress: ignoreProgress,
        stage: `member ${m + 1}`,
      });
      const members = await fitMembers(observations, config, { seed, contextOf });
      const explanation = await explanationOf(members, observations);
      const contributions = contributionsOf(asHeard(observations, members), explanation);
      const people = members[0]?.people;
      const groups = members[0]?.groups;
      const differ = await differenceOf(createEnsemble(members), impliedPairs(items, chosen.judgments).pairs);
      await saveReward(out, members, { risk: config.risk, reading: readingOf(config) });
      for (const member of members) await member.dispose();
      const counted = new Map<string, number>();
      for (const { kind } of observations) counted.set(kind, (counted.get(kind) ?? 0) + 1);
      const models = new Set(raters.flatMap(({ id, kind }) => (kind === 'model' ? [id] : [])));
      const byModels = chosen.judgments.filter(
        ({ raterId, source }) => source === 'model' || models.has(raterId),
      ).length;
      const counts = [...counted].map(([kind, n]) => `${n} of kind ${kind}`);
      terminalOf().result(
        {
          type: 'fitted',
          out,
          choice: answers,
          answers: Object.fromEntries(counted),
          byModels,
          left: chosen.left,
          unscored,
          contributions,
          ...(people !== undefined && { people }),
          ...(groups !== undefined && { groups }),
          ...(differ !== undefined && { differ }),
        },
        [
          `fitted on ${counts.join(', ')}; model in ${out}`,
          `answers ${answers}: ${ANSWER_CHOICE_TEXT[answers]}`,
          ...(byModels === 0
            ? []
            : [
                `${byModels} of ${chosen.judgments.length} answers are those of models: docs/endpoints.md says what they are worth`,
              ]),
          ...Object.entries(chosen.left).map(([reason, n]) => `${n} × ${reason}`),
          ...(people === undefined
            ? []
            : [`${people.raters.length} raters fitted beside it; goodhart reward eval shows them`]),
          ...(differ === undefined ? [] : [documentText({ sections: [differSection(differ, groups)] })]),
          ...Object.entries(unscored).map(([reason, n]) => `${n} judgments say nothing: ${reason}`),
        ].join('\n'),
      );
    });
  addRewardMeasures(reward, terminalOf);
  reward
    .command('score')
    .description('score replies to a prompt')
    .argument('<model>')
    .requiredOption('--prompt <text>')
    .argument('<replies...>')
    .addHelpText('after', '\nExample:\n  goodhart reward score models/harmless --prompt "Hello" "Hi there." "Go away."')
    .action(async (path: string, replies: string[], { prompt }: { prompt: string }) => {
      const model = await openScorer(path);
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
