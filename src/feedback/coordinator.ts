import { addTo, own, setOwn, UsageError } from '../run/index.ts';
import type { Rng } from '../stats/index.ts';
import type { Answer } from './answer.ts';
import {
  type Distribution,
  fullQuota,
  inCohort,
  nextPurpose,
  type RaterProgress,
  wantedJudgments,
} from './distribution.ts';
import { hasGold, isGoldAnswer } from './gold.ts';
import type { Item } from './item.ts';
import { type Judgment, type Purpose, purposeOf } from './judgment.ts';
import { consentedDemographics, type RaterProfile } from './people.ts';

/** What a rater is given: an item, why, and for a repeat the judgment of theirs that it repeats. */
export interface Assignment {
  readonly item: Item;
  readonly purpose: Purpose;
  readonly repeats?: Judgment;
  /** Presentations of the item before this one, of all raters. */
  readonly earlier: number;
}

/** Hands out items under the rules of a project, in memory: for simulated raters, and the reference for a store. */
export interface Coordinator {
  /** The next item for a rater, or why there is none now; an item given counts as in hand until it is submitted. */
  next(raterId: string): Assignment | { readonly none: string };
  submit(judgment: Judgment): void;
}

interface CoordinatorOptions {
  readonly items: readonly Item[];
  readonly rules: Distribution;
  readonly rng: Rng;
  /** Who the raters are; needed by cohorts and quotas. */
  readonly profiles?: readonly RaterProfile[];
  /** Item id → priority, higher first, for rules with `order: priority`; 0 where absent. */
  readonly priorities?: ReadonlyMap<string, number>;
}

interface ItemState {
  readonly item: Item;
  readonly answers: Answer[];
  readonly raters: Set<string>;
  inHand: number;
  presented: number;
  wanted: number;
}
interface RaterState {
  readonly presented: Record<Purpose, number>;
  qualificationRight: number;
  readonly seen: Set<string>;
  readonly repeatable: Judgment[];
  readonly demographics: RaterProfile['demographics'];
}

const isWork = ({ role = 'work' }: Item) => role === 'work';

const freshItem = (rules: Distribution, item: Item): ItemState => ({
  item,
  answers: [],
  raters: new Set(),
  inHand: 0,
  presented: 0,
  wanted: isWork(item) ? wantedJudgments(rules, item.id, []) : 0,
});
const freshRater = (profile: RaterProfile | undefined): RaterState => ({
  presented: { work: 0, qualification: 0, training: 0, gold: 0, repeat: 0, 'swapped-repeat': 0 },
  qualificationRight: 0,
  seen: new Set(),
  repeatable: [],
  demographics: profile === undefined ? undefined : consentedDemographics(profile),
});

/** The open item that comes first in the order of the rules, ties at random. */
function pick(
  open: readonly ItemState[],
  { rules, priorities, rng }: Pick<CoordinatorOptions, 'rules' | 'priorities' | 'rng'>,
): ItemState | undefined {
  const score = ({ item, answers, inHand }: ItemState) =>
    rules.order === 'priority'
      ? (priorities?.get(item.id) ?? 0)
      : rules.order === 'least-judged'
        ? -(answers.length + inHand)
        : 0;
  let best: ItemState[] = [];
  let top = Number.NEGATIVE_INFINITY;
  for (const state of open) {
    const value = score(state);
    if (value > top) [best, top] = [[state], value];
    else if (value === top) best.push(state);
  }
  return best.length === 0 ? undefined : best[rng.integer(best.length)];
}

/**
 * A coordinator without clocks: nothing given expires. Ties in the order of items are broken by `rng`. Throws a
 * `UsageError` when the rules ask for more qualification items than there are.
 */
export function createCoordinator(options: CoordinatorOptions): Coordinator {
  const { items, rules, rng } = options;
  const known = (item: Item, role: Item['role']) => item.role === role && hasGold(item);
  const qualifying = items.filter((item) => known(item, 'qualification')).length;
  if (rules.qualification !== undefined && rules.qualification.items > qualifying) {
    throw new UsageError(
      'distribution',
      `qualification.items: ${rules.qualification.items} where the project has ${qualifying} of that role with a known answer; add some`,
    );
  }
  const profiles = new Map((options.profiles ?? []).map((profile) => [profile.id, profile]));
  const states = new Map(items.map((item) => [item.id, freshItem(rules, item)]));
  const work = [...states.values()].filter(({ item }) => isWork(item));
  const raters = new Map<string, RaterState>();
  const given: Record<string, Record<string, number>> = {};
  let wantedInAll = work.reduce((sum, { wanted }) => sum + wanted, 0);

  const raterOf = (id: string): RaterState => {
    const state = raters.get(id) ?? freshRater(profiles.get(id));
    raters.set(id, state);
    return state;
  };

  const workFor = (raterId: string, rater: RaterState): ItemState | { readonly none: string } => {
    const full = fullQuota(rules, rater.demographics, { wanted: wantedInAll, counts: given });
    if (full !== undefined) return { none: `the quota of ${full} is full` };
    const open = work.filter(
      ({ item, answers, inHand, wanted, raters: had }) =>
        answers.length + inHand < wanted && !had.has(raterId) && inCohort(rules, item.strata, rater.demographics),
    );
    return pick(open, options) ?? { none: 'no open item' };
  };

  const special = (raterId: string, rater: RaterState, purpose: Exclude<Purpose, 'work'>): Assignment | undefined => {
    if (purpose === 'repeat' || purpose === 'swapped-repeat') {
      const repeats = rater.repeatable.shift();
      if (repeats === undefined) return undefined;
      const { item, presented } = states.get(repeats.itemId)!;
      return { item, purpose, repeats, earlier: presented };
    }
    const unseen = [...states.values()].filter(({ item }) => known(item, purpose) && !rater.seen.has(item.id));
    if (unseen.length === 0) return undefined;
    const state = unseen[rng.integer(unseen.length)]!;
    state.raters.add(raterId);
    return { item: state.item, purpose, earlier: state.presented };
  };

  return {
    next(raterId) {
      const rater = raterOf(raterId);
      const progress: RaterProgress = rater;
      const due = nextPurpose(rules, raterId, progress);
      if ('none' in due) return due;
      let assignment = due.purpose === 'work' ? undefined : special(raterId, rater, due.purpose);
      if (assignment === undefined) {
        const state = workFor(raterId, rater);
        if ('none' in state) return state;
        assignment = { item: state.item, purpose: 'work', earlier: state.presented };
        state.raters.add(raterId);
        state.inHand += 1;
        for (const { attribute } of rules.quotas) {
          const counts = own(given, attribute) ?? {};
          setOwn(given, attribute, counts);
          addTo(counts, own(rater.demographics, attribute) ?? 'not-said');
        }
      }
      states.get(assignment.item.id)!.presented += 1;
      rater.seen.add(assignment.item.id);
      rater.presented[assignment.purpose] += 1;
      return assignment;
    },
    submit(judgment) {
      const state = states.get(judgment.itemId)!;
      const rater = raterOf(judgment.raterId);
      const purpose = purposeOf(judgment);
      if (purpose === 'qualification' && isGoldAnswer(judgment, state.item) === true) rater.qualificationRight += 1;
      if (purpose !== 'work') return;
      rater.repeatable.push(judgment);
      state.answers.push(judgment.answer);
      state.inHand -= 1;
      const wanted = wantedJudgments(rules, state.item.id, state.answers);
      wantedInAll += wanted - state.wanted;
      state.wanted = wanted;
    },
  };
}
