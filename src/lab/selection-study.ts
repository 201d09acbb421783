import { type Item, toPairs } from '../feedback/index.ts';
import { type QueryArm, type QuerySettings, queryLoop, SELECTION_RULE_IDS } from '../reward/index.ts';
import { ignoreProgress, type Progress } from '../run/index.ts';
import { createRng, fitLogistic, type Interval, type LogisticRow, meanInterval, type Rng } from '../stats/index.ts';
import { raterPool, type SimulatedRaterKind } from '../world/index.ts';
import { baseItems, judgmentsOf } from './base-items.ts';
import { examine, questionFeatures } from './examination.ts';
import { HARBOUR } from './harbour.ts';
import { REWARD_FAMILIES, type RewardFamily, type RewardFamilyId } from './pair-features.ts';
import { type PairedDifference, pairedDifference, type Verdict, verdicts } from './paired.ts';

/** Rules against random at equal budget on the harbour (challenge H9): is asking by a rule worth it? */
export interface SelectionStudyOptions extends QuerySettings {
  readonly seeds: number;
  readonly families: readonly RewardFamilyId[];
  readonly arms: Readonly<Record<string, QueryArm>>;
  /** Comparisons to choose from, drawn anew for each seed. */
  readonly pool: number;
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

/** Comparisons of two replies of the base policy on training prompts, judged once each by a noisy pool. */
async function judgedPool(options: SelectionStudyOptions, rng: Rng): Promise<{ item: Item; target: number }[]> {
  const items = await baseItems(HARBOUR, { count: options.pool, rng, projectId: 'selection' });
  const byId = new Map(items.map((item) => [item.id, item]));
  const { raters } = raterPool(HARBOUR, options.raters);
  const judgments = await judgmentsOf({ items, raters, overlap: 1, rng });
  return toPairs(items, judgments).pairs.map(({ itemId, target }) => ({ item: byId.get(itemId)!, target }));
}

/** A question whose answer is known and hidden from the rule until it is asked. */
export interface AnsweredQuestion extends LogisticRow {
  readonly id: string;
}

/** Asks answered questions by a rule; the most probable weights at each budget. */
export async function* askedWithin(
  questions: readonly AnsweredQuestion[],
  settings: QueryArm & QuerySettings,
  rng: Rng,
): AsyncGenerator<{ budget: number; weights: Float64Array; asked: readonly string[] }> {
  const byId = new Map(questions.map((question) => [question.id, question]));
  const ask = async (chosen: readonly { id: string }[]) => chosen.map(({ id }) => byId.get(id)!);
  const size = questions[0]!.features.length;
  const ends = [...settings.budgets];
  for await (const { asked, rows } of queryLoop(questions, settings, { ask, rng })) {
    const ended =
      asked.length === questions.length ? ends.length : ends.filter((budget) => budget <= asked.length).length;
    const weights = ended > 0 ? fitLogistic(rows, size, { ridge: settings.ridge }) : new Float64Array();
    for (const budget of ends.splice(0, ended)) yield { budget, weights, asked: asked.map(({ id }) => id) };
  }
}

/** Outcomes by arm and budget, a value per seed. */
type Values = Map<string, Record<SelectionOutcome, number>[]>;

async function familyValues(id: RewardFamilyId, options: SelectionStudyOptions, finished: () => void): Promise<Values> {
  const family: RewardFamily = REWARD_FAMILIES[id];
  const exam = await examine(family);
  const values: Values = new Map();
  for (let seed = 1; seed <= options.seeds; seed++) {
    const rng = createRng(`selection-study/${seed}`);
    const judged = await judgedPool(options, rng.fork('pool'));
    const questions = judged.map(({ item, target }) => ({
      id: item.id,
      features: questionFeatures(family, item),
      target,
    }));
    for (const [name, arm] of Object.entries(options.arms)) {
      for await (const { budget, weights } of askedWithin(questions, { ...options, ...arm }, rng.fork(id))) {
        const key = `${budget}/${name}`;
        const value = { accuracy: exam.accuracy(weights), regret: exam.regret(weights) };
        values.set(key, [...(values.get(key) ?? []), value]);
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
  const rows: Omit<SelectionRow, 'verdict'>[] = [];
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
          rows.push({
            family,
            budget,
            outcome,
            arm,
            ...meanInterval(of(arm)),
            difference,
          });
        }
      }
    }
  }
  const tested = rows.filter((row) => row.difference !== null);
  const found = verdicts(
    tested.map((row) => row.difference!),
    (i) => tested[i]!.outcome === 'accuracy',
  );
  return {
    options,
    rows: rows.map((row) => ({ ...row, verdict: found[tested.indexOf(row)] ?? 'baseline' })),
  };
}
