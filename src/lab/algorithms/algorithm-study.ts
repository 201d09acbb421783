import type { Engine } from '../../engine/index.ts';
import {
  ALGORITHM_IDS,
  type AlgorithmId,
  algorithmSchema,
  type Demonstration,
  type PolicyPair,
  runAlgorithm,
} from '../../policy/index.ts';
import type { Progress } from '../../run/index.ts';
import { createRng, type Interval, mean, meanInterval, type Rng, sigmoid } from '../../stats/index.ts';
import {
  expectation,
  GROUNDS,
  type GroundId,
  type GroundPrompt,
  type ListedGround,
  type RewardedSpace,
  sharedBeta,
  tiltAtMeanKl,
} from '../../world/index.ts';
import { countedModel, countedSampler, type TokenCounts } from './counted.ts';
import { gapOf, listedPolicy, type OptimalityGap, rewardedSpaces } from './listed-policy.ts';
import { REPLY_TOKENS, STUDY_BASE, type StudyBase, type StudyBaseSettings, trainStudyBase } from './study-base.ts';

/** The grounds whose replies can be listed. */
export const LISTED_GROUNDS = Object.keys(GROUNDS) as GroundId[];

type Changes = Readonly<Record<string, number | string | boolean>>;
const SAMPLED = { promptsPerStep: 4, samples: 8, maxTokens: REPLY_TOKENS, missingEosPenalty: 0, schedule: 'linear' };
const JUDGED = { batch: 32, schedule: 'linear' };

/**
 * How each algorithm is run, by the β of the optimum at the study's KL: with the weight of KL under which its own objective has the optimum at the study's KL, where theory
 * tells one, and a learning rate that was tried on other seeds than those that are reported. An algorithm without a row does not
 * compile.
 */
export const STUDIED: { readonly [K in AlgorithmId]: (own: { readonly beta: number }) => Changes } = {
  rloo: ({ beta }) => ({ ...SAMPLED, beta, learningRate: 1e-3 }),
  // Rewards have a unit here, and divided by their deviation within a group they would lose it.
  grpo: ({ beta }) => ({ ...SAMPLED, beta, scale: 'none', learningRate: 1e-3 }),
  reinforce: ({ beta }) => ({ ...SAMPLED, beta, learningRate: 1e-3 }),
  'reinforce-plus-plus': ({ beta }) => ({ ...SAMPLED, beta, learningRate: 1e-3 }),
  ppo: ({ beta }) => ({ ...SAMPLED, beta, learningRate: 5e-4, criticLearningRate: 1e-3, epochs: 2 }),
  raft: () => ({ ...SAMPLED, learningRate: 5e-4 }),
  'online-dpo': ({ beta }) => ({ ...SAMPLED, beta, learningRate: 5e-4 }),
  dpo: ({ beta }) => ({ ...JUDGED, beta, learningRate: 1e-4 }),
  simpo: () => ({ ...JUDGED, learningRate: 5e-5 }),
  orpo: () => ({ ...JUDGED, learningRate: 5e-4 }),
  kto: ({ beta }) => ({ ...JUDGED, beta, learningRate: 1e-4 }),
  'feedback-pretraining': () => ({ ...JUDGED, method: 'conditional', learningRate: 5e-4 }),
};

export interface AlgorithmStudySettings {
  readonly grounds: readonly GroundId[];
  readonly algorithms: readonly AlgorithmId[];
  readonly seeds: number;
  readonly firstSeed: number;
  readonly steps: number;
  /** Prompts that are trained on and that sums are made over. */
  readonly prompts: number;
  /** Judged pairs, for algorithms that learn from those: replies of the base policy, chosen as Bradley–Terry has it by their true utility. */
  readonly pairs: number;
  /** Nats at which algorithms are held against the optimum. */
  readonly kl: number;
  readonly base: StudyBaseSettings;
}
export const ALGORITHM_STUDY: AlgorithmStudySettings = {
  ...{ grounds: ['harbour'], algorithms: ALGORITHM_IDS, seeds: 5, firstSeed: 1, steps: 200, prompts: 4, pairs: 4000 },
  ...{ kl: 2, base: STUDY_BASE },
};

/** A run: how far it was from the optimum at some steps, the last one last, and what it cost. */
export interface AlgorithmRun {
  readonly seed: number;
  readonly path: readonly (OptimalityGap & { readonly step: number })[];
  readonly tokens: TokenCounts;
  readonly seconds: number;
}

export interface AlgorithmResult {
  readonly ground: GroundId;
  readonly algorithm: AlgorithmId;
  readonly settings: Changes;
  readonly runs: readonly AlgorithmRun[];
  /** Share of the optimum's gain at the KL that the last step has: over seeds. */
  readonly share: { readonly mean: number; readonly interval: Interval };
  /** KL at the last step, in nats: over seeds. */
  readonly kl: { readonly mean: number; readonly interval: Interval };
  /** Tokens a step, over all runs. */
  readonly tokensAStep: TokenCounts;
  readonly secondsAStep: number;
}

export interface AlgorithmStudy {
  readonly settings: Omit<AlgorithmStudySettings, 'grounds' | 'algorithms'>;
  readonly grounds: readonly {
    readonly ground: GroundId;
    readonly beta: number;
    /** Probability that the base policy gives to texts that are no reply; its mean reward, and the optimum's gain at the study's KL. */
    readonly rest: number;
    readonly start: number;
    readonly best: number;
  }[];
  readonly results: readonly AlgorithmResult[];
}

/** What is asked of a machine: an engine, somewhere to keep a base model, a clock. */
export interface AlgorithmStudyMeans {
  readonly engine: Engine;
  readonly folder: string;
  /** Seconds. */
  readonly clock: () => number;
}

/** A ground ready to be trained on. */
interface Bench {
  readonly ground: ListedGround;
  readonly prompts: readonly GroundPrompt[];
  readonly base: StudyBase;
  readonly spaces: readonly RewardedSpace[];
  /** Of the optimum at the study's KL. */
  readonly beta: number;
}

/** A prompt, and a way to draw replies to it as the base policy says them. */
function drawnPrompt({ prompts, spaces, ground }: Bench, rng: Rng) {
  const p = rng.integer(prompts.length);
  const prompt = prompts[p]!;
  const replies = ground.replies(prompt);
  const listed = spaces[p]!.logprobs.slice(0, replies.length).map(Math.exp);
  return { prompt: prompt.text, draw: () => replies[rng.choose(listed)]! };
}

/** Replies as the base policy says them. */
const saidTexts = (bench: Bench, count: number, rng: Rng): Demonstration[] =>
  Array.from({ length: count }, () => {
    const { prompt, draw } = drawnPrompt(bench, rng);
    return { prompt, reply: draw().text };
  });

/** Pairs of replies that the base policy would say, of which the better one is chosen as Bradley–Terry has it. */
function judgedPairs(bench: Bench, count: number, rng: Rng): PolicyPair[] {
  const pairs: PolicyPair[] = [];
  while (pairs.length < count) {
    const { prompt, draw } = drawnPrompt(bench, rng);
    const [a, b] = [draw(), draw()];
    if (a.text === b.text) continue;
    const [chosen, rejected] = rng.uniform() < sigmoid(a.gold - b.gold) ? [a, b] : [b, a];
    pairs.push({ prompt, chosen: chosen.text, rejected: rejected.text, weight: 1 });
  }
  return pairs;
}

async function benchOf(
  { engine, folder }: AlgorithmStudyMeans,
  id: GroundId,
  settings: AlgorithmStudySettings,
  progress: Progress,
): Promise<Bench> {
  const ground: ListedGround = GROUNDS[id]();
  const base = await trainStudyBase(engine, { ground, folder: `${folder}/${id}`, settings: settings.base }, progress);
  const prompts = createRng(1).fork('prompts').shuffle(ground.prompts('train')).slice(0, settings.prompts);
  const model = await engine.createModel(base.spec, { from: base.folder });
  const policy = await listedPolicy(await model.sampler(), base.codec, { ground, prompts });
  await model.dispose();
  const spaces = rewardedSpaces(policy, { ground, prompts });
  return { ground, prompts, base, spaces, beta: sharedBeta(spaces, settings.kl) };
}

/** Mean reward of the best policy at a mean KL. */
const optimum = (spaces: readonly RewardedSpace[], kl: number): number =>
  mean(tiltAtMeanKl(spaces, kl).map((policy, p) => expectation(policy, spaces[p]!.rewards)));

/** Steps after which a run is held against the optimum. */
const looksOf = (steps: number): number[] =>
  [0.25, 0.5, 0.75, 1].map((share) => Math.max(1, Math.round(share * steps)));

async function runOf(
  { engine, clock }: AlgorithmStudyMeans,
  bench: Bench,
  {
    algorithm,
    changes,
    seed,
    settings,
  }: {
    readonly algorithm: AlgorithmId;
    readonly changes: Changes;
    readonly seed: number;
    readonly settings: AlgorithmStudySettings;
  },
): Promise<AlgorithmRun> {
  const { ground, prompts, base, spaces } = bench;
  const tokens: TokenCounts = { trained: 0, scored: 0, sampled: 0 };
  const model = await engine.createModel(base.spec, { from: base.folder });
  const reference = await model.sampler({ retain: true });
  const critic = await engine.createModel({ ...base.spec, scalarHead: true }, { from: base.folder });
  const rng = createRng(seed).fork('algorithm study');
  const context = {
    model: countedModel(model, tokens),
    reference: countedSampler(reference, tokens),
    critic: countedModel(critic, tokens),
    codec: base.codec,
    prompts,
    demonstrations: saidTexts(bench, 2 * settings.pairs, rng.fork('texts')),
    pairs: judgedPairs(bench, settings.pairs, rng.fork('pairs')),
    scores: async (prompt: GroundPrompt, replies: readonly string[]) =>
      replies.map((reply) => ({ mean: ground.gold(ground.promptOf(prompt.text) ?? prompt, reply) })),
    seed,
    samplerKlLimit: engine.capabilities().samplerKl,
  };
  const looks = looksOf(settings.steps);
  const path: AlgorithmRun['path'][number][] = [];
  let seconds = 0;
  let since = clock();
  const own = algorithmSchema({}).parse({ algorithm, steps: settings.steps, ...changes });
  for await (const { step } of runAlgorithm(context, own)) {
    if (!looks.includes(step)) continue;
    seconds += clock() - since;
    const policy = await listedPolicy(await model.sampler(), base.codec, { ground, prompts });
    path.push({ step, ...gapOf(policy, spaces) });
    since = clock();
  }
  await reference.dispose();
  await critic.dispose();
  await model.dispose();
  return { seed, path, tokens, seconds };
}

/** Over seeds, of the last look at each run. */
const lastOf = (runs: readonly AlgorithmRun[], value: (gap: OptimalityGap) => number) =>
  meanInterval(runs.map(({ path }) => value(path.at(-1)!)));

/**
 * How far each algorithm is from the optimum of what it maximises, on grounds whose replies can be listed: a small model is
 * trained on some prompts against the true utility, and its policy is read off exactly on every reply.
 */
export async function algorithmStudy(
  means: AlgorithmStudyMeans,
  changes: Partial<AlgorithmStudySettings>,
  progress: Progress,
): Promise<AlgorithmStudy> {
  const settings = { ...ALGORITHM_STUDY, ...changes };
  const { grounds, algorithms, seeds, firstSeed, steps } = settings;
  const results: AlgorithmResult[] = [];
  const described: AlgorithmStudy['grounds'][number][] = [];
  for (const id of grounds) {
    const bench = await benchOf(means, id, settings, progress);
    const start = mean(bench.spaces.map(({ logprobs, rewards }) => expectation(logprobs, rewards)));
    const rest = mean(bench.spaces.map(({ logprobs }) => Math.exp(logprobs.at(-1)!)));
    described.push({
      ground: id,
      beta: bench.beta,
      rest,
      start,
      best: optimum(bench.spaces, settings.kl) - start,
    });
    for (const algorithm of algorithms) {
      const own = STUDIED[algorithm](bench);
      const runs: AlgorithmRun[] = [];
      for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
        runs.push(await runOf(means, bench, { algorithm, changes: own, seed, settings }));
        progress({ stage: `${algorithm} on ${id}`, done: runs.length, total: seeds, unit: 'seeds' });
      }
      const each = (value: (run: AlgorithmRun) => number) => mean(runs.map(value)) / steps;
      results.push({
        ...{ ground: id, algorithm, settings: own, runs },
        share: lastOf(runs, ({ gain, best }) => gain / best),
        kl: lastOf(runs, ({ kl }) => kl),
        tokensAStep: {
          trained: each(({ tokens }) => tokens.trained),
          scored: each(({ tokens }) => tokens.scored),
          sampled: each(({ tokens }) => tokens.sampled),
        },
        secondsAStep: each(({ seconds }) => seconds),
      });
    }
  }
  const { grounds: _, algorithms: __, ...told } = settings;
  return { settings: told, grounds: described, results };
}
