import { z } from 'zod';
import { UsageError } from '../../run/index.ts';
import type { Observation } from '../observation.ts';

/** A group of raters, and what share of the raters it is. */
export interface GroupOfRaters {
  readonly name: string;
  readonly share: number;
}

/** Groups of the raters behind some answers. Plain JSON. */
export const groupsSchema = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), share: z.number() })).min(2),
  /** How likely each rater is of each group, in their order; without rater ids no rater is listed. */
  raters: z.array(z.strictObject({ raterId: z.string(), answers: z.int().positive(), of: z.array(z.number()) })),
  /** Of groups that were found in the answers: what speaks for them, and why they are not to be trusted. */
  found: z
    .strictObject({
      /** Nats a rater by which several groups predict answers about items kept apart better than one reward does. */
      gain: z.strictObject({ value: z.number(), low: z.number(), high: z.number(), raters: z.int() }),
      /** Mean probability of each rater's likeliest group. */
      certainty: z.number(),
      distrust: z.array(z.string()),
    })
    .exactOptional(),
});
export type Groups = Readonly<z.infer<typeof groupsSchema>>;

/** How likely the rater of each answer is of each group: by group, by answer. */
export type Memberships = readonly Float64Array[];

/** Answers as members of one group gave them: each counts as much as its rater is likely of it. */
export const answersOf = (observations: readonly Observation[], of: Float64Array): Observation[] =>
  observations.flatMap((own, e) => (of[e]! > 1e-3 ? [{ ...own, weight: own.weight * of[e]! }] : []));

/** Groups by what is known of each rater; those of whom it is not known count in each by its share of the others. */
export function knownGroups(
  observations: readonly Observation[],
  groupOf: (raterId: string) => string | undefined,
  by: string,
): { readonly groups: Groups; readonly memberships: Memberships } {
  const answers = new Map<string, number>();
  for (const { raterId, weight } of observations) if (weight > 0) answers.set(raterId, (answers.get(raterId) ?? 0) + 1);
  const counts = new Map<string, number>();
  for (const raterId of answers.keys()) {
    const name = groupOf(raterId);
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  if (counts.size < 2)
    throw new UsageError(
      'reward.disagreement',
      `reward.disagreement groups by ${by}: expected raters of two groups or more who answered and are described by ${by}, got ${counts.size}; name another attribute, or set found: 2`,
    );
  const names = [...counts.keys()].sort();
  const known = [...counts.values()].reduce((a, b) => a + b, 0);
  const shares = names.map((name) => counts.get(name)! / known);
  const ofRater = (raterId: string): readonly number[] => {
    const own = groupOf(raterId);
    return own === undefined ? shares : names.map((name) => Number(name === own));
  };
  const byRater = new Map([...answers.keys()].map((raterId) => [raterId, ofRater(raterId)]));
  return {
    groups: {
      groups: names.map((name, g) => ({ name, share: shares[g]! })),
      raters: [...byRater].map(([raterId, of]) => ({ raterId, answers: answers.get(raterId)!, of: [...of] })),
    },
    memberships: names.map((_, g) =>
      Float64Array.from(observations, ({ raterId }) => byRater.get(raterId)?.[g] ?? shares[g]!),
    ),
  };
}
