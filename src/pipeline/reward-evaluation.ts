import { z } from 'zod';
import { type Item, type Judgment, type PreferencePair, toPairs } from '../feedback/index.ts';
import {
  type Contribution,
  contributionSchema,
  type Difference,
  differenceSchema,
  evaluateScores,
  type Groups,
  groupsSchema,
  type People,
  peopleSchema,
  type RewardEvaluation,
} from '../reward/index.ts';
import { expectedCalibrationError, reliabilityBins, sigmoid } from '../stats/index.ts';
import { isHeldOut } from './collected.ts';
import type { PipelineConfig } from './config.ts';
import type { Feedback } from './feedback-records.ts';
import { stratumOf, stratumValues } from './sources/index.ts';

/** An evaluation as it is stored, with the calibration on single votes where the headline is scored on gold. */
export interface StoredEvaluation extends RewardEvaluation {
  /** What the headline is scored on: published answers, or the judgments themselves. */
  readonly scoredOn: 'gold' | 'votes';
  readonly onVotes: { readonly ece: number; readonly n: number } | null;
  /** What each kind of answer contributed, of those the reward was fitted to; absent from runs before it was measured. */
  readonly contributions?: readonly Contribution[];
  /** Judgments that say nothing to a reward, by reason. */
  readonly unscored?: Readonly<Record<string, number>>;
  /** The people behind the answers, where each was fitted beside the reward. */
  readonly people?: People;
  /** The groups of raters that have a reward each, and how far people are taken to differ about what is scored. */
  readonly groups?: Groups;
  readonly differ?: Difference;
}

/** Scores of models that did not see what they score, from which the evaluation is computed again by a verifier. */
export const rewardScoresSchema = z.strictObject({
  /** Log-odds of one unit of score. */
  logOdds: z.number(),
  /** r̂(first) − r̂(second) of each of `pairsToScore`, in its order. */
  differences: z.array(z.number()),
  contributions: z.array(contributionSchema).exactOptional(),
  unscored: z.record(z.string(), z.int().positive()).exactOptional(),
  people: peopleSchema.exactOptional(),
  groups: groupsSchema.exactOptional(),
  differ: differenceSchema.exactOptional(),
});
export type RewardScores = z.infer<typeof rewardScoresSchema>;

/** The stratum whose values are left out in turn; undefined where a share of the prompts is held out. */
export const leftOutStratum = ({ data }: PipelineConfig): string | undefined =>
  data.layout !== 'ground' && 'leaveOut' in data.holdout ? data.holdout.leaveOut : undefined;

/** An item as one comparison with its gold as the target, ½ for a tie or where there is none. */
function itemPair(item: Item): PreferencePair {
  return {
    judgmentId: `${item.id}/gold`,
    itemId: item.id,
    raterId: 'gold',
    prompt: item.prompt,
    first: item.replies[0]!.text,
    second: item.replies[1]!.text,
    target: item.gold === 0 ? 1 : item.gold === 1 ? 0 : 0.5,
    weight: 1,
    firstShownFirst: true,
    strata: item.strata ?? {},
  };
}

/** Whether every item is one comparison, so that its gold can be scored as such. */
const inPairs = (items: readonly Item[]): boolean => items.every((item) => item.replies.length === 2);

/**
 * What is scored. Where strata are left out in turn, value by value: every item once, or every comparison of items with more
 * replies than two. Elsewhere every held-out comparison.
 */
export function pairsToScore(
  config: PipelineConfig,
  items: readonly Item[],
  judgments: readonly Judgment[],
): PreferencePair[] {
  const stratum = leftOutStratum(config);
  const { pairs } = toPairs(items, judgments);
  if (stratum === undefined) return pairs.filter((pair) => isHeldOut(pair.strata));
  const candidates = inPairs(items) ? items.map(itemPair) : pairs;
  return stratumValues(items, stratum, 'the data').flatMap((value) =>
    candidates.filter((candidate) => stratumOf(candidate, stratum) === value),
  );
}

/** How well the scores predict single votes: what a model fitted on votes is calibrated to, whatever the gold says. */
function calibrationOnVotes(
  votes: readonly PreferencePair[],
  differenceOf: ReadonlyMap<string, number>,
  logOdds: number,
): StoredEvaluation['onVotes'] {
  const decided = votes.filter((pair) => pair.target !== 0.5 && differenceOf.has(pair.itemId));
  const probabilities = decided.map((pair) => sigmoid(logOdds * differenceOf.get(pair.itemId)!));
  const outcomes = decided.map((pair) => pair.target);
  return { ece: expectedCalibrationError(reliabilityBins(probabilities, outcomes)), n: decided.length };
}

/** The evaluation that follows from the scores; pure, so that a verifier gets the same. */
export function rewardEvaluation(
  config: PipelineConfig,
  { items, judgments, groups }: Pick<Feedback, 'items' | 'judgments' | 'groups'>,
  { logOdds, differences, contributions, unscored, people, groups: found, differ }: RewardScores,
): StoredEvaluation {
  const told = {
    ...(contributions !== undefined && { contributions }),
    ...(unscored !== undefined && { unscored }),
    ...(people !== undefined && { people }),
    ...(found !== undefined && { groups: found }),
    ...(differ !== undefined && { differ }),
  };
  const pairs = pairsToScore(config, items, judgments);
  const scored = pairs.map((pair, i) => ({ pair, difference: differences[i]! }));
  const stratum = leftOutStratum(config);
  if (stratum !== undefined) {
    const goldOf = new Map(items.map((item) => [item.id, item.gold]));
    const differenceOf = new Map(scored.map(({ pair, difference }) => [pair.itemId, difference]));
    const votes = toPairs(items, judgments).pairs;
    const decided = inPairs(items) && items.some((item) => item.gold === 0 || item.gold === 1);
    // Data without published answers are scored on the votes of what was left out.
    const headline = decided
      ? scored.filter(({ pair }) => goldOf.get(pair.itemId) !== undefined)
      : inPairs(items)
        ? votes.map((pair) => ({ pair, difference: differenceOf.get(pair.itemId)! }))
        : scored;
    return {
      ...evaluateScores(headline, { logOdds, strata: [stratum], clusterOf: (pair) => stratumOf(pair, stratum)! }),
      scoredOn: decided ? 'gold' : 'votes',
      onVotes: decided ? calibrationOnVotes(votes, differenceOf, logOdds) : null,
      ...told,
    };
  }
  return {
    ...evaluateScores(scored, {
      logOdds,
      strata: config.data.layout === 'ground' ? ['belief'] : [],
      ...(groups !== undefined && { groupOf: (pair: PreferencePair) => groups.get(pair.raterId) }),
    }),
    scoredOn: 'votes',
    onVotes: null,
    ...told,
  };
}
