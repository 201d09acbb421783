import { createRng } from '../stats/index.ts';
import { CHALLENGE_IDS, type ChallengeId } from './challenges.ts';
import type { Evidence } from './evidence/index.ts';
import { type Finding, NO_PROBE, verdictOf } from './finding.ts';
import type { Probe, ProbeResult } from './probe.ts';
import { type ProbeSettings, probesOf } from './probes/index.ts';

/** Numbers that JSON has no name for become null, undefined goes: a finding is what stands in its file. */
const plain = (value: unknown): never =>
  JSON.parse(JSON.stringify(value, (_, v) => (typeof v === 'number' && !Number.isFinite(v) ? null : v))) as never;

/**
 * Runs one probe on evidence. Its randomness follows from the seed and its id alone, so a verifier gets the same finding.
 * Settings that are not given have their defaults.
 */
export function runProbe(
  probe: Probe,
  evidence: Evidence,
  options: { readonly seed: number; readonly params?: unknown },
): Finding {
  const { seed } = options;
  const params = probe.params.parse(options.params ?? {});
  const read = [...probe.needs, ...probe.uses.filter((kind) => evidence[kind] !== undefined)];
  const face = {
    probe: probe.id,
    challenge: probe.challenge,
    seed,
    estimand: probe.estimand,
    params: plain(params),
    evidence: read,
  };
  const missing = probe.needs.filter((kind) => evidence[kind] === undefined);
  const result: ProbeResult =
    missing.length > 0
      ? { notAssessed: 'missing-evidence', details: { missing } }
      : probe.run(evidence, params, createRng(seed).fork(`probe/${probe.id}`));
  const { n = 0, unscored = 0, details = {} } = result;
  const finite =
    'estimate' in result && [result.estimate, result.interval.low, result.interval.high].every(Number.isFinite);
  if (!finite) {
    return {
      ...face,
      verdict: 'not-assessed',
      estimate: null,
      interval: null,
      n,
      unscored,
      because: 'notAssessed' in result ? result.notAssessed : 'too-little-evidence',
      details: plain(details),
    };
  }
  const { estimate } = result;
  const { low, high } = result.interval;
  return {
    ...face,
    ...verdictOf({ low, high }, params),
    estimate,
    interval: { low, high, level: params.level },
    n,
    unscored,
    details: plain(details),
  };
}

/** The finding of a challenge without a probe. */
const noProbe = (challenge: ChallengeId, seed: number): Finding => ({
  probe: NO_PROBE,
  challenge,
  verdict: 'not-assessed',
  estimate: null,
  interval: null,
  n: 0,
  unscored: 0,
  seed,
  estimand: '',
  params: {},
  evidence: [],
  because: 'no-probe',
  details: {},
});

/** One finding for each probe, in the order of the challenges, and one that says so for a challenge without a probe. */
export function runAudit(
  evidence: Evidence,
  options: { readonly seed: number; readonly params?: ProbeSettings },
): Finding[] {
  const { seed, params = {} } = options;
  return CHALLENGE_IDS.flatMap((challenge) => {
    const probes = probesOf(challenge);
    return probes.length === 0
      ? [noProbe(challenge, seed)]
      : probes.map((probe) => runProbe(probe, evidence, { seed, params: params[probe.id] }));
  });
}
