import { z } from 'zod';
import type { Nuisance } from '../likelihood/index.ts';

/** Values and moments by name, in the order of the nuisances. */
export const nuisanceStateSchema = z.strictObject({
  values: z.array(z.number()),
  first: z.array(z.number()),
  second: z.array(z.number()),
  steps: z.int().nonnegative(),
});
export type NuisanceState = z.infer<typeof nuisanceStateSchema>;

/** Share of the gradient's running mean and of its square's, as Adam has them (Kingma and Ba 2015). */
const [BETA1, BETA2] = [0.9, 0.999];

/** Nuisances beside a network: a few numbers that learn by Adam at a rate of their own while its weights learn at theirs. */
export class NuisanceSteps {
  readonly #nuisances: readonly Nuisance[];
  #state: NuisanceState;

  constructor(nuisances: readonly Nuisance[], state?: NuisanceState) {
    this.#nuisances = nuisances;
    const zeros = () => nuisances.map(() => 0);
    this.#state = state ?? { values: nuisances.map(({ start }) => start), first: zeros(), second: zeros(), steps: 0 };
  }

  get state(): NuisanceState {
    return this.#state;
  }

  get values(): Map<string, number> {
    return new Map(this.#nuisances.map(({ name }, k) => [name, this.#state.values[k]!]));
  }

  /** One step down `slopes` (by name) and the priors, whose sum counts as `priorShare` of it. */
  step(slopes: ReadonlyMap<string, number>, { rate, priorShare }: { rate: number; priorShare: number }): void {
    const { values, first, second, steps } = this.#state;
    const next = { values: [...values], first: [...first], second: [...second], steps: steps + 1 };
    for (const [k, { name, start, precision }] of this.#nuisances.entries()) {
      const slope = (slopes.get(name) ?? 0) + priorShare * precision * (values[k]! - start);
      next.first[k] = BETA1 * first[k]! + (1 - BETA1) * slope;
      next.second[k] = BETA2 * second[k]! + (1 - BETA2) * slope * slope;
      const mean = next.first[k]! / (1 - BETA1 ** next.steps);
      const square = next.second[k]! / (1 - BETA2 ** next.steps);
      next.values[k] = values[k]! - (rate * mean) / (Math.sqrt(square) + 1e-8);
    }
    this.#state = next;
  }
}
