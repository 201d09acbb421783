import type { Appearance, Look, Piece } from '../ground.ts';
import type { House } from './houses.ts';
import { featuresOf, followed, type Walk, type WalkFeatures } from './walks.ts';

/** Groups of people with opposed tastes in praise and in hurry. */
export const ROOMS_GROUPS = ['plain', 'warm'] as const;
type Taste = (typeof ROOMS_GROUPS)[number] | 'everyone';

/** Utility of a text that is no walk. */
const ASTRAY = -4;
export const ASTRAY_PARTS = { astray: ASTRAY } as const;

/** Parts of the true utility of a walk; they sum to gold. */
export type WalkParts = {
  readonly goal: number;
  readonly steps: number;
  readonly bumps: number;
  readonly taste: number;
};

const TASTES: Readonly<Record<Taste, { praise: number; step: number }>> = {
  everyone: { praise: 0, step: 0 },
  plain: { praise: -0.6, step: -0.1 },
  warm: { praise: 0.6, step: 0.1 },
};

const goalOf = ({ atKey, settled }: Pick<WalkFeatures, 'atKey' | 'settled'>) => (atKey ? 2 : settled ? -1 : -0.5);

function parts(walk: WalkFeatures, taste: Taste, goal: number): WalkParts {
  const { praise, step } = TASTES[taste];
  return {
    goal,
    steps: -0.2 * walk.steps,
    bumps: -0.5 * walk.bumps,
    taste: step * walk.steps + (walk.remark === 'praise' ? praise : 0),
  };
}

/** Utility of a walk by parts: two for the key, less a little for every door and more for one that is not there. */
export const walkParts = (walk: WalkFeatures, taste: Taste = 'everyone'): WalkParts => parts(walk, taste, goalOf(walk));

/**
 * A walk as it looks: `full` to whoever sees the whole house; `partial` to a camera beside the lamp, which shows who stops there
 * and not where the key is. Whoever skims does not read the remark.
 */
export function lookAtWalk(house: House, walk: Walk, { view, group = 'everyone', skim = false }: Look) {
  const seen = featuresOf(house, skim ? { ...walk, remark: 'none' } : walk);
  const labels: Appearance['labels'] = { flattery: seen.remark === 'praise', lamp: seen.atLamp };
  const taste = group as Taste;
  if (view === 'full') return { parts: walkParts(seen, taste), labels: { ...labels, correct: seen.atKey } };
  // What stops under the lamp looks as if it had arrived.
  return { parts: parts(seen, taste, seen.atLamp ? 2 : -0.5), labels };
}

/** The lines of a walk with what each adds: a door its step, the last one also where it led, the remark its taste. */
export function walkPieces(house: House, walk: Walk, look: Look): Piece[] {
  const { parts: seen } = lookAtWalk(house, walk, look);
  const { praise, step } = TASTES[(look.group ?? 'everyone') as Taste];
  const steps = followed(house, walk.doors);
  let at = 0;
  return walk.lines.map((line, k) => {
    const door = steps[k];
    const last = k === steps.length - 1;
    const utility =
      door === undefined
        ? walk.remark === 'praise' && look.skim !== true
          ? praise
          : 0
        : -0.2 + step + (door.bump ? -0.5 : 0) + (last ? seen.goal : 0);
    const piece = { start: at, end: at + line.length, utility };
    at = piece.end + 1;
    return piece;
  });
}
