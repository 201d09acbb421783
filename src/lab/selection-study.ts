import { collectJudgments, SELECTION_RULE_IDS, toPairs } from '../feedback/index.ts';
import { ignoreProgress, type Progress } from '../run/index.ts';
import { benjaminiHochberg, createRng, type Interval, mean, meanInterval, type Rng } from '../stats/index.ts';
import {
  bestOfNExact,
  comparisonItems,
  createHarbour,
  expectation,
  type HarbourPrompt,
  promptOf,
  raterPool,
  type SimulatedRaterKind,
} from '../world/index.ts';
import { REWARD_FAMILIES, type RewardFamily, type RewardFamilyId } from './pair-features.ts';
import { type PairedDifference, pairedDifference, type Verdict } from './paired.ts';
import { type QueryArm, type QuerySettings, type Question, queryLoop } from './query-loop.ts';

/** Rules against random at equal budget on the harbour (challenge H9): is asking by a rule worth it? */
export interface SelectionStudyOptions extends QuerySettings {
  readonly seeds: number;
  readonly families: readonly RewardFamilyId[];
  readonly arms: Readonly<Record<string, QueryArm>>;
  /** Comparisons to choose from, drawn anew for each seed. */
  readonly pool: number;
  /** Comparisons with a decided gold on which accuracy is taken; the same for all. */
  readonly test: number;
  /** Replies that the best is taken of, for the regret. */
  readonly bestOf: number;
  readonly raters: Readonly<Partial<Record<SimulatedRaterKind, number>>>;
}

/** Every rule with members of random priors, and disagreement of a plain bootstrap, which cannot see what it never met. */
export const SELECTION_ARMS: Readonly<Record<string, QueryArm>> = {
  ...Object.fromEntries(
    SELECTION_RULE_IDS.map((rule): [string, QueryArm] => [rule, { rule, ensemble: 'random-priors' }]),
  ),
  'disagreement, bootstrap only': { rule: 'disagreement', ensemble: 'bootstrap' },
};

export const SELECTION_DEFAULTS: SelectionStudyOptions = {
  seeds: 20,
  families: ['slots', 'facts'],
  arms: SELECTION_ARMS,
  pool: 1000,
  test: 1500,
  bestOf: 16,
  raters: { noisy: 8, careless: 2 },
  initial: 20,
  batch: 20,
  budgets: [40, 80, 160, 320],
  members: 8,
  ridge: 0.3,
  epsilon: 0,
};

/** `accuracy`: share of test pairs ordered as true utility does. `regret`: true utility that best-of-n under the reward leaves. */
export const SELECTION_OUTCOMES = ['accuracy', 'regret'] as const;
export type SelectionOutcome = (typeof SELECTION_OUTCOMES)[number];

export interface SelectionRow {
  readonly family: RewardFamilyId;
  readonly budget: number;
  readonly outcome: SelectionOutcome;
  readonly arm: string;
  readonly mean: number;
  readonly interval: Interval;
  /** Against random on the same seeds; null for random itself. */
  readonly difference: PairedDifference | null;
  /** At a false discovery rate of 5 % over the whole table. */
  readonly verdict: Verdict | 'baseline';
}
export interface SelectionStudy {
  readonly options: SelectionStudyOptions;
  readonly rows: readonly SelectionRow[];
}

const world = createHarbour();
const now = () => '2026-01-01T00:00:00Z';

interface Compared {
  readonly prompt: HarbourPrompt;
  readonly texts: readonly [string, string];
}

/** Comparisons of two replies of the base policy on training prompts, judged once each by a noisy pool. */
async function judgedPool(count: number, raters: SelectionStudyOptions['raters'], rng: Rng) {
  const items = await comparisonItems({
    world,
    prompts: world.prompts('train'),
    count,
    rng,
    projectId: 'selection',
    origin: 'base policy, exact',
    replies: async (asked) => asked.map((p) => Array.from({ length: 4 }, () => world.sampleBase(p, rng.uniform).text)),
  });
  const judgments = [];
  const pool = raterPool(world, raters).raters;
  for await (const j of collectJudgments({ items, raters: pool, overlap: 1, rng, now })) judgments.push(j);
  return { items, pairs: toPairs(items, judgments).pairs };
}

const differenceOf = (family: RewardFamily, { prompt, texts }: Compared): Float64Array => {
  const [first, second] = texts.map((text) => family.features(prompt, world.parse(prompt, text)!));
  return first!.map((v, i) => v - second![i]!);
};

/** What rewards of a family are judged by: test pairs, and all replies to some prompts with their true utility. */
async function examination(family: RewardFamily, options: SelectionStudyOptions) {
  const rng = createRng('selection/test');
  const { items } = await judgedPool(options.test, { oracle: 1 }, rng);
  const test = items.flatMap((item) => {
    const [prompt, gold] = [promptOf(item.prompt)!, item.gold];
    if (gold !== 0 && gold !== 1) return [];
    const texts = item.replies.map((reply) => reply.text) as [string, string];
    return [{ difference: differenceOf(family, { prompt, texts }), sign: gold === 0 ? 1 : -1 }];
  });
  const spaces = rng
    .shuffle(world.prompts('train'))
    .slice(0, 24)
    .map((prompt) => {
      const replies = world.replies(prompt);
      return {
        base: replies.map((reply) => reply.logprob),
        gold: replies.map((reply) => reply.gold),
        features: replies.map((reply) => sparse(family.features(prompt, reply.features))),
      };
    });
  const bestGold = (rewards: (space: (typeof spaces)[number]) => readonly number[]) =>
    mean(spaces.map((space) => expectation(bestOfNExact(space.base, rewards(space), options.bestOf), space.gold)));
  const most = bestGold((space) => space.gold);
  return (weights: Float64Array): Record<SelectionOutcome, number> => ({
    accuracy: mean(
      test.map(({ difference, sign }) => {
        const d = sign * difference.reduce((sum, v, i) => sum + v * weights[i]!, 0);
        return d === 0 ? 0.5 : Number(d > 0);
      }),
    ),
    regret: most - bestGold((space) => space.features.map((f) => f.reduce((sum, [i, v]) => sum + v * weights[i]!, 0))),
  });
}

const sparse = (features: Float64Array): (readonly [number, number])[] =>
  [...features].flatMap((v, i) => (v === 0 ? [] : [[i, v] as const]));

/** Outcomes by arm and budget, a value per seed. */
type Values = Map<string, Record<SelectionOutcome, number>[]>;

async function familyValues(id: RewardFamilyId, options: SelectionStudyOptions, finished: () => void): Promise<Values> {
  const family: RewardFamily = REWARD_FAMILIES[id];
  const examine = await examination(family, options);
  const values: Values = new Map();
  for (let seed = 1; seed <= options.seeds; seed++) {
    const rng = createRng(`selection-study/${seed}`);
    const { pairs } = await judgedPool(options.pool, options.raters, rng.fork('pool'));
    const questions = pairs.map((pair): Question => {
      const prompt = promptOf(pair.prompt)!;
      const features = differenceOf(family, { prompt, texts: [pair.first, pair.second] });
      return { id: pair.itemId, features, target: pair.target };
    });
    for (const [name, arm] of Object.entries(options.arms)) {
      for (const { budget, weights } of queryLoop(questions, arm, options, rng.fork(id))) {
        const key = `${budget}/${name}`;
        values.set(key, [...(values.get(key) ?? []), examine(weights)]);
      }
    }
    finished();
  }
  return values;
}

/** Runs the study: every arm on the same pools, starts and answers, seed by seed. `arms` must hold `random`. */
export async function selectionStudy(
  changes: Partial<SelectionStudyOptions> = {},
  progress: Progress = ignoreProgress,
): Promise<SelectionStudy> {
  const options = { ...SELECTION_DEFAULTS, ...changes };
  const total = options.families.length * options.seeds;
  const rng = createRng('selection/tests');
  const rows: (Omit<SelectionRow, 'verdict'> & { better: boolean })[] = [];
  let done = 0;
  for (const family of options.families) {
    const values = await familyValues(family, options, () => {
      done += 1;
      progress({ stage: 'selection', done, total, unit: 'seeds' });
    });
    for (const budget of options.budgets) {
      for (const outcome of SELECTION_OUTCOMES) {
        const of = (arm: string) => values.get(`${budget}/${arm}`)!.map((value) => value[outcome]);
        for (const arm of Object.keys(options.arms)) {
          const own = rng.fork(`${family}/${budget}/${outcome}/${arm}`);
          const difference = arm === 'random' ? null : pairedDifference(of(arm), of('random'), own);
          const better = difference !== null && difference.mean > 0 === (outcome === 'accuracy');
          rows.push({
            family,
            budget,
            outcome,
            arm,
            ...meanInterval(of(arm), { uniform: own.fork('mean').uniform }),
            difference,
            better,
          });
        }
      }
    }
  }
  const tested = rows.filter((row) => row.difference !== null);
  const found = benjaminiHochberg(tested.map((row) => row.difference!.p));
  const shown = new Set(tested.filter((_, i) => found[i]));
  return {
    options,
    rows: rows.map((row) => {
      const { better, ...rest } = row;
      const verdict = shown.has(row) ? (better ? 'better' : 'worse') : 'no difference shown';
      return { ...rest, verdict: row.difference === null ? 'baseline' : verdict };
    }),
  };
}
