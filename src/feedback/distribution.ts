import { z } from 'zod';
import { own } from '../run/index.ts';
import { hashString } from '../stats/index.ts';
import type { Answer } from './answer.ts';
import { ANSWER_KINDS, ratedUnits } from './answer-kinds.ts';
import type { Purpose } from './judgment.ts';
import type { RaterProfile } from './people.ts';

/** Who judges what, and how often. Pure rules; a store applies them under its locks. */
const positive = z.int().positive();
const share = z.number().min(0).max(1);

export const distributionSchema = z.strictObject({
  /** Judgments wanted of an item, on `overlapShare` of the items; the others get one. */
  overlap: positive.default(1),
  overlapShare: share.default(1),
  /** A reservation that is not answered in time goes back. */
  reservationMinutes: z.number().positive().default(30),
  /** Items of work given to one rater at most. */
  perRaterCap: positive.optional(),
  /** Items of some strata go only to raters who describe themselves so; an item in no cohort is for everyone. */
  cohorts: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        items: z.record(z.string(), z.array(z.string()).min(1)),
        raters: z.record(z.string(), z.array(z.string()).min(1)),
      }),
    )
    .default([]),
  /** Shares of all wanted judgments by self-described attribute; a full group is asked no more. */
  quotas: z.array(z.strictObject({ attribute: z.string().min(1), shares: z.record(z.string(), share) })).default([]),
  /** One more rater, up to `max` more than the overlap, while the share of agreeing pairs on an item is below. */
  extraRaters: z.strictObject({ belowAgreement: share, max: positive }).optional(),
  /** Stops asking once the leading answer is this probable, for raters who are right with `raterAccuracy`. */
  adaptive: z
    .strictObject({
      confidence: z.number().gt(0.5).lt(1),
      raterAccuracy: z.number().gt(0.5).lt(1).default(0.75),
      min: positive.default(2),
      max: positive,
    })
    .refine(({ min, max }) => min <= max, 'expected min up to max')
    .optional(),
  /** Items to answer first, and the share of right answers that admits to work. */
  qualification: z.strictObject({ items: positive, passShare: share }).optional(),
  /** Of every so many presentations one with a known answer: silent (`gold`) or explained afterwards (`training`). */
  gold: z.strictObject({ every: z.int().min(2), mode: z.enum(['gold', 'training']).default('gold') }).optional(),
  /** Of every so many presentations one of an item that the rater has judged, half of them in reverse order. */
  repeats: z.strictObject({ every: z.int().min(2) }).optional(),
  /** Which open item comes first: `priority` is set by a selection rule. */
  order: z.enum(['random', 'least-judged', 'priority']).default('random'),
});
export type Distribution = z.infer<typeof distributionSchema>;

const fraction = (text: string) => hashString(text) / 2 ** 32;

/** Share of pairs of answers that agree on every part both judged; 1 for fewer than two. */
export function answersAgreement(answers: readonly Answer[]): number {
  let [agree, pairs] = [0, 0];
  const rated = answers.map((answer) => new Map(ratedUnits(answer).map(({ unit, value }) => [unit, value])));
  for (const [i, a] of rated.entries()) {
    for (const b of rated.slice(i + 1)) {
      const shared = [...a.keys()].filter((unit) => b.has(unit));
      if (shared.length === 0) continue;
      pairs += 1;
      agree += shared.filter((unit) => a.get(unit) === b.get(unit)).length / shared.length;
    }
  }
  return pairs === 0 ? 1 : agree / pairs;
}

/**
 * P(leading answer is right) when raters are right with probability a and spread their errors evenly over the other
 * answers: posterior under a flat prior over the answers given so far, at least two. Answers that rarely come are so
 * left out until somebody gives them, which makes agreement count for less, not more. Who cannot judge says nothing; of
 * kinds without common values (text, spans) there is nothing to settle, and the probability is 1.
 */
export function leaderProbability(answers: readonly Answer[], accuracy: number): number {
  if (answers.length > 0 && answers.every(({ kind }) => typeof ANSWER_KINDS[kind].comparable === 'object')) return 1;
  const counts = new Map<string, number>();
  for (const answer of answers) {
    const units = ratedUnits(answer);
    if (units.length === 0) continue;
    const key = JSON.stringify(units);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const classes = Math.max(2, counts.size);
  const ratio = (accuracy * (classes - 1)) / (1 - accuracy);
  const tallies = [...counts.values(), ...new Array<number>(classes - counts.size).fill(0)].sort((a, b) => b - a);
  const weights = tallies.map((n) => ratio ** (n - tallies[0]!));
  return 1 / weights.reduce((sum, w) => sum + w, 0);
}

/**
 * How many work judgments an item should get, given the answers to one question that it has. Grows by one at a time where
 * a rule asks for more; below the number it has only where more came in than were wanted.
 */
export function wantedJudgments(rules: Distribution, itemId: string, answers: readonly Answer[]): number {
  const { adaptive, extraRaters } = rules;
  if (adaptive !== undefined) {
    if (answers.length < adaptive.min) return adaptive.min;
    const sure = leaderProbability(answers, adaptive.raterAccuracy) >= adaptive.confidence;
    return sure ? answers.length : Math.min(adaptive.max, answers.length + 1);
  }
  const wanted = rules.overlapShare >= 1 || fraction(`overlap/${itemId}`) < rules.overlapShare ? rules.overlap : 1;
  if (extraRaters === undefined || answers.length < Math.max(2, wanted)) return wanted;
  if (answersAgreement(answers) >= extraRaters.belowAgreement) return Math.max(wanted, answers.length);
  return Math.min(wanted + extraRaters.max, answers.length + 1);
}

/** What a rater has been given so far, by purpose (work in hand included), and how qualification went. */
export interface RaterProgress {
  readonly presented: Readonly<Record<Purpose, number>>;
  readonly qualificationRight: number;
}

/** Whether presentation `at` of a rater is the one of its block of `every` that a rhythm falls on; never the first of all. */
function onBeat(rhythm: string, every: number, at: number): boolean {
  const block = Math.floor(at / every);
  const beat = hashString(`${rhythm}/${block}`) % every;
  return at % every === (block === 0 ? Math.max(1, beat) : beat);
}

/**
 * What a rater should be shown next: a purpose, or why nothing. Gold and repeats fall on a place in each block that
 * depends on rater and block, so that nobody learns the rhythm; a repeat that meets gold comes right after it, and nobody
 * repeats more than they worked. A caller that has no such item left gives work instead.
 */
export function nextPurpose(
  rules: Distribution,
  rhythm: string,
  { presented, qualificationRight }: RaterProgress,
): { readonly purpose: Purpose } | { readonly none: string } {
  const { qualification, gold, repeats, perRaterCap } = rules;
  if (qualification !== undefined) {
    const asked = presented.qualification;
    if (asked < qualification.items) return { purpose: 'qualification' };
    if (qualificationRight / qualification.items < qualification.passShare) return { none: 'qualification not passed' };
  }
  if (perRaterCap !== undefined && presented.work >= perRaterCap) return { none: 'the most one rater may judge' };
  const repeated = presented.repeat + presented['swapped-repeat'];
  const shown = presented.work + presented.gold + presented.training + repeated;
  const goldAt = (at: number) => at > 0 && gold !== undefined && onBeat(`gold/${rhythm}`, gold.every, at);
  const repeatAt = (at: number) => repeats !== undefined && onBeat(`repeat/${rhythm}`, repeats.every, at);
  if (gold !== undefined && goldAt(shown)) return { purpose: gold.mode };
  let due = repeatAt(shown);
  for (let at = shown - 1; !due && goldAt(at); at--) due = repeatAt(at);
  if (due && presented.work > repeated) return { purpose: repeated % 2 === 0 ? 'swapped-repeat' : 'repeat' };
  return { purpose: 'work' };
}

const holds = (
  wanted: Readonly<Record<string, readonly string[]>>,
  values: Readonly<Record<string, string>> | undefined,
) =>
  Object.entries(wanted).every(([key, allowed]) => {
    const value = own(values, key);
    return value !== undefined && allowed.includes(value);
  });

/** Places in `rules.cohorts` of the cohorts that hold an item: items of the same places go to the same raters. */
export const itemCohorts = (rules: Distribution, strata: Readonly<Record<string, string>> | undefined): number[] =>
  rules.cohorts.flatMap((cohort, place) => (holds(cohort.items, strata) ? [place] : []));

/** Whether a rater belongs to every one of some cohorts, given by their places. */
export const raterInCohorts = (
  rules: Distribution,
  places: readonly number[],
  demographics: RaterProfile['demographics'],
): boolean =>
  places.every((place) => {
    const cohort = rules.cohorts[place];
    return cohort === undefined || holds(cohort.raters, demographics);
  });

/** Whether a rater may be given an item: every cohort that holds the item's strata must hold the rater too. */
export const inCohort = (
  rules: Distribution,
  strata: Readonly<Record<string, string>> | undefined,
  demographics: RaterProfile['demographics'],
): boolean => raterInCohorts(rules, itemCohorts(rules, strata), demographics);

/**
 * The quota that keeps a rater out, if any: an attribute whose group has its share of all wanted judgments. Who did not
 * say is counted as `not-said`, admitted without limit unless the quota names that group.
 */
export function fullQuota(
  rules: Distribution,
  demographics: RaterProfile['demographics'],
  progress: {
    /** Judgments wanted in the whole project. */
    readonly wanted: number;
    /** attribute → value → judgments so far. */
    readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  },
): string | undefined {
  return rules.quotas.find(({ attribute, shares }) => {
    const value = own(demographics, attribute) ?? 'not-said';
    if (!Object.hasOwn(shares, value)) return value !== 'not-said';
    const given = own(own(progress.counts, attribute), value) ?? 0;
    // Rounded up, so that thirds of ten can be filled; less rounding of the product, so that a tenth of thirty is three.
    return given >= Math.ceil(shares[value]! * progress.wanted - 1e-9);
  })?.attribute;
}
