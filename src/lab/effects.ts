import { PROBE_IDS, type ProbeId, probeOf, runProbe } from '../audit/index.ts';
import { ignoreProgress, type Progress } from '../run/index.ts';
import { createRng, mean } from '../stats/index.ts';
import { type Arm, runArm, strategyArm } from './arms.ts';
import { EXPERIMENTS } from './experiments/index.ts';
import { type PairedDifference, pairedDifference, type Verdict, verdicts } from './paired.ts';
import { type StrategyId, strategyOf } from './strategies/index.ts';

/** What a strategy does to a probe's estimate of harm, the failure being planted at its documented dose. */
export interface StrategyEffect {
  readonly strategy: StrategyId;
  readonly probe: ProbeId;
  readonly dose: number;
  /** Mean estimates without and with the strategy. */
  readonly without: number;
  readonly with: number;
  /** With less without, seed by seed: the same judgments are asked for, the same samples drawn. */
  readonly difference: PairedDifference;
  /** Better is less harm. */
  readonly verdict: Verdict;
  /** Seeds of which either arm could not be assessed: left out of both. */
  readonly unassessed: number;
  /** Estimates of the first seed, to the bit, where both arms were assessed: a test computes them again. */
  readonly first: { readonly seed: number; readonly without: number; readonly with: number } | null;
}

/** Probes whose challenge a strategy is said to answer, and in whose experiment it can be switched on. */
export const answeredBy = (id: StrategyId): ProbeId[] =>
  PROBE_IDS.filter(
    (probe) =>
      strategyOf(id).answers.includes(probeOf(probe).challenge) &&
      strategyArm(id, EXPERIMENTS[probe], probe) !== undefined,
  );

/** What a strategy is in the experiments of these probes, in words. */
export const armsOf = (id: StrategyId): string[] => [
  ...new Set(answeredBy(id).map((probe) => strategyArm(id, EXPERIMENTS[probe], probe)!.arm)),
];

/** A probe's estimate on the failure at its documented dose, without and with a strategy, at a seed; null where it is not assessed. */
export async function pairedEstimates(strategy: StrategyId, probe: ProbeId, seed: number) {
  const experiment = EXPERIMENTS[probe];
  const dose = experiment.documented;
  const estimate = async (arm: Arm) =>
    runProbe(probeOf(probe), (await runArm(experiment, probe, arm, seed)).evidence, { seed }).estimate;
  return {
    without: await estimate({ kind: 'planted', dose }),
    with: await estimate({ kind: 'strategy', id: strategy, dose }),
  };
}

/** The measured effect of each strategy on each probe that it answers, paired by seed; nulls and harms stay in the table. */
export async function strategyEffects(
  { strategies, seeds, firstSeed }: { strategies: readonly StrategyId[]; seeds: number; firstSeed: number },
  progress: Progress = ignoreProgress,
): Promise<StrategyEffect[]> {
  const cells = strategies.flatMap((strategy) => answeredBy(strategy).map((probe) => ({ strategy, probe })));
  const rows: Omit<StrategyEffect, 'verdict'>[] = [];
  for (const { strategy, probe } of cells) {
    const dose = EXPERIMENTS[probe].documented;
    const before: number[] = [];
    const after: number[] = [];
    let first: StrategyEffect['first'] = null;
    for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
      const { without, with: treated } = await pairedEstimates(strategy, probe, seed);
      if (without === null || treated === null) continue;
      before.push(without);
      after.push(treated);
      if (seed === firstSeed) first = { seed, without, with: treated };
    }
    rows.push({
      strategy,
      probe,
      dose,
      without: mean(before),
      with: mean(after),
      difference: pairedDifference(after, before, createRng(firstSeed).fork(`effect/${strategy}/${probe}`)),
      unassessed: seeds - before.length,
      first,
    });
    progress({ stage: 'strategies', done: rows.length, total: cells.length, unit: 'effects' });
  }
  return withVerdicts(rows);
}

/** Effects with their verdicts, at a false discovery rate over all of them. */
export function withVerdicts(rows: readonly Omit<StrategyEffect, 'verdict'>[]): StrategyEffect[] {
  const said = verdicts(
    rows.map(({ difference }) => difference),
    () => false,
  );
  return rows.map((row, i) => ({ ...row, verdict: said[i]! }));
}
