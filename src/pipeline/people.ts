import { z } from 'zod';
import { SMALLEST_GROUP } from '../exchange/index.ts';
import { consentedDemographics, type Judgment, type RaterProfile } from '../feedback/index.ts';
import { own } from '../run/index.ts';
import { quantile } from '../stats/index.ts';

/**
 * The people who gave feedback, as far as they can be told of without telling who they are: a group of fewer than five stands
 * in no number of its own.
 */
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
  /** Self-described, attribute → value → people, of those who consented; null where nobody says anything. */
  demographics: z.record(z.string(), countsSchema.nullable()).nullable(),
  /** Active time of all people together, in hours; null where some of it was not recorded, and for fewer than five. */
  hours: z.number().nullable(),
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
function groups(values: readonly string[]): Record<string, number> | null {
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

/** A person's work: how much they judged, and how long it took where all of it was timed. */
interface Work {
  readonly judged: number;
  readonly activeMs: number | null;
}

function workOf(judgments: readonly Judgment[]): Map<string, Work> {
  const work = new Map<string, Work>();
  for (const { raterId, activeMs } of judgments) {
    const before = work.get(raterId) ?? { judged: 0, activeMs: 0 };
    const time = before.activeMs === null || activeMs === null ? null : before.activeMs + activeMs;
    work.set(raterId, { judged: before.judged + 1, activeMs: time });
  }
  return work;
}

/** What one person earned an hour of active time: the rate itself where it is by the hour. */
function hourlyOf({ pay }: RaterProfile, { judged, activeMs }: Work): number | undefined {
  if (pay === undefined) return undefined;
  if (pay.per === 'hour') return pay.amount;
  return activeMs === null || activeMs === 0 ? undefined : (pay.amount * judged) / (activeMs / HOUR_MS);
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
  wage?: LivingWage | undefined,
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
        ? null
        : Object.fromEntries(
            attributes.map((name) => [name, groups(described.flatMap((said) => own(said, name) ?? []))]),
          ),
    hours:
      people.length < SMALLEST_GROUP || times.includes(null)
        ? null
        : times.reduce<number>((sum, time) => sum + time!, 0) / HOUR_MS,
    pay,
    payUntold: people.length - (pay ?? []).reduce((sum, group) => sum + group.people, 0),
  };
}
