import { wilson } from '../stats/index.ts';
import { qualityColumns } from './columns.ts';
import { qualityData } from './data.ts';
import type { DetectorId, DetectorOutcome } from './detector.ts';
import type { DetectorRates } from './detector-rates.ts';
import { DETECTORS } from './detectors.ts';
import { PLANTS, type PoolOptions, simulatedPool } from './simulated-pool.fake.ts';

export const POOL = { raters: 16, items: 480, overlap: 5, gold: 12 } as const;

const flaggedBy = (outcome: DetectorOutcome): Set<string> =>
  new Set('undefined' in outcome ? [] : outcome.flags.flatMap((flag) => flag.raters));

/** What one detector flags in one simulated pool. */
export function runOnPool(
  id: DetectorId,
  options: PoolOptions,
): { flagged: Set<string>; planted: Set<string>; outcome: DetectorOutcome } {
  const { items, judgments, planted } = simulatedPool({
    ...POOL,
    items: PLANTS[id].items ?? POOL.items,
    texts: id === 'copied-text',
    ...options,
  });
  const outcome = DETECTORS[id].run(qualityData(qualityColumns(items, judgments)));
  return { flagged: flaggedBy(outcome), planted, outcome };
}

/** Power of a detector at each strength of its planted failure, and its false alarms on pools without any. */
export function measureRates(
  id: DetectorId,
  seeds: readonly number[],
  strengths: readonly number[] = PLANTS[id].strengths,
): DetectorRates {
  const plant = PLANTS[id];
  const planted = strengths.map((strength) => {
    let [found, honest] = [0, 0];
    for (const seed of seeds) {
      const run = runOnPool(id, { seed, planted: { kind: id, strength } });
      found += [...run.planted].filter((rater) => run.flagged.has(rater)).length / run.planted.size;
      honest += [...run.flagged].filter((rater) => !run.planted.has(rater)).length;
    }
    const runs = seeds.length;
    const { low, high } = wilson(found, runs);
    return { strength, runs, power: found / runs, low, high, honestFlagged: honest };
  });
  let [alarms, flagged] = [0, 0];
  for (const seed of seeds) {
    const run = runOnPool(id, { seed });
    alarms += Number(run.flagged.size > 0);
    flagged += run.flagged.size;
  }
  const { low, high } = wilson(alarms, seeds.length);
  const items = plant.items ?? POOL.items;
  return {
    means: plant.means,
    judgmentsPerRater: (items * POOL.overlap) / POOL.raters + POOL.gold,
    planted,
    clean: { runs: seeds.length, alarms, share: alarms / seeds.length, low, high, ratersFlagged: flagged },
  };
}
