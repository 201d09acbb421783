import type { Command } from 'commander';
import { createEmbeddedEngine } from '../engine-embedded/index.ts';
import {
  ANSWER_CHOICE_TEXT,
  type AnswerChoice,
  chooseAnswers,
  consentedDemographics,
  foldRecords,
  type Item,
  type PreferencePair,
  type RaterProfile,
  toPairs,
} from '../feedback/index.ts';
import { documentText, table } from '../report/index.ts';
import {
  asHeard,
  contributionsOf,
  evaluateScores,
  explanationOf,
  fitMembers,
  loadReward,
  observe,
  readingOf,
  rewardSchema,
  rewardSection,
  saveReward,
  scorePairs,
} from '../reward/index.ts';
import { ignoreProgress, parseConfig, UsageError } from '../run/index.ts';
import { answersOption } from './options.ts';
import { readProject } from './project-folder.ts';
import type { Terminal } from './terminal.ts';

const engineOf = () => createEmbeddedEngine();
const collect = (value: string, before: readonly string[]): string[] => [...before, value];

interface FitOptions {
  readonly out: string;
  readonly ridge: string;
  readonly set: readonly string[];
  readonly seed: number;
  readonly answers?: AnswerChoice;
}

interface EvalOptions {
  readonly strata?: string;
  readonly groups?: string | true;
}

function requireStratum(items: readonly Item[], name: string, folder: string): void {
  const known = new Set(items.flatMap(({ strata }) => Object.keys(strata ?? {})));
  if (known.has(name)) return;
  const has = known.size === 0 ? 'the items have none' : `the items have ${[...known].sort().join(', ')}`;
  throw new UsageError('strata', `${folder}: no stratum ${name}; ${has}`);
}

/** The group of the rater behind a pair, by an attribute that raters consented to have kept; simulated ones need not. */
function groupsBy(raters: readonly RaterProfile[], attribute: string, folder: string) {
  const groups = new Map<string, string>();
  for (const rater of raters) {
    const said = new Map(
      Object.entries((rater.kind === 'human' ? consentedDemographics(rater) : rater.demographics) ?? {}),
    );
    const group = said.get(attribute);
    if (group !== undefined) groups.set(rater.id, group);
  }
  if (groups.size === 0)
    throw new UsageError(
      'groups',
      `${folder}: no rater consented to be described by ${attribute}; name another attribute`,
    );
  return (pair: PreferencePair) => groups.get(pair.raterId);
}

/** `reward fit|eval|score`. */
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
      const { project, items, judgments: votes, records } = await readProject(folder);
      const { adjudications } = foldRecords(records ?? []);
      const chosen = chooseAnswers(project?.questions ?? [], { judgments: votes, adjudications }, answers);
      const { observations, unscored } = observe(items, chosen.judgments, config);
      const reference = items.map((item) => ({ prompt: item.prompt, replies: item.replies.map((r) => r.text) }));
      const contextOf = (m: number) => ({ reference, progress: ignoreProgress, stage: `member ${m + 1}` });
      const members = await fitMembers(observations, config, { seed, contextOf });
      const explanation = await explanationOf(members, observations);
      const contributions = contributionsOf(asHeard(observations, members), explanation);
      const people = members[0]?.people;
      await saveReward(out, members, { risk: config.risk, reading: readingOf(config) });
      for (const member of members) await member.dispose();
      const counted = new Map<string, number>();
      for (const { kind } of observations) counted.set(kind, (counted.get(kind) ?? 0) + 1);
      const counts = [...counted].map(([kind, n]) => `${n} of kind ${kind}`);
      terminalOf().result(
        {
          type: 'fitted',
          out,
          choice: answers,
          answers: Object.fromEntries(counted),
          left: chosen.left,
          unscored,
          contributions,
          ...(people !== undefined && { people }),
        },
        [
          `fitted on ${counts.join(', ')}; model in ${out}`,
          `answers ${answers}: ${ANSWER_CHOICE_TEXT[answers]}`,
          ...Object.entries(chosen.left).map(([reason, n]) => `${n} × ${reason}`),
          ...(people === undefined
            ? []
            : [`${people.raters.length} raters fitted beside it; goodhart reward eval shows them`]),
          ...Object.entries(unscored).map(([reason, n]) => `${n} judgments say nothing: ${reason}`),
        ].join('\n'),
      );
    });
  reward
    .command('eval')
    .description('evaluate a reward model on a project it was not fitted on')
    .argument('<model>')
    .argument('<project>')
    .option('--strata <names>', 'accuracy within each value of these strata of the items, such as topic,length')
    .option('--groups [attribute]', 'accuracy by what raters said of themselves, `group` unless named')
    .addHelpText(
      'after',
      '\nExample:\n  goodhart reward eval models/harmless projects/held-out --strata topic --groups',
    )
    .action(async (path: string, folder: string, { strata, groups }: EvalOptions) => {
      const { items, judgments, raters } = await readProject(folder);
      const names = strata?.split(',') ?? [];
      for (const name of names) requireStratum(items, name, folder);
      const groupOf = groups === undefined ? undefined : groupsBy(raters, groups === true ? 'group' : groups, folder);
      const { pairs, unscored } = toPairs(items, judgments);
      if (pairs.every(({ target }) => target === 0.5))
        throw new UsageError(
          'pairs',
          `${folder}: expected decided comparisons or rankings, got none; collect some first`,
        );
      const model = await loadReward(path, engineOf);
      const evaluation = evaluateScores(await scorePairs(model, pairs), {
        logOdds: model.logOdds,
        strata: names,
        ...(groupOf !== undefined && { groupOf }),
      });
      const observed = observe(items, judgments, model.reading);
      const explanation = await explanationOf(model.members, observed.observations);
      const contributions = contributionsOf(asHeard(observed.observations, model.members), explanation);
      await model.dispose();
      const on = `the comparisons of ${folder}`;
      const sections = [
        rewardSection(evaluation, { on, contributions, unscored: observed.unscored, people: model.people }),
      ];
      terminalOf().result({ ...evaluation, contributions, unscored }, documentText({ sections }));
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
