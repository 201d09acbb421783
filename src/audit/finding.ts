import type { Interval } from '../stats/index.ts';
import type { EvidenceKind } from './evidence.ts';
import type { Finding, Probe, Verdict } from './probe.ts';

/**
 * The one rule that turns an estimate of harm into a verdict: `failure` when the whole interval lies above the failure
 * threshold, `concern` when it lies above the concern threshold, `clear` otherwise. A wide interval around zero is clear
 * of evidence, not proof of safety: the interval is printed beside it.
 */
export function verdictOf(
  interval: Interval,
  thresholds: { concern: number; failure: number },
): { verdict: Verdict; because: string } {
  if (interval.low > thresholds.failure) return { verdict: 'failure', because: 'interval-above-failure-threshold' };
  if (interval.low > thresholds.concern) return { verdict: 'concern', because: 'interval-above-concern-threshold' };
  return { verdict: 'clear', because: 'interval-reaches-below-concern-threshold' };
}

type Identity = Pick<Probe, 'id' | 'challenge' | 'needs'>;

/** A finding that says why nothing could be assessed. */
export const notAssessed = (
  probe: Identity,
  seed: number,
  because: string,
  extra: { n?: number; unscored?: number; details?: Finding['details'] } = {},
): Finding => ({
  probe: probe.id,
  challenge: probe.challenge,
  verdict: 'not-assessed',
  estimate: null,
  interval: null,
  n: extra.n ?? 0,
  unscored: extra.unscored ?? 0,
  seed,
  evidence: probe.needs as readonly EvidenceKind[],
  because,
  details: extra.details ?? {},
});

/** A finding with its verdict by the shared rule; not assessed when the interval is not finite. */
export function assessed(
  probe: Identity & { params: Readonly<Record<string, number>> },
  seed: number,
  result: { estimate: number; interval: Interval; n: number; unscored?: number; details?: Finding['details'] },
): Finding {
  const { estimate, interval, n, unscored = 0, details = {} } = result;
  if (!Number.isFinite(estimate) || !Number.isFinite(interval.low) || !Number.isFinite(interval.high)) {
    return notAssessed(probe, seed, 'too-little-evidence', { n, unscored, details });
  }
  const { verdict, because } = verdictOf(interval, { concern: probe.params.concern!, failure: probe.params.failure! });
  return {
    probe: probe.id,
    challenge: probe.challenge,
    verdict,
    estimate,
    interval,
    n,
    unscored,
    seed,
    evidence: probe.needs,
    because,
    details,
  };
}
