import { z } from 'zod';
import type { Item, Judgment, RaterProfile } from '../feedback/index.ts';
import { peopleOf, peopleSchema } from './people.ts';

const countsSchema = z.record(z.string(), z.number());

/** What a round's feedback consists of, counted. */
export const collectedSchema = z.strictObject({
  items: z.strictObject({ train: z.number(), heldOut: z.number() }),
  /** Items by the policy that their replies come from, or the import. */
  origins: countsSchema,
  /** Items by the rule that chose them. */
  selections: countsSchema,
  /** Judgments by kind of answer. */
  judgments: countsSchema,
  /** Raters by what they are: `human`, `simulated`, `model`; `unknown` for those without a profile. */
  raters: countsSchema,
  /** The people among them; absent where there are none, and from runs before they were told of. */
  people: peopleSchema.exactOptional(),
});
export type Collected = z.infer<typeof collectedSchema>;

function counts(values: readonly string[]): Record<string, number> {
  const by = new Map<string, number>();
  for (const value of values) by.set(value, (by.get(value) ?? 0) + 1);
  return Object.fromEntries([...by].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export const isHeldOut = (strata: Readonly<Record<string, string>> | undefined): boolean =>
  strata?.split === 'held-out';

/** Counts of items, judgments and raters; pure, so that a verifier gets the same. */
export function collected(
  items: readonly Item[],
  judgments: readonly Judgment[],
  raters: readonly RaterProfile[],
  stated?: Parameters<typeof peopleOf>[2],
): Collected {
  const kinds = new Map(raters.map(({ id, kind }) => [id, kind]));
  const people = peopleOf(judgments, raters, stated);
  const held = items.filter(({ strata }) => isHeldOut(strata)).length;
  return {
    items: { train: items.length - held, heldOut: held },
    origins: counts(items.map(({ source }) => source.origin)),
    selections: counts(items.map(({ source }) => source.selection)),
    judgments: counts(judgments.map(({ answer }) => answer.kind)),
    raters: counts([...new Set(judgments.map(({ raterId }) => raterId))].map((id) => kinds.get(id) ?? 'unknown')),
    ...(people !== undefined && { people }),
  };
}
