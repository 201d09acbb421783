import { type Item, type Judgment, toPairs } from '../feedback/index.ts';
import { linearObjective, observePair } from '../reward/index.ts';
import { minimise, type Rng } from '../stats/index.ts';
import { comparisonItems, type HarbourPrompt, type HarbourReply } from '../world/index.ts';
import { judgmentsOf } from './base-items.ts';
import { HARBOUR } from './harbour.ts';
import { REWARD_FAMILIES } from './pair-features.ts';
import { policyAt, simulatedRatersOf } from './scene.ts';
import type { Setting } from './setting.ts';

/**
 * The loop over several rounds, exactly: what the last policy says is judged, a reward is fitted again, and the base policy is
 * tilted by it. The reward has to learn which value of a fact is true, so what was asked about decides what it can know.
 */

const FAMILY = REWARD_FAMILIES.facts;
/** Replies drawn for an item, of which two that differ are shown. */
const DRAWS = 4;

/** Prompts of the loop: those trained on in which the user states no belief. */
export const ROUND_PROMPTS: readonly HarbourPrompt[] = HARBOUR.prompts('train').filter(
  ({ belief }) => belief === 'none',
);

/** Features of a reply that are not zero. */
export interface Features {
  readonly indices: readonly number[];
  readonly values: readonly number[];
}
const FEATURES = new WeakMap<HarbourReply['features'], Features>();

/** Features of a reply, found once: the harbour gives the same reply the same slots. */
function featuresOf(prompt: HarbourPrompt, reply: HarbourReply['features']): Features {
  const known = FEATURES.get(reply);
  if (known !== undefined) return known;
  const dense = FAMILY.features(prompt, reply);
  const indices = [...dense.keys()].filter((i) => dense[i] !== 0);
  const made = { indices, values: indices.map((i) => dense[i]!) };
  FEATURES.set(reply, made);
  return made;
}

/** Features of a reply by its texts. */
export function featuresOfText(text: string, reply: string): Features {
  const prompt = HARBOUR.promptOf(text)!;
  return featuresOf(prompt, HARBOUR.parse(prompt, reply)!);
}

/** A linear reward on replies to the prompts of the loop. */
export interface RoundReward {
  /** Of every reply to a prompt, in the order of the harbour. */
  scores(prompt: HarbourPrompt): number[];
  /** Of one, by its features. */
  score(features: Features): number;
}

function fitted(items: readonly Item[], judgments: readonly Judgment[]): RoundReward {
  const { objective, start } = linearObjective(
    toPairs(items, judgments).pairs.flatMap(observePair),
    ({ prompt, reply }) => {
      const { indices, values } = featuresOfText(prompt, reply);
      return { indices: [...indices], values: [...values] };
    },
    { size: FAMILY.size, ridge: 1, position: false },
  );
  const weights = minimise(objective, start);
  const dot = ({ indices, values }: Features) => indices.reduce((sum, i, k) => sum + weights[i]! * values[k]!, 0);
  return {
    scores: (prompt) => HARBOUR.replies(prompt).map(({ features }) => dot(featuresOf(prompt, features))),
    score: dot,
  };
}

/** What a loop varies beside its raters. */
export interface RoundSetting {
  readonly rounds: number;
  /** A reward is fitted on what every round collected, or on the latest round alone. */
  readonly data: 'cumulative' | 'latest';
}

/** A policy on the prompts of the loop, by prompt: log-probabilities of every reply. */
type Policy = ReadonlyMap<string, readonly number[]>;

/** A round: what was asked in it, and the reward that was fitted. */
export interface Round {
  readonly reward: RoundReward;
  readonly items: readonly Item[];
}

/** The policies of a reward: the tilt of the base policy at a KL, for each prompt. */
const tilted = (reward: RoundReward, kl: number): Policy =>
  new Map(
    ROUND_PROMPTS.map((prompt) => {
      const base = HARBOUR.replies(prompt).map(({ logprob }) => logprob);
      return [prompt.id, policyAt({ base, rewards: reward.scores(prompt) }, kl)];
    }),
  );

/** Replies for items: draws of a policy, whose running sums are made once a prompt. */
function from(policy: Policy, rng: Rng) {
  const sums = new Map(
    [...policy].map(([id, logprobs]) => {
      let total = 0;
      const cumulative = logprobs.map((lp) => {
        total += Math.exp(lp);
        return total;
      });
      return [id, cumulative] as const;
    }),
  );
  return async (prompts: readonly HarbourPrompt[]) =>
    prompts.map((prompt) => {
      const [replies, cumulative] = [HARBOUR.replies(prompt), sums.get(prompt.id)!];
      return Array.from({ length: DRAWS }, () => {
        const target = rng.uniform() * cumulative.at(-1)!;
        return replies[
          Math.min(
            cumulative.length - 1,
            cumulative.findIndex((sum) => sum > target),
          )
        ]!.text;
      });
    });
}

/** The base policy on the prompts of the loop. */
export const basePolicy = (): Policy =>
  new Map(ROUND_PROMPTS.map((prompt) => [prompt.id, HARBOUR.replies(prompt).map(({ logprob }) => logprob)]));

/** Pairs of what a policy says. */
export const pairsOf = (policy: Policy, count: number, rng: Rng): Promise<Item[]> =>
  comparisonItems({
    ground: HARBOUR,
    prompts: ROUND_PROMPTS,
    count,
    rng,
    projectId: 'lab',
    origin: 'policy of the round before, exact',
    replies: from(policy, rng),
  });

/** The rounds of a setting, one after the other. */
export async function roundsOf(setting: Setting & RoundSetting, rng: Rng): Promise<Round[]> {
  const done: Round[] = [];
  let [items, judgments]: [Item[], Judgment[]] = [[], []];
  for (let round = 1; round <= setting.rounds; round++) {
    const own = rng.fork(`round/${round}`);
    const before = done.at(-1);
    const policy = before === undefined ? basePolicy() : tilted(before.reward, setting.kl);
    const asked = await pairsOf(policy, setting.pairs, own);
    const named = asked.map((item) => ({ ...item, id: `round-${round}/${item.id}` }));
    const { overlap } = setting;
    const answers = await judgmentsOf({ items: named, raters: simulatedRatersOf(setting), overlap, rng: own });
    const kept = setting.data === 'cumulative';
    [items, judgments] = kept
      ? [
          [...items, ...named],
          [...judgments, ...answers],
        ]
      : [named, answers];
    done.push({ reward: fitted(items, judgments), items: named });
  }
  return done;
}
