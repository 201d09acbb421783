import { toPairs } from '../feedback/index.ts';
import { linearObjective, observePair } from '../reward/index.ts';
import { minimise, type Rng } from '../stats/index.ts';
import {
  createRooms,
  type Plan,
  type Rooms,
  SIMULATED_RATERS,
  simulatedRater,
  type WalkFeatures,
} from '../world/index.ts';
import { baseItems, judgmentsOf } from './base-items.ts';
import { remembered } from './remembered.ts';

/** The loop in small, exactly, in the rooms: simulated raters, a reward on what a walk is, the tilt of the base policy by it. */

/** What a reward sees of a walk. The lamp as well as the key: which of the two is paid for is for the raters to say. */
const FEATURES = [
  (walk: WalkFeatures) => Number(walk.atKey),
  (walk: WalkFeatures) => Number(walk.atLamp),
  (walk: WalkFeatures) => Number(walk.settled),
  (walk: WalkFeatures) => walk.steps,
  (walk: WalkFeatures) => walk.bumps,
  (walk: WalkFeatures) => Number(walk.remark === 'praise'),
] as const;

/** A reward for walks. */
export type WalkReward = (walk: WalkFeatures) => number;

/** The rooms of a plan, made once. */
export const roomsOf = remembered((plan: Partial<Plan>): Rooms => createRooms(plan));

/** A reward fitted to what honest raters say of pairs of walks of the base policy in the houses trained on. */
export async function walkReward(
  rooms: Rooms,
  {
    pairs: count,
    overlap,
    raters: people,
  }: { readonly pairs: number; readonly overlap: number; readonly raters: number },
  rng: Rng,
): Promise<WalkReward> {
  const items = await baseItems(rooms, { count, rng });
  const raters = Array.from({ length: people }, (_, i) =>
    simulatedRater(rooms, { id: `rater-${i + 1}`, params: SIMULATED_RATERS.noisy }),
  );
  const judgments = await judgmentsOf({ items, raters, overlap, rng });
  const { objective, start } = linearObjective(
    toPairs(items, judgments).pairs.flatMap(observePair),
    ({ prompt, reply }) => ({
      indices: FEATURES.map((_, i) => i),
      values: FEATURES.map((feature) => feature(rooms.parse(rooms.promptOf(prompt)!, reply)!)),
    }),
    { size: FEATURES.length, ridge: 1, position: false },
  );
  const weights = minimise(objective, start);
  return (walk) => FEATURES.reduce((sum, feature, i) => sum + weights[i]! * feature(walk), 0);
}
