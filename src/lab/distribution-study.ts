import { type Answer, type Distribution, distributionSchema, type Item, wantedJudgments } from '../feedback/index.ts';
import { ignoreProgress, type Progress } from '../run/index.ts';
import { createRng, fitLogistic, type Interval, mean, meanInterval, type Rng } from '../stats/index.ts';
import { raterPool, SIMULATED_RATERS, simulatedRater } from '../world/index.ts';
import { baseItems, judgmentsOf } from './base-items.ts';
import { type Examination, examine, questionFeatures } from './examination.ts';
import { HARBOUR } from './harbour.ts';
import { REWARD_FAMILIES } from './pair-features.ts';
import { type PairedDifference, pairedDifference, type Verdict, verdicts } from './paired.ts';

/**
 * What the rules of distribution buy at equal cost (challenge H9): adaptive stopping and extra raters against a fixed number
 * of judgments per item whose total is the same, seed by seed, on the same votes.
 */
export const DISTRIBUTION_RULES = {
  'adaptive, 85 % sure': { adaptive: { confidence: 0.85, raterAccuracy: 0.75, min: 2, max: 9 } },
  'adaptive, 95 % sure': { adaptive: { confidence: 0.95, raterAccuracy: 0.75, min: 2, max: 9 } },
  'two, then to five on disagreement': { overlap: 2, extraRaters: { belowAgreement: 0.9, max: 3 } },
  'three, then to five below half': { overlap: 3, extraRaters: { belowAgreement: 0.5, max: 2 } },
} as const;

/** `constant`: every rater is right three times in four, whatever the item. `natural`: close calls are hard, some do not look. */
export const RATER_POOLS = ['constant', 'natural'] as const;
export type RaterPoolId = (typeof RATER_POOLS)[number];

/**
 * `label`: share of items whose majority is the true preference (half for a split vote). `reward`: accuracy on test pairs of
 * the reward fitted to the votes. `more items`: the same, against one vote each on as many items as there were votes.
 */
export const DISTRIBUTION_OUTCOMES = ['label', 'reward', 'reward, against more items'] as const;
export type DistributionOutcome = (typeof DISTRIBUTION_OUTCOMES)[number];

export interface DistributionRow {
  readonly pool: RaterPoolId;
  readonly rule: string;
  readonly outcome: DistributionOutcome;
  /** Judgments per item. */
  readonly cost: number;
  readonly mean: number;
  readonly interval: Interval;
  /** The alternative at the same cost. */
  readonly fixed: number;
  readonly difference: PairedDifference;
  readonly verdict: Verdict;
}
export interface DistributionStudyOptions {
  readonly seeds: number;
  /** Items a rule is used on. */
  readonly items: number;
  readonly pools: readonly RaterPoolId[];
}
export interface DistributionStudy {
  readonly options: DistributionStudyOptions;
  readonly rows: readonly DistributionRow[];
}

const PANEL = 9;
const family = REWARD_FAMILIES.slots;

function ratersOf(pool: RaterPoolId) {
  if (pool === 'natural') return raterPool(HARBOUR, { noisy: 7, careless: 2 }).raters;
  const params = { ...SIMULATED_RATERS.mistaken, mistake: 0.25 };
  return Array.from({ length: PANEL }, (_, i) => simulatedRater(HARBOUR, { id: `rater-${i}`, params }));
}

/** An item with every rater's vote in a random order: a rule reads as many as it wants. */
export interface Panel {
  readonly item: Item;
  readonly votes: readonly Answer[];
}

async function panels(pool: RaterPoolId, count: number, rng: Rng): Promise<Panel[]> {
  const drawn = await baseItems(HARBOUR, { count, rng, projectId: 'distribution' });
  const items = drawn.filter(({ gold }) => gold !== 'tie');
  const votes = new Map<string, Answer[]>(items.map(({ id }) => [id, []]));
  const raters = ratersOf(pool);
  for (const j of await judgmentsOf({ items, raters, overlap: PANEL, rng })) votes.get(j.itemId)!.push(j.answer);
  // Who answers first must not depend on who was asked first overall.
  return items.map((item) => ({ item, votes: rng.fork(`votes/${item.id}`).shuffle(votes.get(item.id)!) }));
}

const firstShare = (votes: readonly Answer[]) =>
  mean(votes.map((vote) => Number(vote.kind === 'comparison' && vote.outcome === 0)));

/** 1 when most votes are for the true preference, ½ when they are split. */
function labelRight({ item, votes }: Panel): number {
  const share = item.gold === 0 ? firstShare(votes) : 1 - firstShare(votes);
  return share === 0.5 ? 0.5 : Number(share > 0.5);
}

function rewardAccuracy(judged: readonly Panel[], { accuracy }: Examination): number {
  const rows = judged.map(({ item, votes }) => ({
    features: questionFeatures(family, item),
    target: firstShare(votes),
    weight: votes.length,
  }));
  return accuracy(fitLogistic(rows, family.size, { ridge: 0.3 }));
}

/** The votes that a rule asks for, one after another. */
export function votesUnder(rules: Distribution, { item, votes }: Panel): Panel {
  let n = 0;
  while (n < votes.length && wantedJudgments(rules, item.id, votes.slice(0, n)) > n) n += 1;
  return { item, votes: votes.slice(0, n) };
}

/**
 * The same number of votes in all, spread as evenly as odd numbers allow (an even number labels no better than the odd one
 * below it): so many on every item, two more on items drawn at random, and one where a single vote is left.
 */
export function spreadEvenly(all: readonly Panel[], total: number, rng: Rng): Panel[] {
  const whole = Math.floor(total / all.length);
  const each = whole % 2 === 1 ? whole : Math.max(0, whole - 1);
  const left = total - each * all.length;
  const places = rng.shuffle(all.map((_, i) => i));
  const counts = new Map(places.map((i, at) => [i, each + Math.max(0, Math.min(2, left - 2 * at))]));
  return all.map(({ item, votes }, i) => ({ item, votes: votes.slice(0, counts.get(i)!) }));
}

export async function distributionStudy(
  changes: Partial<DistributionStudyOptions> = {},
  progress: Progress = ignoreProgress,
): Promise<DistributionStudy> {
  const options: DistributionStudyOptions = { seeds: 20, items: 250, pools: RATER_POOLS, ...changes };
  const exam = await examine(family);
  const rows: Omit<DistributionRow, 'verdict'>[] = [];
  let done = 0;
  for (const pool of options.pools) {
    const found = new Map<string, { cost: number; rule: number; fixed: number }[]>();
    for (let seed = 1; seed <= options.seeds; seed++) {
      const rng = createRng(`distribution-study/${pool}/${seed}`);
      const all = await panels(pool, options.items * (PANEL + 1), rng);
      const own = all.slice(0, options.items);
      for (const [name, fields] of Object.entries(DISTRIBUTION_RULES)) {
        const rules = distributionSchema.parse(fields);
        const judged = own.map((panel) => votesUnder(rules, panel));
        const total = judged.reduce((sum, { votes }) => sum + votes.length, 0);
        const fixed = spreadEvenly(own, total, rng.fork(`even/${name}`));
        const wide = all.slice(0, total).map(({ item, votes }) => ({ item, votes: votes.slice(0, 1) }));
        const cost = total / own.length;
        const reward = rewardAccuracy(judged, exam);
        const values: Record<DistributionOutcome, { cost: number; rule: number; fixed: number }> = {
          label: { cost, rule: mean(judged.map(labelRight)), fixed: mean(fixed.map(labelRight)) },
          reward: { cost, rule: reward, fixed: rewardAccuracy(fixed, exam) },
          'reward, against more items': { cost, rule: reward, fixed: rewardAccuracy(wide, exam) },
        };
        for (const outcome of DISTRIBUTION_OUTCOMES) {
          const key = `${name}/${outcome}`;
          found.set(key, [...(found.get(key) ?? []), values[outcome]]);
        }
      }
      done += 1;
      progress({ stage: 'distribution', done, total: options.pools.length * options.seeds, unit: 'seeds' });
    }
    for (const rule of Object.keys(DISTRIBUTION_RULES)) {
      for (const outcome of DISTRIBUTION_OUTCOMES) {
        const values = found.get(`${rule}/${outcome}`)!;
        const [ruled, fixed] = [values.map((v) => v.rule), values.map((v) => v.fixed)];
        const rng = createRng(`distribution-study/tests/${pool}/${rule}/${outcome}`);
        rows.push({
          pool,
          rule,
          outcome,
          cost: mean(values.map((v) => v.cost)),
          ...meanInterval(ruled),
          fixed: mean(fixed),
          difference: pairedDifference(ruled, fixed, rng),
        });
      }
    }
  }
  const judged = verdicts(rows.map(({ difference }) => difference));
  return { options, rows: rows.map((row, i) => ({ ...row, verdict: judged[i]! })) };
}
