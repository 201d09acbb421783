import { type RaterProfile, raterWeights, toPairs, weightPairs } from '../feedback/index.ts';
import { ignoreProgress, type Progress } from '../run/index.ts';
import {
  createRng,
  dot,
  fitLogistic,
  type Interval,
  type LogisticRow,
  mean,
  meanInterval,
  type Rng,
} from '../stats/index.ts';
import {
  bestOfNExact,
  comparisonItems,
  expectation,
  fromBase,
  type Group,
  SIMULATED_RATERS,
  simulatedRater,
} from '../world/index.ts';
import { judgmentsOf } from './base-items.ts';
import { questionFeatures } from './examination.ts';
import { HARBOUR } from './harbour.ts';
import { REWARD_FAMILIES } from './pair-features.ts';
import { type PairedDifference, pairedDifference, type Verdict, verdicts } from './paired.ts';

/**
 * A pool of raters unlike the population (challenges H1, R2): two groups with opposed tastes, `plain` and `warm`. What is
 * lost when their judgments count alike, and what post-stratification weights win back.
 */
export interface PopulationSetting {
  /** Share of `warm` people in the population and among the raters. */
  readonly population: number;
  readonly pool: number;
  /** `same`: the clean arm, in which the groups want the same and weights can only cost precision. */
  readonly tastes: 'opposed' | 'same';
}
export const POPULATION_SETTINGS: readonly PopulationSetting[] = [
  { population: 0.8, pool: 0.2, tastes: 'opposed' },
  { population: 0.8, pool: 0.1, tastes: 'opposed' },
  { population: 0.5, pool: 0.1, tastes: 'opposed' },
  { population: 0.8, pool: 0.1, tastes: 'same' },
];

/** `weighted, half silent`: half of each group did not consent to be described, and keeps its place. */
export const POPULATION_ARMS = ['unweighted', 'weighted', 'weighted, half silent', 'pool like the population'] as const;
export type PopulationArm = (typeof POPULATION_ARMS)[number];

/**
 * `welfare`: true utility of the best of 16 replies by the reward, mean over the population. `worst group`: the same for the
 * group that fares worse. `label`: share of items whose (weighted) majority is what the population as a whole prefers.
 */
export const POPULATION_OUTCOMES = ['welfare', 'worst group', 'label'] as const;
export type PopulationOutcome = (typeof POPULATION_OUTCOMES)[number];

export interface PopulationRow extends PopulationSetting {
  readonly arm: PopulationArm;
  readonly outcome: PopulationOutcome;
  readonly mean: number;
  readonly interval: Interval;
  /** Mean design effect of the weights. */
  readonly designEffect: number;
  /** Against the unweighted pool; null for it. */
  readonly difference: PairedDifference | null;
  readonly verdict: Verdict | 'baseline';
}
export interface PopulationStudyOptions {
  readonly seeds: number;
  readonly settings: readonly PopulationSetting[];
  readonly raters: number;
  readonly items: number;
  readonly overlap: number;
}
export interface PopulationStudy {
  readonly options: PopulationStudyOptions;
  readonly rows: readonly PopulationRow[];
}

/** The groups, plain first, and whose utility is theirs. */
const GROUPS = { opposed: ['plain', 'warm'], same: ['everyone', 'everyone'] } as const satisfies Record<
  PopulationSetting['tastes'],
  readonly Group[]
>;
type Tastes = PopulationSetting['tastes'];
const family = REWARD_FAMILIES.slots;
const now = () => '2026-01-01T00:00:00Z';
const SPACES = createRng('population/prompts')
  .shuffle(HARBOUR.prompts('train'))
  .slice(0, 16)
  .map((prompt) => {
    const replies = HARBOUR.replies(prompt);
    return {
      base: replies.map((reply) => reply.logprob),
      features: replies.map((reply) => family.features(prompt, reply.features)),
      gold: (['plain', 'warm', 'everyone'] as const).map((group) => ({
        group,
        values: replies.map((reply) => HARBOUR.gold(prompt, reply.text, group)),
      })),
    };
  });

/** True utility of the best of 16 by a reward, for each group. */
const groupWelfare = (weights: Float64Array, tastes: Tastes): number[] => {
  const chosen = SPACES.map(({ base, features }) =>
    bestOfNExact(
      base,
      features.map((f) => dot(f, weights)),
      16,
    ),
  );
  return GROUPS[tastes].map((group) =>
    mean(SPACES.map(({ gold }, i) => expectation(chosen[i]!, gold.find((g) => g.group === group)!.values))),
  );
};

/** Judgments of a pool with a number of warm raters among the plain ones. */
async function judgedBy(setting: { warm: number; tastes: Tastes }, options: PopulationStudyOptions, rng: Rng) {
  const { warm, tastes } = setting;
  const kinds = tastes === 'opposed' ? (['plain', 'warm'] as const) : (['noisy', 'noisy'] as const);
  const items = await comparisonItems({
    ground: HARBOUR,
    prompts: HARBOUR.prompts('train'),
    count: options.items,
    rng: rng.fork('items'),
    projectId: 'population',
    origin: 'base policy, exact',
    replies: fromBase(HARBOUR, rng.fork('replies')),
  });
  const raters = Array.from({ length: options.raters }, (_, i) =>
    simulatedRater(HARBOUR, { id: `rater-${i}`, params: SIMULATED_RATERS[kinds[Number(i < warm)]!] }),
  );
  const judgments = await judgmentsOf({ items, raters, overlap: options.overlap, rng });
  const profiles = raters.map(
    ({ id }, i): RaterProfile => ({
      id,
      kind: 'simulated',
      demographics: { group: i < warm ? 'warm' : 'plain' },
      consent: { version: '1', at: now() },
    }),
  );
  return { items, judgments, profiles };
}

type Judged = Awaited<ReturnType<typeof judgedBy>>;

/** All outcomes of one body of judgments under weights. */
function outcomes(
  { items, judgments }: Judged,
  weights: ReadonlyMap<string, number>,
  { population: share, tastes }: PopulationSetting,
) {
  const byId = new Map(items.map((item) => [item.id, item]));
  const pairs = weightPairs(toPairs(items, judgments).pairs, weights);
  const rows = pairs.map(
    ({ itemId, target, weight }): LogisticRow => ({
      features: questionFeatures(family, byId.get(itemId)!),
      target,
      weight,
    }),
  );
  const welfare = groupWelfare(fitLogistic(rows, family.size, { ridge: 0.3 }), tastes);
  const votes = new Map<string, number>();
  for (const { itemId, target, weight } of pairs) {
    votes.set(itemId, (votes.get(itemId) ?? 0) + weight * (target - 0.5));
  }
  const labels = items.flatMap((item) => {
    const prompt = HARBOUR.promptOf(item.prompt)!;
    const prefers = (group: Group) =>
      HARBOUR.gold(prompt, item.replies[0]!.text, group) - HARBOUR.gold(prompt, item.replies[1]!.text, group);
    const wanted = (1 - share) * prefers(GROUPS[tastes][0]) + share * prefers(GROUPS[tastes][1]);
    const vote = votes.get(item.id) ?? 0;
    if (Math.abs(wanted) < 1e-9) return [];
    return [Math.abs(vote) < 1e-9 ? 0.5 : Number(vote > 0 === wanted > 0)];
  });
  return {
    welfare: (1 - share) * welfare[0]! + share * welfare[1]!,
    'worst group': Math.min(...welfare),
    label: mean(labels),
  } satisfies Record<PopulationOutcome, number>;
}

interface Run {
  readonly values: Record<PopulationOutcome, number>;
  readonly designEffect: number;
}

async function runSetting(
  setting: PopulationSetting,
  options: PopulationStudyOptions,
  rng: Rng,
): Promise<Record<PopulationArm, Run>> {
  const { population, pool, tastes } = setting;
  const skewed = await judgedBy({ warm: Math.round(pool * options.raters), tastes }, options, rng);
  const like = await judgedBy({ warm: Math.round(population * options.raters), tastes }, options, rng);
  const targets = { group: { plain: 1 - population, warm: population } };
  const run = (judged: Judged, profiles: readonly RaterProfile[] | null): Run => {
    const found = profiles === null ? null : raterWeights(judged.judgments, profiles, { targets });
    if (found !== null && 'undefined' in found) throw new RangeError(`population study: ${found.undefined}`);
    return {
      values: outcomes(judged, found?.weights ?? new Map(), setting),
      designEffect: found?.designEffect ?? 1,
    };
  };
  const silent = skewed.profiles.map(({ consent, ...profile }, i) => ({
    ...profile,
    ...(i % 2 === 0 && consent !== undefined && { consent }),
  }));
  return {
    unweighted: run(skewed, null),
    weighted: run(skewed, skewed.profiles),
    'weighted, half silent': run(skewed, silent),
    'pool like the population': run(like, null),
  };
}

/** Runs the study: all arms of a seed judge the same items. */
export async function populationStudy(
  changes: Partial<PopulationStudyOptions> = {},
  progress: Progress = ignoreProgress,
): Promise<PopulationStudy> {
  const options: PopulationStudyOptions = {
    seeds: 20,
    settings: POPULATION_SETTINGS,
    raters: 20,
    items: 300,
    overlap: 5,
    ...changes,
  };
  const rows: Omit<PopulationRow, 'verdict'>[] = [];
  for (const [at, setting] of options.settings.entries()) {
    const name = `population-study/${setting.population}/${setting.pool}/${setting.tastes}`;
    const runs: Record<PopulationArm, Run>[] = [];
    for (let seed = 1; seed <= options.seeds; seed++) {
      runs.push(await runSetting(setting, options, createRng(`${name}/${seed}`)));
      const total = options.settings.length * options.seeds;
      progress({ stage: 'population', done: at * options.seeds + seed, total, unit: 'seeds' });
    }
    for (const outcome of POPULATION_OUTCOMES) {
      const of = (arm: PopulationArm) => runs.map((run) => run[arm].values[outcome]);
      for (const arm of POPULATION_ARMS) {
        const rng = createRng(`${name}/${outcome}/${arm}`);
        rows.push({
          ...setting,
          arm,
          outcome,
          ...meanInterval(of(arm)),
          designEffect: mean(runs.map((run) => run[arm].designEffect)),
          difference: arm === 'unweighted' ? null : pairedDifference(of(arm), of('unweighted'), rng),
        });
      }
    }
  }
  const tested = rows.filter((row) => row.difference !== null);
  const found = verdicts(tested.map((row) => row.difference!));
  return { options, rows: rows.map((row) => ({ ...row, verdict: found[tested.indexOf(row)] ?? 'baseline' })) };
}
