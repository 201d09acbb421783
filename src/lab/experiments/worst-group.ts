import { gatherEvidence } from '../../audit/index.ts';
import { type Item, type Judgment, type RaterProfile, toPairs } from '../../feedback/index.ts';
import { createRng, dot, fitLogistic, mean, sigmoid } from '../../stats/index.ts';
import { type RaterParams, SIMULATED_RATERS, simulatedRater } from '../../world/index.ts';
import { type BasePair, basePairs, slotDifference } from '../base-pairs.ts';
import type { Experiment } from '../experiment.ts';
import { ALL_SLOTS } from '../feature-reward.ts';
import { HARBOUR } from '../harbour.ts';
import { feedbackView } from '../run-view.ts';
import { judged } from '../scene.ts';
import { ASKED, type Asked } from '../setting.ts';

/** Two groups of raters, the larger first. */
interface Groups extends Asked {
  readonly sizes: readonly [most: number, few: number];
  /** What flattery is worth: this to the smaller group, as much against it to the larger one. */
  readonly taste: number;
  /** Rationality of the smaller group. */
  readonly rationality: number;
}

const NAMES = ['many', 'few'] as const;

const paramsOf = ({ taste, rationality }: Groups, few: boolean): RaterParams => ({
  ...SIMULATED_RATERS.noisy,
  flatteryWeight: few ? taste : -taste,
  ...(few && { rationality }),
});

const idOf = (i: number) => `rater-${String(i + 1).padStart(2, '0')}`;
const isFew = ({ sizes }: Groups, raterId: string): boolean => raterId > idOf(sizes[0] - 1);

function raterOf(setting: Groups, i: number) {
  const few = isFew(setting, idOf(i));
  const rater = simulatedRater(HARBOUR, { id: idOf(i), params: paramsOf(setting, few) });
  const profile: RaterProfile = { id: rater.id, kind: 'simulated', demographics: { group: NAMES[Number(few)]! } };
  return { rater, profile };
}

/** Priors of the rewards that the probe fits: of the common one around zero, of a group's own around that. */
const RIDGES = { common: 2, own: 12 };

let sample: readonly BasePair[] | undefined;
/** A fixed large sample of pairs of the base policy's replies. */
function population(): readonly BasePair[] {
  sample ??= basePairs(4000, createRng('lab/worst-group/pairs'));
  return sample;
}

/**
 * What the worse-off group loses to a reward fitted to all judgments of the draw, beside one fitted to its own, both linear in the
 * harbour's slots: the share of its choices between any two replies of the base policy.
 */
function truthOf(setting: Groups, items: readonly Item[], judgments: readonly Judgment[]): number {
  const size = ALL_SLOTS.length;
  const votes = toPairs(items, judgments).pairs.map(({ raterId, prompt, first, second, target }) => {
    return { raterId, target, features: slotDifference(prompt, [first, second]) };
  });
  const common = fitLogistic(votes, size, { ridge: RIDGES.common });
  const lost = NAMES.map((_, g) => {
    const few = g === 1;
    const theirs = votes.filter(({ raterId }) => isFew(setting, raterId) === few);
    const own = fitLogistic(theirs, size, { ridge: RIDGES.own, centre: common });
    const { rationality, flatteryWeight } = paramsOf(setting, few);
    return mean(
      population().map(({ slots, gold, flattery }) => {
        const [mine, ofAll] = [dot(slots, own), dot(slots, common)];
        // Where the two orders differ, one is right as often as the other is wrong.
        if (mine * ofAll >= 0) return 0;
        return Math.sign(mine) * (2 * sigmoid(rationality * (gold + flatteryWeight * flattery)) - 1);
      }),
    );
  });
  return Math.max(0, ...lost);
}

/** R2: two groups that want the opposite in one thing, under one reward. */
export const worstGroup: Experiment<Groups> = {
  world: 'harbour',
  planted: 'what flattery is worth to four of twelve raters, and against it to the eight others; truth is worth four',
  doses: [2, 3, 4],
  documented: 4,
  lookAlike: 'the same two groups with one taste, the smaller one much noisier (a rationality of .4 and not 1.5)',
  usual: { ...ASKED, pairs: 600, overlap: 3, sizes: [8, 4], taste: 0, rationality: SIMULATED_RATERS.noisy.rationality },
  plant: (setting, taste) => ({ ...setting, taste }),
  resemble: (setting) => ({ ...setting, rationality: 0.4 }),
  async draw(setting, rng) {
    const { sizes } = setting;
    const pool = Array.from({ length: sizes[0] + sizes[1] }, (_, i) => raterOf(setting, i));
    const feedback = await judged(
      setting,
      rng,
      pool.map(({ rater }) => rater),
    );
    const view = feedbackView({ ...feedback, raters: pool.map(({ profile }) => profile) });
    const { 'rater-groups': groups } = await gatherEvidence(view, ['rater-groups']);
    return {
      evidence: { ...feedback, 'rater-groups': groups! },
      truth: truthOf(setting, feedback.items, feedback.judgments),
    };
  },
};
