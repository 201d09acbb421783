import { z } from 'zod';
import type { ImplementationDetail } from './algorithm.ts';

/** Keys of an algorithm in which KL has a weight. */
export const klControlKeys = {
  klTarget: z
    .number()
    .positive()
    .optional()
    .describe('Nats a reply that the weight of KL steers to; left out, the weight stays as it is.'),
  klGain: z
    .number()
    .positive()
    .lt(5)
    .default(0.1)
    .describe('How much of the weight a step may change for each whole target that KL is off, at most a fifth of it.'),
};
type KlControl = z.output<z.ZodObject<typeof klControlKeys>> & { readonly beta: number };

/** KL_COEF of the next step is the state of the controller: a run that goes on reads it from what was logged. */
const KL_COEF = 'objective/kl_coef';
export const KL_CONTROL_METRICS = {
  [KL_COEF]: 'weight of KL in this step: beta, or what klTarget has made of it',
} as const;

/** How the weight of KL is steered. */
export const KL_CONTROL_DETAILS: readonly ImplementationDetail[] = [
  [
    'With `klTarget` the weight of KL moves once a step: β ← β·(1 + `klGain`·error), the error KL / target − 1 within ±0.2. The weight is logged, and a resumed run reads it from there.',
    'Ziegler et al. 2019, arXiv 1909.08593, Section 2.2; there the gain is samples over a horizon',
  ],
];

/** Within this share of the target an error acts in full (Ziegler et al. 2019, Section 2.2). */
const MOST_ERROR = 0.2;

/**
 * The weight of KL in the next step, from that of the last one and the KL that its samples had: β·(1 + gain · error), the error
 * (KL − target) / target within ±.2 (Ziegler et al. 2019, arXiv 1909.08593, Section 2.2). Fixed without a target.
 */
export function nextKlCoef(coef: number, kl: number, { klTarget, klGain }: Omit<KlControl, 'beta'>): number {
  if (klTarget === undefined || !Number.isFinite(kl)) return coef;
  const error = Math.max(-MOST_ERROR, Math.min(MOST_ERROR, kl / klTarget - 1));
  return coef * (1 + klGain * error);
}

/** The weight of KL in the step after the one that logged `previous`: `beta` in the first one. */
export function klCoefAfter(previous: Readonly<Record<string, number>> | undefined, settings: KlControl): number {
  const coef = previous?.[KL_COEF];
  return coef === undefined ? settings.beta : nextKlCoef(coef, previous!['objective/kl']!, settings);
}
