import { createRng } from '../stats/index.ts';
import type { Evidence } from './evidence.ts';
import { CHALLENGES, type ChallengeId, type Finding, type Probe } from './probe.ts';
import { carelessRaters } from './probes/careless-raters.ts';
import { misgeneralisation } from './probes/misgeneralisation.ts';
import { modeCollapse } from './probes/mode-collapse.ts';
import { overOptimisation } from './probes/over-optimisation.ts';
import { poisoning } from './probes/poisoning.ts';
import { sycophancy } from './probes/sycophancy.ts';

/** Every probe, in the order of the survey's challenges. */
export const PROBES: readonly Probe[] = [
  sycophancy,
  poisoning,
  carelessRaters,
  misgeneralisation,
  overOptimisation,
  modeCollapse,
];

/** Runs one probe; its randomness follows from the seed and its id alone, so a verifier gets the same finding. */
export function runProbe(probe: Probe, evidence: Evidence, seed: number): Finding {
  return probe.run(evidence, { seed, uniform: createRng(seed).fork(`probe/${probe.id}`).uniform });
}

/** One finding for each of the 23 challenges: the probe's, or `not-assessed` because there is no probe yet. */
export function runAudit(evidence: Evidence, options: { seed: number }): Finding[] {
  return (Object.keys(CHALLENGES) as ChallengeId[]).map((challenge): Finding => {
    const probe = PROBES.find((p) => p.challenge === challenge);
    if (probe !== undefined) return runProbe(probe, evidence, options.seed);
    return {
      probe: 'none',
      challenge,
      verdict: 'not-assessed',
      estimate: null,
      interval: null,
      n: 0,
      unscored: 0,
      seed: options.seed,
      evidence: [],
      because: 'no-probe',
      details: {},
    };
  });
}
