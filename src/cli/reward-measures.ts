import type { Command } from 'commander';
import { attributesOf, type Item, type PreferencePair, type RaterProfile } from '../feedback/index.ts';
import { dataPools, examineScorer, groundPools, type Scorer, scorerDistances } from '../lab/index.ts';
import { documentText } from '../report/index.ts';
import {
  asHeard,
  contributionsOf,
  differenceOf,
  explanationOf,
  impliedPairs,
  observe,
  rewardSection,
} from '../reward/index.ts';
import { UsageError } from '../run/index.ts';
import { type JudgedData, readJudged } from './reward-data.ts';
import { DEFINITIONS, DISTANCE_DEFINITIONS, distanceSection, examinedSection } from './reward-sections.ts';
import { openScorer } from './scorers.ts';
import type { Terminal } from './terminal.ts';

interface EvalOptions {
  readonly strata?: string;
  readonly groups?: string | true;
  readonly shifted?: string;
  readonly ground?: string;
  readonly against?: string;
  readonly kl: number;
  readonly logOdds: number;
}

/** What each kind of answer told a reward of ours; an outside scorer was fitted to answers that nobody here knows. */
async function contributionsTo(scorer: Scorer, { items, judgments }: JudgedData) {
  const { fitted } = scorer;
  if (fitted === undefined) return {};
  const { observations, unscored } = observe(items, judgments, fitted.reading);
  const explanation = await explanationOf(fitted.members, observations);
  return {
    contributions: contributionsOf(asHeard(observations, fitted.members), explanation),
    unscored,
    people: fitted.people,
    groups: fitted.groups,
    differ: await differenceOf(scorer, impliedPairs(items, judgments).pairs),
  };
}

function requireStratum(items: readonly Item[], name: string, folder: string): void {
  const known = new Set(items.flatMap(({ strata }) => Object.keys(strata ?? {})));
  if (known.has(name)) return;
  const has = known.size === 0 ? 'the items have none' : `the items have ${[...known].sort().join(', ')}`;
  throw new UsageError('strata', `${folder}: no stratum ${name}; ${has}`);
}

/** The group of the rater behind a pair, by an attribute that raters consented to have kept; simulated ones need not. */
function groupsBy(raters: readonly RaterProfile[], attribute: string, folder: string) {
  const attributeOf = attributesOf(raters);
  if (raters.every(({ id }) => attributeOf(id, attribute) === undefined))
    throw new UsageError(
      'groups',
      `${folder}: no rater consented to be described by ${attribute}; name another attribute`,
    );
  return (pair: PreferencePair) => attributeOf(pair.raterId, attribute);
}

/** Above zero, as a flag said it. */
function positive(value: number, flag: string): number {
  if (value > 0 && Number.isFinite(value)) return value;
  throw new UsageError('flag', `--${flag}: expected a number above 0, got ${value}`);
}

async function evaluate(terminal: Terminal, where: string, path: string, options: EvalOptions): Promise<void> {
  const { strata, groups, shifted, ground, against, kl, logOdds } = options;
  const data = await readJudged(path);
  const names = strata?.split(',') ?? [];
  for (const name of names) requireStratum(data.items, name, path);
  const groupOf = groups === undefined ? undefined : groupsBy(data.raters, groups === true ? 'group' : groups, path);
  const unit = positive(logOdds, 'log-odds');
  const scorer = await openScorer(where, unit);
  const other = against === undefined ? undefined : await openScorer(against, unit);
  const examined = await examineScorer(scorer, data, {
    strata: names,
    groupOf,
    shifted: shifted === undefined ? undefined : await readJudged(shifted),
    ground,
    against: other,
    kl: positive(kl, 'kl'),
  });
  const told = await contributionsTo(scorer, data);
  await scorer.dispose();
  await other?.dispose();
  const { evaluation, ...more } = examined;
  const { unscored } = impliedPairs(data.items, data.judgments);
  const sections = [
    rewardSection(evaluation, { on: `the comparisons of ${path}`, ...told }),
    examinedSection(examined),
  ];
  const left = data.rejected === 0 ? {} : { rejected: data.rejected };
  terminal.result(
    {
      ...evaluation,
      ...more,
      contributions: told.contributions,
      ...(told.groups !== undefined && { groups: told.groups }),
      ...(told.differ !== undefined && { differ: told.differ }),
      unscored,
      ...left,
      definitions: Object.fromEntries(DEFINITIONS),
    },
    documentText({ sections }),
  );
}

async function measureDistances(
  terminal: Terminal,
  wheres: readonly string[],
  { on, ground }: { readonly on?: string; readonly ground?: string },
): Promise<void> {
  if (wheres.length < 2) throw new UsageError('scorers', `expected two scorers or more, got ${wheres.length}`);
  if ((on === undefined) === (ground === undefined))
    throw new UsageError('on', 'expected either --on <data> or --ground <name>: distances are over replies');
  const pools = on === undefined ? groundPools(ground!) : dataPools(await readJudged(on));
  const scorers: Scorer[] = [];
  for (const where of wheres) scorers.push(await openScorer(where));
  const rows = await scorerDistances(
    scorers.map((scorer, i) => ({ name: wheres[i]!, scorer })),
    pools,
  );
  for (const scorer of scorers) await scorer.dispose();
  terminal.result(
    { distances: rows, definitions: Object.fromEntries(DISTANCE_DEFINITIONS) },
    documentText({ sections: [distanceSection(rows)] }),
  );
}

/** `reward eval|distance`. */
export function addRewardMeasures(reward: Command, terminalOf: () => Terminal): void {
  reward
    .command('eval')
    .description('evaluate a scorer on judgments it was not fitted on: a reward model, an address, or a module')
    .argument('<model>', 'folder of a reward model, http(s) address of a scorer, or module (.js, .mjs)')
    .argument('<data>', 'project folder, or a file of any layout, such as RewardBench rows or pairs')
    .option('--strata <names>', 'accuracy within each value of these strata of the items, such as topic,length')
    .option('--groups [attribute]', 'accuracy by what raters said of themselves, `group` unless named')
    .option('--shifted <data>', 'other data, and the accuracy that is lost there')
    .option('--ground <name>', 'optimise on a proving ground, where gold is known')
    .option('--against <scorer>', 'the reward that stands in for gold elsewhere, fitted on other raters')
    .option('--kl <nats>', 'KL at which the gold that is kept is read', Number, 1)
    .option('--log-odds <x>', 'log-odds of one unit of an outside scorer’s score', Number, 1)
    .addHelpText(
      'after',
      [
        '',
        'An address gets POST { "prompt": text, "replies": [texts] } and answers { "scores": [numbers] }.',
        'A module exports a function (prompt, replies) => numbers.',
        '',
        'Example:',
        '  goodhart reward eval models/harmless projects/held-out --strata topic --groups',
        '  goodhart reward eval http://127.0.0.1:8000/score reward-bench.jsonl --strata subset',
      ].join('\n'),
    )
    .action((where: string, path: string, options: EvalOptions) => evaluate(terminalOf(), where, path, options));
  reward
    .command('distance')
    .description('EPIC and DARD distances between rewards: 0 for the same up to shaping, 1 for opposites')
    .argument('<scorers...>', 'two or more: folders of reward models, addresses, modules')
    .option('--on <data>', 'judged replies to compare them on')
    .option('--ground <name>', 'or every reply to the evaluation prompts of a proving ground')
    .addHelpText(
      'after',
      '\nExample:\n  goodhart reward distance models/a models/b --on projects/held-out\n  goodhart reward distance runs/1/reward/model runs/2/reward/model --ground harbour',
    )
    .action((wheres: readonly string[], options: { on?: string; ground?: string }) =>
      measureDistances(terminalOf(), wheres, options),
    );
}
