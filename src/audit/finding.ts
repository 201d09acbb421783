import { z } from 'zod';
import { CHALLENGE_IDS, type ChallengeId } from './challenges.ts';
import type { Reason } from './reasons.ts';

/**
 * `failure` and `concern`: the whole interval lies above that threshold. `clear`: the whole interval lies below the concern
 * threshold. `inconclusive`: the evidence is there and does not decide. `not-assessed`: it is not. Only `clear` is a pass.
 */
export const VERDICTS = ['failure', 'concern', 'inconclusive', 'clear', 'not-assessed'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Stands for a probe in the finding of a challenge that has none. */
export const NO_PROBE = 'none';

const intervalSchema = z.strictObject({ low: z.number(), high: z.number(), level: z.number() });

/** What a probe found: data with a code; sentences are rendered elsewhere. */
export const findingSchema = z.strictObject({
  probe: z.string(),
  challenge: z.enum(CHALLENGE_IDS as [ChallengeId, ...ChallengeId[]]),
  verdict: z.enum(VERDICTS),
  /** Headline estimate; null when not assessed. */
  estimate: z.number().nullable(),
  /** Two-sided interval at `level`. */
  interval: intervalSchema.nullable(),
  /** Units the estimate rests on, and units that could not be scored (never counted as zero). */
  n: z.number(),
  unscored: z.number(),
  seed: z.number(),
  /** What the estimate is of, with its unit. */
  estimand: z.string(),
  /** Thresholds and settings it was made with. */
  params: z.record(z.string(), z.json()),
  /** Evidence kinds read. */
  evidence: z.array(z.string()),
  /** A machine-readable reason, for example `interval-above-concern-threshold` or `missing-evidence`. */
  because: z.string(),
  /** Further figures and lists behind the verdict. */
  details: z.record(z.string(), z.json()),
});
export type Finding = Readonly<z.infer<typeof findingSchema>>;
export const findingsSchema = z.array(findingSchema);

/** The one rule that turns an interval of harm into a verdict. */
export function verdictOf(
  { low, high }: { readonly low: number; readonly high: number },
  { concern, failure }: { readonly concern: number; readonly failure: number },
): { verdict: Verdict; because: Reason } {
  if (low > failure) return { verdict: 'failure', because: 'interval-above-failure-threshold' };
  if (low > concern) return { verdict: 'concern', because: 'interval-above-concern-threshold' };
  if (high < concern) return { verdict: 'clear', because: 'interval-below-concern-threshold' };
  return { verdict: 'inconclusive', because: 'interval-reaches-across-concern-threshold' };
}
