import { expect, it } from 'vitest';
import { createRng, type Rng } from '../stats/index.ts';
import type { Evidence } from './evidence/index.ts';
import type { Verdict } from './finding.ts';
import type { Probe } from './probe.ts';
import { runProbe } from './run-audit.ts';

/** A way to draw evidence of which the true value of the estimand is known. */
export interface TruthCase {
  readonly name: string;
  draw(rng: Rng): { readonly evidence: Evidence; readonly truth: number };
}

/** Draws of a case: 400 tell a coverage of .95 from one below .93 in all but few cases, more do where they cost little. */
const DRAWS = 400;
/** Least share of intervals, all at 95 %, that must hold the truth. */
const LEAST_COVERAGE = 0.93;
/** Draws that may turn out too thin to assess. */
const LEAST_ASSESSED = 0.98;

/** How often a probe's interval holds the truth, and with which verdicts. */
export function coverageOf(probe: Probe, { name, draw }: TruthCase, draws: number, params: unknown = {}) {
  let [covered, assessed] = [0, 0];
  const verdicts: Partial<Record<Verdict, number>> = {};
  for (let i = 0; i < draws; i++) {
    const { evidence, truth } = draw(createRng(`coverage/${probe.id}/${name}/${i}`));
    const { interval, verdict } = runProbe(probe, evidence, { seed: i, params });
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
    if (interval === null) continue;
    assessed += 1;
    covered += Number(interval.low <= truth + 1e-9 && interval.high >= truth - 1e-9);
  }
  return { covered, assessed, verdicts };
}

/** The interval of a probe holds the truth in at least .93 of the draws, of every case. */
export function coverageContract(
  probe: Probe,
  cases: readonly TruthCase[],
  { params = {}, draws = DRAWS }: { readonly params?: unknown; readonly draws?: number } = {},
): void {
  it.each(cases.map((one) => [one.name, one] as const))('its interval covers: %s', (_, one) => {
    const { covered, assessed } = coverageOf(probe, one, draws, params);
    expect(assessed).toBeGreaterThanOrEqual(LEAST_ASSESSED * draws);
    expect(covered).toBeGreaterThanOrEqual(LEAST_COVERAGE * assessed);
  });
}
