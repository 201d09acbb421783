import type { Item, Judgment, RaterProfile } from '../feedback/index.ts';

/** What a round's feedback consists of, counted. */
export interface Collected {
  readonly items: { readonly train: number; readonly heldOut: number };
  /** Items by the policy that their replies come from, or the import. */
  readonly origins: Readonly<Record<string, number>>;
  /** Items by the rule that chose them. */
  readonly selections: Readonly<Record<string, number>>;
  /** Judgments by kind of answer. */
  readonly judgments: Readonly<Record<string, number>>;
  /** Raters by what they are: `human`, `simulated`, `model`; `unknown` for those without a profile. */
  readonly raters: Readonly<Record<string, number>>;
}

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
): Collected {
  const kinds = new Map(raters.map(({ id, kind }) => [id, kind]));
  const held = items.filter(({ strata }) => isHeldOut(strata)).length;
  return {
    items: { train: items.length - held, heldOut: held },
    origins: counts(items.map(({ source }) => source.origin)),
    selections: counts(items.map(({ source }) => source.selection)),
    judgments: counts(judgments.map(({ answer }) => answer.kind)),
    raters: counts([...new Set(judgments.map(({ raterId }) => raterId))].map((id) => kinds.get(id) ?? 'unknown')),
  };
}
