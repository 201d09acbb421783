import type { Rng } from '../../stats/index.ts';
import type { SelectionInput } from './rule.ts';
import { SELECTION_RULES, type SelectionRuleId } from './rules.ts';

/** One chosen candidate, and which rule chose it: goes into `item.source.selection` (disclosure D3). */
export interface Chosen {
  readonly id: string;
  readonly by: SelectionRuleId;
}

export interface BatchOptions {
  readonly rule: SelectionRuleId;
  readonly count: number;
  /**
   * Share drawn at random from all candidates before the rule chooses. Only these are a fair sample of the candidates: an
   * evaluation on what a rule chose says little about the rest.
   */
  readonly epsilon?: number;
  readonly rng: Rng;
}

/**
 * The next questions to ask, in order, the random ones at random places among the others, so that they are as likely to be
 * answered. A share that makes no whole number is rounded at random and holds on average.
 */
export function selectBatch(input: SelectionInput, { rule, count, epsilon = 0, rng }: BatchOptions): Chosen[] {
  const { candidates } = input;
  const total = Math.min(count, candidates.length);
  const fair = rng.shuffle(candidates).slice(0, Math.floor(epsilon * total + rng.uniform()));
  const drawn = new Set(fair.map(({ id }) => id));
  const rest = candidates.filter(({ id }) => !drawn.has(id));
  const { order } = SELECTION_RULES[rule].select({ ...input, candidates: rest }, total - fair.length, rng);
  const places = new Set(rng.shuffle(Array.from({ length: total }, (_, i) => i)).slice(0, fair.length));
  const [fairIds, wantedIds] = [fair.values(), order.values()];
  return Array.from(
    { length: total },
    (_, place): Chosen =>
      places.has(place)
        ? { id: (fairIds.next().value as (typeof fair)[number]).id, by: 'random' }
        : { id: rest[wantedIds.next().value as number]!.id, by: rule },
  );
}

/** Item id → priority for a store or a coordinator with `order: priority`: the first chosen highest, down to 1. */
export const prioritiesOf = (chosen: readonly Chosen[]): Map<string, number> =>
  new Map(chosen.map(({ id }, i) => [id, chosen.length - i]));
