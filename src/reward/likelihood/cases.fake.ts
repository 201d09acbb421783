import { type AnswerKind, softComparison } from '../../feedback/index.ts';
import type { Rng } from '../../stats/index.ts';
import { sigmoid } from '../../stats/index.ts';
import type { AttributeSeen, Candidate, Observation } from '../observation.ts';
import { LIKELIHOODS } from './index.ts';
import type { Likelihood } from './likelihood.ts';
import { partRewards } from './parts.ts';

/** Answers of one kind, drawn by their likelihood, for the contract and the study of recovery. */
export interface LikelihoodCase<K extends AnswerKind> {
  /** What is particular about it. */
  readonly name: string;
  readonly likelihood: Likelihood<K>;
  /** An answer about candidates as a rater gives it who follows the likelihood at these rewards. */
  answer(candidates: readonly Candidate[], rewards: Float64Array, rng: Rng): Observation<K>;
  /** Other answers about the same candidates, whose derivatives must hold as well: ties, margins, parts. */
  variants?(observation: Observation<K>): Observation<K>[];
  /** What answers identify: differences between candidates, or between parts of them (the level goes into a threshold). */
  readonly identifies?: 'candidates' | 'parts';
  /** Nuisances by which the answers are drawn, as far as they are told apart from the level of the rewards. */
  readonly truth?: Readonly<Record<string, number>>;
}

/** A logistic variable and a Gumbel one: noise of ratings and of choices. */
export const logistic = (rng: Rng): number => {
  const u = rng.uniform();
  return Math.log(u / (1 - u));
};
export const gumbel = (rng: Rng): number => -Math.log(-Math.log(rng.uniform()));

/** What a rater prefers most first, by Luce's choices one after the other. */
export const rankedByChoice = (rewards: Float64Array, rng: Rng): number[] => {
  const noisy = Array.from(rewards, (reward) => reward + gumbel(rng));
  return noisy.map((_, i) => i).sort((a, b) => noisy[b]! - noisy[a]!);
};

export const sourceOfTest = (i: number) => ({
  judgmentId: `judgment-${i}`,
  itemId: `item-${i}`,
  raterId: `rater-${i % 3}`,
  strata: {},
});

const shownIn = (order: readonly number[]) => order.map((_, i) => order.indexOf(i));
const unshown = (candidates: readonly Candidate[]) => candidates.map(() => null);
/** Log-odds of standing first, where answers know of places. */
const FIRST = 0.5;

/** Candidates in an order, with the bonus of standing first. */
function inOrder(candidates: readonly Candidate[], rewards: Float64Array, rng: Rng) {
  const order = rng.shuffle(candidates.map((_, i) => i));
  const utilities = rewards.slice();
  utilities[order[0]!]! += FIRST;
  return { shown: shownIn(order), utilities };
}

const comparison: LikelihoodCase<'comparison'> = {
  name: 'best of k',
  likelihood: LIKELIHOODS.comparison,
  truth: { position: FIRST },
  answer(candidates, rewards, rng) {
    const { shown, utilities } = inOrder(candidates, rewards, rng);
    const outcome = rankedByChoice(utilities, rng)[0]!;
    const answer = { kind: 'comparison', outcome } as const;
    return { kind: 'comparison', candidates, answer, shown, weight: 1, ...sourceOfTest(0) };
  },
  variants: (own) => [
    { ...own, answer: { kind: 'comparison', outcome: 'tie' } },
    { ...own, answer: { kind: 'comparison', outcome: 'tie' }, ties: 'davidson' },
    { ...own, ties: 'davidson' },
    {
      ...own,
      answer: softComparison(own.candidates.map((_, i, all) => (2 * (i + 1)) / (all.length * (all.length + 1)))),
    },
    { ...own, answer: { kind: 'comparison', outcome: 0, strength: 3 }, strength: 'margin' },
    ...([1, 2, 3] as const).map(
      (strength): Observation<'comparison'> => ({
        ...own,
        answer: { kind: 'comparison', outcome: 1, strength },
        strength: 'graded',
      }),
    ),
    { ...own, answer: { kind: 'comparison', outcome: 0 }, strength: 'graded' },
    { ...own, answer: { kind: 'comparison', outcome: 'tie' }, strength: 'graded' },
  ],
};

const LOG_DELTA = -0.3;
/** A set out of those left, of one or two replies (all three where three tie are meant), by Davidson–Luce. */
function drawnSet(utilities: Float64Array, left: readonly number[], sizes: readonly number[], rng: Rng): number[] {
  const sets = sizes.flatMap((size) =>
    size === 1
      ? left.map((i) => [i])
      : size === 2
        ? left.flatMap((i, k) => left.slice(k + 1).map((j) => [i, j]))
        : [[...left]],
  );
  const worths = sets.map((set) =>
    Math.exp((set.length > 1 ? LOG_DELTA : 0) + set.reduce((sum, i) => sum + utilities[i]!, 0) / set.length),
  );
  return sets[rng.choose(worths)]!;
}

const tiedComparison: LikelihoodCase<'comparison'> = {
  name: 'best of two or a tie (Davidson)',
  likelihood: LIKELIHOODS.comparison,
  truth: { position: FIRST, 'ties/comparison of 2': LOG_DELTA },
  answer(candidates, rewards, rng) {
    const two = rng.shuffle(candidates.map((_, i) => i)).slice(0, 2);
    const { shown, utilities } = inOrder(
      two.map((i) => candidates[i]!),
      Float64Array.from(two, (i) => rewards[i]!),
      rng,
    );
    const set = drawnSet(utilities, [0, 1], [1, 2], rng);
    const answer = { kind: 'comparison', outcome: set.length === 2 ? 'tie' : set[0]! } as const;
    const own = two.map((i) => candidates[i]!);
    return { kind: 'comparison', candidates: own, answer, shown, ties: 'davidson', weight: 1, ...sourceOfTest(0) };
  },
  variants: (own) => [{ ...own, answer: { kind: 'comparison', outcome: 'tie' } }],
};

/** Bands of strengths, in log-odds. */
const BANDS = { tie: 0.4, slightly: 0.8, clearly: 1.2 };
const gradedComparison: LikelihoodCase<'comparison'> = {
  name: 'best of two with strength in bands',
  likelihood: LIKELIHOODS.comparison,
  truth: {
    'strength/tie': Math.log(BANDS.tie),
    'strength/slightly': Math.log(BANDS.slightly),
    'strength/clearly': Math.log(BANDS.clearly),
  },
  answer(candidates, rewards, rng) {
    const two = rng.shuffle(candidates.map((_, i) => i)).slice(0, 2);
    const latent = rewards[two[0]!]! - rewards[two[1]!]! + logistic(rng);
    const size = Math.abs(latent);
    const outcome = latent > 0 ? 0 : 1;
    const strength = size < BANDS.tie + BANDS.slightly ? 1 : size < BANDS.tie + BANDS.slightly + BANDS.clearly ? 2 : 3;
    const answer =
      size < BANDS.tie
        ? ({ kind: 'comparison', outcome: 'tie' } as const)
        : ({ kind: 'comparison', outcome, strength } as const);
    const own = two.map((i) => candidates[i]!);
    const how = { strength: 'graded', ties: 'davidson' } as const;
    return { kind: 'comparison', candidates: own, answer, shown: unshown(own), ...how, weight: 1, ...sourceOfTest(0) };
  },
  variants: (own) => [{ ...own, answer: { kind: 'comparison', outcome: 'tie' } }],
};

const ranking: LikelihoodCase<'ranking'> = {
  name: 'all replies ranked',
  likelihood: LIKELIHOODS.ranking,
  truth: { position: FIRST },
  answer(candidates, rewards, rng) {
    const { shown, utilities } = inOrder(candidates, rewards, rng);
    const groups = rankedByChoice(utilities, rng).map((reply) => [reply]);
    const answer = { kind: 'ranking', groups } as const;
    return { kind: 'ranking', candidates, answer, shown, weight: 1, ...sourceOfTest(0) };
  },
  // All tie; the first of the ranking and all others; the last two; the same as outcomes of their own.
  variants: (own) => {
    const replies = own.answer.groups.flat();
    return [[replies], [replies.slice(0, 1), replies.slice(1)], [...own.answer.groups.slice(0, -2), replies.slice(-2)]]
      .map((groups) => groups.filter((group) => group.length > 0))
      .flatMap((groups): Observation<'ranking'>[] => [
        { ...own, answer: { kind: 'ranking', groups } },
        { ...own, answer: { kind: 'ranking', groups }, ties: 'davidson' },
      ]);
  },
};

const tiedRanking: LikelihoodCase<'ranking'> = {
  name: 'partial, with ties (Davidson–Luce)',
  likelihood: LIKELIHOODS.ranking,
  truth: { position: FIRST, 'ties/ranking of 2': LOG_DELTA },
  answer(candidates, rewards, rng) {
    const { shown, utilities } = inOrder(candidates, rewards, rng);
    const groups = [];
    let left = candidates.map((_, i) => i);
    while (left.length > 0) {
      const set = left.length === 1 ? left : drawnSet(utilities, left, [1, 2], rng);
      groups.push(set);
      left = left.filter((i) => !set.includes(i));
      // Now and then nobody goes on to rank the rest.
      if (groups.length === 1 && rng.uniform() < 0.3) break;
    }
    const answer = { kind: 'ranking', groups } as const;
    return { kind: 'ranking', candidates, answer, shown, ties: 'davidson', weight: 1, ...sourceOfTest(0) };
  },
};

const CUTS = [-2, -0.5, 0.5, 2];
const rating: LikelihoodCase<'rating'> = {
  name: 'five classes',
  likelihood: LIKELIHOODS.rating,
  truth: { 'rating/overall/1–5 by 1/cut 1': Math.log(1.5), 'rating/overall/1–5 by 1/cut 2': 0 },
  answer(candidates, rewards, rng) {
    const scale = { min: 1, max: 5, step: 1 };
    const value = (reward: number) => {
      const latent = reward + logistic(rng);
      return 1 + CUTS.filter((cut) => latent > cut).length;
    };
    const values = candidates.map((_, reply) => ({ reply, criterion: 'overall', value: value(rewards[reply]!) }));
    const answer = { kind: 'rating', scale, values } as const;
    return { kind: 'rating', candidates, answer, shown: unshown(candidates), weight: 1, ...sourceOfTest(0) };
  },
};

const correction: LikelihoodCase<'correction'> = {
  name: 'over the reply and others',
  likelihood: LIKELIHOODS.correction,
  answer(candidates, rewards, rng) {
    const order = rankedByChoice(rewards, rng);
    const [best, ...rest] = order;
    const own = rng.shuffle(rest).map((i) => candidates[i]!);
    const all = [own[0]!, candidates[best!]!, ...own.slice(1)];
    const answer = { kind: 'correction', reply: 0, text: candidates[best!]!.reply } as const;
    return { kind: 'correction', candidates: all, answer, shown: unshown(all), weight: 1, ...sourceOfTest(0) };
  },
};

const demonstration: LikelihoodCase<'demonstration'> = {
  name: 'over other replies',
  likelihood: LIKELIHOODS.demonstration,
  answer(candidates, rewards, rng) {
    const all = rankedByChoice(rewards, rng).map((i) => candidates[i]!);
    const answer = { kind: 'demonstration', text: all[0]!.reply } as const;
    return { kind: 'demonstration', candidates: all, answer, shown: unshown(all), weight: 1, ...sourceOfTest(0) };
  },
};

/** Two attributes as a rater sees them in parts: `sound` speaks for a part, `rude` less loudly against it. */
const THRESHOLDS = { sound: -0.4, rude: 0.6 };
const LOUDNESS = { sound: 0, rude: -0.4 };
const ATTRIBUTES = ['sound', 'rude'] as const;
const attributesIn = (parts: Float64Array, rng: Rng): AttributeSeen[] =>
  ATTRIBUTES.map((name) => {
    const speaks = name === 'sound' ? 1 : -1;
    const chance = (own: number) => sigmoid(speaks * Math.exp(LOUDNESS[name]) * own - THRESHOLDS[name]);
    return { name, speaks, seen: Array.from(parts, (own) => rng.uniform() < chance(own)) };
  });
const attributeTruth = (kind: string) => ({ [`${kind}/rude/slope`]: LOUDNESS.rude });
/** One of the candidates. */
const oneOf = (candidates: readonly Candidate[], rewards: Float64Array, rng: Rng) => {
  const i = rng.integer(candidates.length);
  return { own: [candidates[i]!], reward: Float64Array.of(rewards[i]!) };
};

const label: LikelihoodCase<'label'> = {
  name: 'two stated labels',
  likelihood: LIKELIHOODS.label,
  truth: attributeTruth('label'),
  answer(candidates, rewards, rng) {
    const { own, reward } = oneOf(candidates, rewards, rng);
    const attributes = attributesIn(reward, rng);
    const labels = attributes.filter(({ seen }) => seen[0]!).map(({ name }) => name);
    const answer = { kind: 'label', reply: 0, labels } as const;
    return { kind: 'label', candidates: own, answer, attributes, shown: [0], weight: 1, ...sourceOfTest(0) };
  },
};

const critique: LikelihoodCase<'critique'> = {
  name: 'two attributes by stated phrases',
  likelihood: LIKELIHOODS.critique,
  truth: attributeTruth('critique'),
  answer(candidates, rewards, rng) {
    const { own, reward } = oneOf(candidates, rewards, rng);
    const attributes = attributesIn(reward, rng);
    const answer = { kind: 'critique', reply: 0, text: 'It is …' } as const;
    return { kind: 'critique', candidates: own, answer, attributes, shown: [0], weight: 1, ...sourceOfTest(0) };
  },
};

const spans: LikelihoodCase<'spans'> = {
  name: 'two stated marks, candidates as places',
  likelihood: LIKELIHOODS.spans,
  identifies: 'parts',
  truth: attributeTruth('spans'),
  answer(candidates, rewards, rng) {
    const attributes = attributesIn(partRewards(rewards), rng);
    const answer = { kind: 'spans', reply: candidates.length - 1, spans: [] } as const;
    const shown = unshown(candidates);
    return {
      kind: 'spans',
      candidates,
      answer: { ...answer, spans: [] },
      attributes,
      shown,
      weight: 1,
      ...sourceOfTest(0),
    };
  },
};

const STEP_CUTS = [-0.8, 0.6] as const;
const steps: LikelihoodCase<'steps'> = {
  name: 'three bands, candidates as places',
  likelihood: LIKELIHOODS.steps,
  identifies: 'parts',
  truth: { 'steps/neutral': Math.log(STEP_CUTS[1] - STEP_CUTS[0]) },
  answer(candidates, rewards, rng) {
    const labels = Array.from(partRewards(rewards), (own) => {
      const latent = own + logistic(rng);
      return latent < STEP_CUTS[0] ? -1 : latent < STEP_CUTS[1] ? 0 : 1;
    });
    const answer = {
      kind: 'steps',
      reply: candidates.length - 1,
      mode: 'per-step',
      labels,
    } as Observation<'steps'>['answer'];
    return { kind: 'steps', candidates, answer, shown: unshown(candidates), weight: 1, ...sourceOfTest(0) };
  },
  variants: (own) =>
    ([-1, 0, 1] as const).map((first) => ({
      ...own,
      answer: { ...own.answer, labels: own.answer.labels.map((_, k) => (k === 0 ? first : null)) },
    })),
};

/** Cases of every kind: one without a case is a type error. */
export const LIKELIHOOD_CASES: { readonly [K in AnswerKind]: readonly LikelihoodCase<K>[] } = {
  comparison: [comparison, tiedComparison, gradedComparison],
  ranking: [ranking, tiedRanking],
  rating: [rating],
  label: [label],
  correction: [correction],
  spans: [spans],
  steps: [steps],
  critique: [critique],
  demonstration: [demonstration],
};
