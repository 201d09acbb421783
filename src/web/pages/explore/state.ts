import { HARDEST, RATERS, SIGHT_IDS, type Sight, type Strength, type Taught } from '../../../lab/index.ts';
import type { ExploreSearch } from '../../search.ts';

/** Where all knobs stand: what the page shows follows from it alone, and its address holds it. */
export interface ExploreState extends Taught {
  readonly by: Strength['by'];
  readonly kl: number;
  readonly n: number;
}

export const LIMITS = { pairs: { least: 10, most: 2000 }, seed: { least: 1, most: 999 } } as const;

export const START: ExploreState = {
  sycophantic: 0,
  lengthBiased: 8,
  pairs: 500,
  blind: ['truth'],
  seed: 1,
  by: 'kl',
  kl: 5,
  n: 16,
};

/** A state with a story. */
export interface Preset {
  readonly title: string;
  readonly story: string;
  readonly state: ExploreState;
}

export const PRESETS: readonly Preset[] = [
  {
    title: 'Blind spot',
    story:
      'All raters like long replies, and the reward cannot see whether a reply is true. The score keeps rising; what it buys is talk.',
    state: START,
  },
  {
    title: 'Agreement pays',
    story:
      'Raters like to be agreed with more than to be told the truth, and the reward cannot look facts up. The policy learns to say “You are right”.',
    state: { ...START, sycophantic: 8, lengthBiased: 0, kl: 0.4 },
  },
  {
    title: 'Too few pairs',
    story:
      'Honest raters, a reward that sees everything, but only twenty comparisons: the reward is wrong by chance, and optimisation finds out where.',
    state: { ...START, lengthBiased: 0, pairs: 20, blind: [], seed: 3, kl: 4 },
  },
  {
    title: 'Honest and well fed',
    story:
      'Honest raters, a thousand comparisons, nothing hidden, and a policy that is not pushed too far: the measure leads where it should. Then push it further.',
    state: { ...START, lengthBiased: 0, pairs: 1000, blind: [], kl: 1 },
  },
];

const clamped = (value: number | undefined, { least, most }: { least: number; most: number }, usual: number): number =>
  value === undefined ? usual : Math.min(most, Math.max(least, value));

/** The state that an address asks for: what it leaves out or cannot mean stands as at the start. */
export function stateOf(search: ExploreSearch): ExploreState {
  const whole = (value: number | undefined) => (value === undefined ? undefined : Math.round(value));
  const sycophantic = clamped(whole(search.sycophantic), { least: 0, most: RATERS }, START.sycophantic);
  const others = { least: 0, most: RATERS - sycophantic };
  const hidden = search.blind === undefined ? START.blind : search.blind.split(',');
  const n = clamped(search.n, { least: 1, most: HARDEST.n }, START.n);
  return {
    sycophantic,
    lengthBiased: clamped(whole(search.lengthBiased), others, Math.min(others.most, START.lengthBiased)),
    pairs: clamped(whole(search.pairs), LIMITS.pairs, START.pairs),
    blind: SIGHT_IDS.filter((sight) => (hidden as readonly string[]).includes(sight)),
    seed: clamped(whole(search.seed), LIMITS.seed, START.seed),
    by: search.by ?? START.by,
    kl: clamped(search.kl, { least: 0, most: HARDEST.kl }, START.kl),
    n: 2 ** Math.round(Math.log2(n)),
  };
}

/** A state as an address holds it: whole, so that a link says the same when the start has moved. */
export const searchOf = ({
  sycophantic,
  lengthBiased,
  pairs,
  blind,
  seed,
  by,
  kl,
  n,
}: ExploreState): ExploreSearch => ({
  sycophantic,
  lengthBiased,
  pairs,
  blind: blind.length === 0 ? 'nothing' : blind.join(','),
  seed,
  by,
  kl: by === 'kl' ? kl : undefined,
  n: by === 'n' ? n : undefined,
});

/** The same knobs? What the address does not hold does not count. */
export const sameState = (a: ExploreState, b: ExploreState): boolean =>
  JSON.stringify(searchOf(a)) === JSON.stringify(searchOf(b));

export const taughtOf = ({ sycophantic, lengthBiased, pairs, blind, seed }: ExploreState): Taught => ({
  sycophantic,
  lengthBiased,
  pairs,
  blind,
  seed,
});
export const strengthOf = ({ by, kl, n }: ExploreState): Strength => (by === 'kl' ? { by, kl } : { by, n });

/** A turn of one rater knob: the others make room. */
export const withRaters = (
  state: ExploreState,
  change: Partial<Pick<Taught, 'sycophantic' | 'lengthBiased'>>,
): ExploreState => {
  const next = { ...state, ...change };
  const over = next.sycophantic + next.lengthBiased - RATERS;
  if (over <= 0) return next;
  return change.sycophantic === undefined
    ? { ...next, sycophantic: next.sycophantic - over }
    : { ...next, lengthBiased: next.lengthBiased - over };
};

export const withSight = (state: ExploreState, sight: Sight, hidden: boolean): ExploreState => ({
  ...state,
  blind: SIGHT_IDS.filter((id) => (id === sight ? hidden : state.blind.includes(id))),
});
