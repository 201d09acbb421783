import { type Item, type Judgment, toPairs } from '../feedback/index.ts';
import { createRng, mean } from '../stats/index.ts';
import { bestOfNExact, expectation, type HarbourPrompt, kl, tilt } from '../world/index.ts';
import { type Change, type CurvePoint, type Noticed, sentenceOf } from './explore-words.ts';
import { ALL_SLOTS, type FeatureReward, fitFeatureReward, type Slot } from './feature-reward.ts';
import { HARBOUR } from './harbour.ts';
import { judged, type Space, spaceOf } from './scene.ts';
import { type Setting, USUAL } from './setting.ts';

/**
 * The harbour's loop as something to turn the knobs of: raters, a fitted reward, and the exact policies that it makes at every
 * strength of optimisation, fast enough to follow a hand. Replies and probes are those of a run.
 */

/** Raters in all; who is not biased is honest and noisy. */
export const RATERS = 8;

/** What can be hidden from the reward: whether it sees a reply's truth, its length, … */
export const SIGHTS = {
  truth: ['right'],
  agreement: ['agrees'],
  length: ['details', 'anyDetail'],
  confidence: ['sure'],
  evidence: ['evidence'],
  flattery: ['flattery'],
  insult: ['harm'],
} as const satisfies Readonly<Record<string, readonly Slot[]>>;
export type Sight = keyof typeof SIGHTS;
export const SIGHT_IDS = Object.keys(SIGHTS) as Sight[];

/** What people said and what the reward could see: a reward follows from it. */
export interface Taught {
  /** Raters to whom agreement with the user is worth more than truth, and raters who like long replies; together `RATERS` at most. */
  readonly sycophantic: number;
  readonly lengthBiased: number;
  readonly pairs: number;
  /** What the reward cannot see. */
  readonly blind: readonly Sight[];
  readonly seed: number;
}

/** How hard the reward is optimised: the exact tilt at a KL in nats a reply, or the best of n replies. */
export type Strength = { readonly by: 'kl'; readonly kl: number } | { readonly by: 'n'; readonly n: number };

/** Agreement is worth this to a sycophantic rater; truth is worth four and a bit. */
const AGREEMENT = 10;

const settingOf = ({ sycophantic, lengthBiased, pairs, blind }: Taught): Setting => {
  const hidden = new Set<Slot>(blind.flatMap((sight) => SIGHTS[sight]));
  return {
    ...USUAL,
    raters: { noisy: Math.max(0, RATERS - sycophantic - lengthBiased), sycophantic, 'length-biased': lengthBiased },
    agreementWeight: AGREEMENT,
    pairs,
    slots: ALL_SLOTS.filter((slot) => !hidden.has(slot)),
  };
};

/** A reward with the exact space of replies to every prompt; what it was taught with is kept for the audit. */
export interface Lesson {
  readonly taught: Taught;
  readonly items: readonly Item[];
  readonly judgments: readonly Judgment[];
  readonly reward: FeatureReward;
  /** Rewards in deviations of the base policy's, zero at its mean. */
  readonly spaces: readonly Space[];
}

export async function teach(taught: Taught): Promise<Lesson> {
  const rng = createRng(taught.seed).fork('explore');
  const setting = settingOf(taught);
  const { items, judgments } = await judged(setting, rng);
  const reward = fitFeatureReward(HARBOUR, toPairs(items, judgments).pairs, setting.slots);
  const raw = HARBOUR.prompts('train').map((prompt) => spaceOf(reward, prompt, setting));
  const middles = raw.map(({ base, rewards }) => expectation(base, rewards));
  const spread = Math.sqrt(
    mean(
      raw.map(({ base, rewards }, i) =>
        expectation(
          base,
          rewards.map((r) => (r - middles[i]!) ** 2),
        ),
      ),
    ),
  );
  // A reward that sees nothing gives every reply the same: there is no deviation to tell it in.
  const unit = spread < 1e-9 ? 1 : spread;
  const spaces = raw.map((space, i) => ({ ...space, rewards: space.rewards.map((r) => (r - middles[i]!) / unit) }));
  return { taught, items, judgments, reward, spaces };
}

/** A policy on every prompt, as log-probabilities of the listed replies, with what it is worth prompt by prompt. */
export interface ExactPolicy {
  readonly logprobs: readonly (readonly number[])[];
  readonly kl: number;
  readonly proxy: readonly number[];
  readonly gold: readonly number[];
}

function policyOf(spaces: readonly Space[], logprobs: readonly (readonly number[])[]): ExactPolicy {
  return {
    logprobs,
    kl: mean(spaces.map(({ base }, i) => kl(logprobs[i]!, base))),
    proxy: spaces.map(({ rewards }, i) => expectation(logprobs[i]!, rewards)),
    gold: spaces.map(({ gold }, i) => expectation(logprobs[i]!, gold)),
  };
}

const tiltedAt = (spaces: readonly Space[], beta: number): ExactPolicy =>
  policyOf(
    spaces,
    spaces.map(({ base, rewards }) => (beta === Number.POSITIVE_INFINITY ? base : tilt(base, rewards, beta))),
  );
const bestOf = (spaces: readonly Space[], n: number): ExactPolicy =>
  policyOf(
    spaces,
    spaces.map(({ base, rewards }) => bestOfNExact(base, rewards, n)),
  );

/** One β for all prompts, as an optimiser has it, at which their mean KL is so much; as near as the rewards allow. */
function tiltedTo(spaces: readonly Space[], target: number): ExactPolicy {
  if (target <= 0) return tiltedAt(spaces, Number.POSITIVE_INFINITY);
  let [low, high] = [-6, 6];
  for (let i = 0; i < 24; i++) {
    const middle = (low + high) / 2;
    if (tiltedAt(spaces, Math.exp(middle)).kl > target) low = middle;
    else high = middle;
  }
  return tiltedAt(spaces, Math.exp(high));
}

/** The hardest that can be asked for: nats, and replies to choose from. */
export const HARDEST = { kl: 6, n: 1024 } as const;
/** β of the curve, from a touch to as hard as it goes. */
const BETAS = [Number.POSITIVE_INFINITY, ...Array.from({ length: 16 }, (_, i) => 4 * 0.62 ** i)];
const DRAWS = Array.from({ length: Math.log2(HARDEST.n) + 1 }, (_, i) => 2 ** i);

const pointOf = ({ kl, proxy, gold }: ExactPolicy): CurvePoint => ({ kl, proxy: mean(proxy), gold: mean(gold) });

/** A prompt with the likeliest answer of the base and of the tuned policy. */
export interface Exchange {
  readonly prompt: string;
  readonly before: { readonly text: string; readonly proxy: number; readonly gold: number };
  readonly after: { readonly text: string; readonly proxy: number; readonly gold: number };
}

/** What people notice of a policy: each is the mean of something over the replies to some prompts. */
const CHANGES: {
  readonly [N in Noticed]: {
    readonly about: (prompt: HarbourPrompt) => boolean;
    readonly of: (prompt: HarbourPrompt, text: string) => number;
  };
} = {
  truth: { about: () => true, of: (prompt, text) => Number(HARBOUR.labels(prompt, text)!.correct) },
  agreement: {
    about: ({ belief }) => belief === 'wrong',
    of: (prompt, text) => Number(HARBOUR.labels(prompt, text)!.agrees),
  },
  words: { about: () => true, of: (_, text) => text.split(' ').length },
  sure: {
    about: () => true,
    of: (prompt, text) => Number(HARBOUR.parse(prompt, text)!.confidence === 'sure'),
  },
};
const CHANGE_NAMES = Object.keys(CHANGES) as Noticed[];

function changesOf(spaces: readonly Space[], after: ExactPolicy): Change[] {
  return CHANGE_NAMES.map((what) => {
    const { about, of } = CHANGES[what];
    const own = spaces.flatMap((space, i) => (about(space.prompt) ? [{ space, logprobs: after.logprobs[i]! }] : []));
    const rows = own.map(({ space: { prompt, replies, base }, logprobs }) => {
      const values = replies.map(({ text }) => of(prompt, text));
      return { before: expectation(base, values), after: expectation(logprobs, values) };
    });
    return { what, before: mean(rows.map((r) => r.before)), after: mean(rows.map((r) => r.after)) };
  });
}

/** What a reward makes of the policy at a strength. */
export interface Scene {
  /** From the base policy to the hardest. */
  readonly curve: readonly CurvePoint[];
  /** Where the strength that was asked for stands on it. */
  readonly here: CurvePoint;
  readonly exchanges: readonly Exchange[];
  readonly changes: readonly Change[];
  /** What one sees, in a sentence. */
  readonly sentence: string;
}

/** The policies of the curve, from the base policy to the hardest. */
export const policiesOf = ({ spaces }: Lesson, { by }: Pick<Strength, 'by'>): ExactPolicy[] =>
  by === 'n'
    ? DRAWS.map((n) => bestOf(spaces, n))
    : BETAS.map((beta) => tiltedAt(spaces, beta)).filter((policy) => policy.kl <= HARDEST.kl);
/** The policy that was asked for. */
export const policyAtStrength = ({ spaces }: Lesson, strength: Strength): ExactPolicy =>
  strength.by === 'n' ? bestOf(spaces, strength.n) : tiltedTo(spaces, strength.kl);

/** Place of the likeliest reply that answers: a refusal has one wording, so that alone it is likelier than any answer. */
const likeliest = ({ replies }: Space, logprobs: readonly number[]): number =>
  logprobs.reduce(
    (best, lp, i) => (!replies[i]!.features.refusal && (best < 0 || lp > logprobs[best]!) ? i : best),
    -1,
  );

/** One prompt of each kind of user. */
function exchangesOf(spaces: readonly Space[], after: ExactPolicy): Exchange[] {
  return (['wrong', 'none', 'right'] as const).flatMap((belief): Exchange[] => {
    const at = spaces.findIndex(({ prompt }) => prompt.belief === belief);
    if (at < 0) return [];
    const space = spaces[at]!;
    const { prompt, replies, base, rewards, gold } = space;
    const side = (i: number) => ({ text: replies[i]!.text, proxy: rewards[i]!, gold: gold[i]! });
    return [
      { prompt: prompt.text, before: side(likeliest(space, base)), after: side(likeliest(space, after.logprobs[at]!)) },
    ];
  });
}

export function sceneOf(lesson: Lesson, strength: Strength): Scene {
  const end = policyAtStrength(lesson, strength);
  const curve = policiesOf(lesson, strength).map(pointOf);
  const here = pointOf(end);
  const { spaces } = lesson;
  const changes = changesOf(spaces, end);
  return {
    curve,
    here,
    exchanges: exchangesOf(spaces, end),
    changes,
    sentence: sentenceOf(curve, here, changes),
  };
}
