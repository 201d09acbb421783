import { z } from 'zod';
import { SMALLEST_GROUP } from '../exchange/index.ts';
import { consentedDemographics, type Judgment, type RaterProfile } from '../feedback/index.ts';
import { own } from '../run/index.ts';
import { quantile, wilson } from '../stats/index.ts';

/**
 * The people who gave feedback, as far as they can be told of without telling who they are: a group of fewer than five stands
 * in no number of its own.
 */
/** Said in the place of a number of fewer people than are told of. */
export const FEW = `fewer than ${SMALLEST_GROUP}`;
const countsSchema = z.record(z.string(), z.number());
const spreadSchema = z.strictObject({ lowQuartile: z.number(), median: z.number(), highQuartile: z.number() });
const paySchema = z.strictObject({
  currency: z.string(),
  per: z.enum(['hour', 'item']),
  people: z.int(),
  /** The rate that was agreed on. */
  rate: spreadSchema,
  /** People of these whose active time is known for all that they judged, what that made an hour, null for fewer than five. */
  hourly: spreadSchema.extend({ people: z.int() }).nullable(),
  /** Share of these below the wage that was stated, null where none was in this currency. */
  belowLivingWage: z.number().nullable(),
});
/** Said of what nobody asked the people, or nobody kept. */
export const NOT_COLLECTED = 'not collected';
/** A pause between two tasks that is a break. */
const BREAK_MS = 5 * 60_000;
const breaksSchema = z.strictObject({
  /** Least minutes between two tasks that count as a break. */
  minutes: z.literal(BREAK_MS / 60_000),
  /** People whose every task has its times. */
  people: z.int(),
  /** Hours from break to break in which each of them worked longest. */
  longestStretch: spreadSchema,
  /** Breaks of each of them by hours of active time. */
  perHour: spreadSchema,
});
/** A group of the people beside its share of the population that the reward is to speak for. */
const representedSchema = z.strictObject({
  people: z.int(),
  share: z.number(),
  population: z.number(),
  /** Share of the people less share of the population, with its 95 % interval; the population's share is taken as exact. */
  difference: z.strictObject({ value: z.number(), low: z.number(), high: z.number() }),
});
export const peopleSchema = z.strictObject({
  /** People among the raters. */
  people: z.int(),
  consented: z.int(),
  /** Who passed or failed a training or qualification. */
  trained: z.int(),
  /** Where they were recruited, groups too small to be told of together; null where nobody says. */
  pools: countsSchema.nullable(),
  /** Judgments of people by the version of the instructions that they saw. */
  instructions: countsSchema,
  /** Self-described, attribute → value → people, of those who consented. */
  demographics: z.union([z.record(z.string(), countsSchema.nullable()), z.literal(NOT_COLLECTED)]),
  /**
   * Attribute → value → its people beside the population, for each attribute of the population that was stated; groups of fewer
   * than five in no number. Null where no population was stated.
   */
  represented: z
    .record(
      z.string(),
      z.union([
        z.strictObject({ said: z.int(), groups: z.record(z.string(), representedSchema) }),
        z.literal([NOT_COLLECTED, FEW]),
      ]),
    )
    .nullable(),
  /** Active time of all people together, in hours; null where some of it was not recorded, and for fewer than five. */
  hours: z.number().nullable(),
  /** Breaks between tasks; null for fewer than five people with times. */
  breaks: breaksSchema.nullable(),
  /** Null where no group is large enough to be told of. */
  pay: z.array(paySchema).nullable(),
  /** People who are in no such group: their pay is not known, or too few are paid like them. */
  payUntold: z.int(),
});
export type People = z.infer<typeof peopleSchema>;

/** A wage that people can live on, as whoever runs the study states it. */
export interface LivingWage {
  readonly amount: number;
  readonly currency: string;
}

function counted(values: readonly string[]): Map<string, number> {
  const by = new Map<string, number>();
  for (const value of values) by.set(value, (by.get(value) ?? 0) + 1);
  return by;
}

const TOGETHER = `in groups of fewer than ${SMALLEST_GROUP}`;

/** How many people have each value, those of small groups together; null where nobody has any. */
export function groups(values: readonly string[]): Record<string, number> | null {
  if (values.length === 0) return null;
  const by = counted(values);
  const small = [...by.values()].filter((n) => n < SMALLEST_GROUP).reduce((sum, n) => sum + n, 0);
  const large = [...by].filter(([, n]) => n >= SMALLEST_GROUP).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries([...large, ...(small > 0 ? [[TOGETHER, small] as const] : [])]);
}

const spread = (values: readonly number[]): z.infer<typeof spreadSchema> => ({
  lowQuartile: quantile(values, 0.25),
  median: quantile(values, 0.5),
  highQuartile: quantile(values, 0.75),
});

const HOUR_MS = 3.6e6;

/** A task that a person did: a form with several questions is one task, answered at once. */
interface Task {
  /** When it was sent, ms; NaN where that was not recorded. */
  readonly at: number;
  readonly activeMs: number | null;
}

/** A person's work: how much they judged, in which tasks, and how long it took where all of it was timed. */
interface Work {
  readonly tasks: readonly Task[];
  readonly activeMs: number | null;
}

function workOf(judgments: readonly Judgment[]): Map<string, Work> {
  const tasks = new Map<string, Map<string, Task>>();
  for (const { id, raterId, itemId, activeMs, submittedAt } of judgments) {
    const own = tasks.get(raterId) ?? new Map<string, Task>();
    const at = Date.parse(submittedAt);
    // Without a time, nothing tells which answers were sent together.
    own.set(JSON.stringify(Number.isNaN(at) ? [id] : [itemId, at]), { at, activeMs });
    tasks.set(raterId, own);
  }
  return new Map(
    [...tasks].map(([raterId, own]) => {
      const done = [...own.values()].sort((a, b) => a.at - b.at);
      const activeMs = done.reduce<number | null>(
        (sum, task) => (sum === null || task.activeMs === null ? null : sum + task.activeMs),
        0,
      );
      return [raterId, { tasks: done, activeMs }];
    }),
  );
}

/** Breaks of a person, and the longest that they worked without one; undefined where some times were not recorded. */
function breaksOf({ tasks, activeMs }: Work): { longest: number; perHour: number } | undefined {
  if (activeMs === null || activeMs === 0 || tasks.some(({ at }) => Number.isNaN(at))) return undefined;
  let [breaks, longest, begun, ended] = [0, 0, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const task of tasks) {
    const start = task.at - task.activeMs!;
    if (start - ended >= BREAK_MS) {
      breaks += Number(Number.isFinite(ended));
      begun = start;
    }
    ended = task.at;
    longest = Math.max(longest, ended - begun);
  }
  return { longest: longest / HOUR_MS, perHour: breaks / (activeMs / HOUR_MS) };
}

function breaksTold(work: readonly Work[]): People['breaks'] {
  const known = work.flatMap((one) => breaksOf(one) ?? []);
  if (known.length < SMALLEST_GROUP) return null;
  return {
    minutes: BREAK_MS / 60_000,
    people: known.length,
    longestStretch: spread(known.map(({ longest }) => longest)),
    perHour: spread(known.map(({ perHour }) => perHour)),
  };
}

/** Shares of a population, attribute → value → share, as whoever leads the study states it. */
export type Population = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** The people beside a population, by what they say of themselves. */
function representedIn(
  described: readonly (Readonly<Record<string, string>> | undefined)[],
  population: Population,
): NonNullable<People['represented']> {
  return Object.fromEntries(
    Object.entries(population).map(([attribute, shares]) => {
      const said = described.flatMap((one) => own(one ?? {}, attribute) ?? []);
      if (said.length === 0) return [attribute, NOT_COLLECTED];
      if (said.length < SMALLEST_GROUP) return [attribute, FEW];
      const by = counted(said);
      const told = Object.entries(shares).filter(([value]) => (by.get(value) ?? 0) >= SMALLEST_GROUP);
      const row = (people: number, share: number) => {
        const { low, high } = wilson(people, said.length);
        const value = people / said.length;
        return {
          people,
          share: value,
          population: share,
          difference: { value: value - share, low: low - share, high: high - share },
        };
      };
      const rows = told.map(([value, share]) => [value, row(by.get(value)!, share)] as const);
      return [attribute, { said: said.length, groups: Object.fromEntries(rows) }];
    }),
  );
}

/** What one person earned an hour of active time: the rate itself where it is by the hour. */
function hourlyOf({ pay }: RaterProfile, { tasks, activeMs }: Work): number | undefined {
  if (pay === undefined) return undefined;
  if (pay.per === 'hour') return pay.amount;
  return activeMs === null || activeMs === 0 ? undefined : (pay.amount * tasks.length) / (activeMs / HOUR_MS);
}

function payOf(
  paid: readonly RaterProfile[],
  work: ReadonlyMap<string, Work>,
  wage: LivingWage | undefined,
): People['pay'] {
  const by = new Map<string, RaterProfile[]>();
  for (const profile of paid) {
    const kind = `${profile.pay!.currency} ${profile.pay!.per}`;
    by.set(kind, [...(by.get(kind) ?? []), profile]);
  }
  const told = [...by].sort(([a], [b]) => (a < b ? -1 : 1)).filter(([, people]) => people.length >= SMALLEST_GROUP);
  const groupsOfPay = told.map(([, people]) => {
    const { currency, per } = people[0]!.pay!;
    const hourly = people.flatMap((profile) => hourlyOf(profile, work.get(profile.id)!) ?? []);
    const isTold = hourly.length >= SMALLEST_GROUP;
    return {
      currency,
      per,
      people: people.length,
      rate: spread(people.map((profile) => profile.pay!.amount)),
      hourly: isTold ? { ...spread(hourly), people: hourly.length } : null,
      belowLivingWage:
        isTold && wage?.currency === currency
          ? hourly.filter((amount) => amount < wage.amount).length / hourly.length
          : null,
    };
  });
  return groupsOfPay.length === 0 ? null : groupsOfPay;
}

/** What is told of the people who judged, undefined where nobody did; pure, so that a verifier gets the same. */
export function peopleOf(
  judgments: readonly Judgment[],
  raters: readonly RaterProfile[],
  { wage, population }: { readonly wage?: LivingWage | undefined; readonly population?: Population | undefined } = {},
): People | undefined {
  const work = workOf(judgments);
  const people = raters.filter(({ id, kind }) => kind === 'human' && work.has(id));
  if (people.length === 0) return undefined;
  const ids = new Set(people.map(({ id }) => id));
  const theirs = judgments.filter(({ raterId }) => ids.has(raterId));
  const times = people.map(({ id }) => work.get(id)!.activeMs);
  const described = people.map((profile) => consentedDemographics(profile));
  const attributes = [...new Set(described.flatMap((said) => Object.keys(said ?? {})))].sort();
  const paid = people.filter(({ pay }) => pay !== undefined);
  const pay = payOf(paid, work, wage);
  return {
    people: people.length,
    consented: people.filter(({ consent }) => consent !== undefined).length,
    trained: people.filter(({ training = [] }) => training.length > 0).length,
    pools: groups(people.flatMap(({ pool }) => pool ?? [])),
    instructions: Object.fromEntries(counted(theirs.map(({ presentation }) => presentation.instructionsVersion))),
    demographics:
      attributes.length === 0
        ? NOT_COLLECTED
        : Object.fromEntries(
            attributes.map((name) => [name, groups(described.flatMap((said) => own(said, name) ?? []))]),
          ),
    represented: population === undefined ? null : representedIn(described, population),
    hours:
      people.length < SMALLEST_GROUP || times.includes(null)
        ? null
        : times.reduce<number>((sum, time) => sum + time!, 0) / HOUR_MS,
    breaks: breaksTold(people.map(({ id }) => work.get(id)!)),
    pay,
    payUntold: people.length - (pay ?? []).reduce((sum, group) => sum + group.people, 0),
  };
}
