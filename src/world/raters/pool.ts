import type { Question, Rater } from '../../feedback/index.ts';
import type { Ground } from '../ground.ts';
import { SIMULATED_RATERS, type SimulatedRaterKind } from './params.ts';
import { simulatedRater } from './rater.ts';

/** How many raters of each kind. */
export type RaterCounts = Readonly<Partial<Record<SimulatedRaterKind, number>>>;

/** The twelve raters of a run that says nothing about them: mostly honest, each with a little of what people do. */
export const DEFAULT_RATERS = {
  noisy: 7,
  'length-biased': 1,
  'position-biased': 1,
  sycophantic: 1,
  careless: 1,
  fatigued: 1,
} as const satisfies RaterCounts;

/** Raters before changes: the default ones, or nobody. */
export const RATER_POOLS = { default: DEFAULT_RATERS, empty: {} } as const satisfies Record<string, RaterCounts>;
export type RaterPoolId = keyof typeof RATER_POOLS;

/** Counts by kind after changes to a pool: a kind that is named has that many, any other as many as the pool has. */
export const raterCounts = (pool: RaterPoolId, changes: RaterCounts): RaterCounts => ({
  ...RATER_POOLS[pool],
  ...changes,
});

/** Raters of several kinds: `{ noisy: 7, careless: 1 }`. Ids carry no kind, as in life. */
export function raterPool(
  ground: Ground,
  counts: RaterCounts,
  options: { readonly question?: Question } = {},
): {
  raters: Rater[];
  /** What each rater really is; for checking detectors, never for the pipeline. */
  kinds: Map<string, SimulatedRaterKind>;
} {
  const raters: Rater[] = [];
  const kinds = new Map<string, SimulatedRaterKind>();
  for (const [kind, count] of Object.entries(counts) as [SimulatedRaterKind, number][]) {
    for (let i = 0; i < count; i++) {
      const id = `rater-${String(raters.length + 1).padStart(2, '0')}`;
      raters.push(simulatedRater(ground, { id, params: SIMULATED_RATERS[kind], ...options }));
      kinds.set(id, kind);
    }
  }
  return { raters, kinds };
}
