import { PROBE_IDS, type ProbeId, probeOf, runProbe } from '../audit/index.ts';
import { ignoreProgress, type Progress } from '../run/index.ts';
import { createRng, mean } from '../stats/index.ts';
import { runArm, takesStrategies } from './experiment.ts';
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
}

/** Probes whose challenge a strategy is said to answer, and in whose experiment it can be switched on. */
export const answeredBy = (id: StrategyId): ProbeId[] =>
  PROBE_IDS.filter(
    (probe) => strategyOf(id).answers.includes(probeOf(probe).challenge) && takesStrategies(EXPERIMENTS[probe]),
  );

/** The measured effect of each strategy on each probe that it answers, paired by seed; nulls and harms stay in the table. */
export async function strategyEffects(
  { strategies, seeds, firstSeed }: { strategies: readonly StrategyId[]; seeds: number; firstSeed: number },
  progress: Progress = ignoreProgress,
): Promise<StrategyEffect[]> {
  const cells = strategies.flatMap((strategy) => answeredBy(strategy).map((probe) => ({ strategy, probe })));
  const rows: Omit<StrategyEffect, 'verdict'>[] = [];
  for (const { strategy, probe } of cells) {
    const experiment = EXPERIMENTS[probe];
    const dose = experiment.documented;
    const before: number[] = [];
    const after: number[] = [];
    for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
      const estimate = async (arm: Parameters<typeof runArm>[2]) =>
        runProbe(probeOf(probe), (await runArm(experiment, probe, arm, seed)).evidence, { seed }).estimate;
      const planted = await estimate({ kind: 'planted', dose });
      const treated = await estimate({ kind: 'strategy', id: strategy, dose });
      if (planted === null || treated === null) continue;
      before.push(planted);
      after.push(treated);
    }
    rows.push({
      strategy,
      probe,
      dose,
      without: mean(before),
      with: mean(after),
      difference: pairedDifference(after, before, createRng(firstSeed).fork(`effect/${strategy}/${probe}`)),
      unassessed: seeds - before.length,
    });
    progress({ stage: 'strategies', done: rows.length, total: cells.length, unit: 'effects' });
  }
  const said = verdicts(
    rows.map(({ difference }) => difference),
    () => false,
  );
  return rows.map((row, i) => ({ ...row, verdict: said[i]! }));
}
