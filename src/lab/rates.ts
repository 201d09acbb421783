import { PROBE_IDS, type Probe, type ProbeId, probeOf, runProbe } from '../audit/index.ts';
import { ignoreProgress, type Progress } from '../run/index.ts';
import { type Interval, wilson } from '../stats/index.ts';
import { ARMS, type Arm, runArm } from './arms.ts';

/** How often a probe raises a concern or a failure in one arm. */
export interface Rate {
  readonly hits: number;
  readonly n: number;
  readonly notAssessed: number;
  readonly interval: Interval;
}
/** Power on the planted arm, false alarms on the clean one. */
export type DetectionRates = Readonly<Record<Arm, Rate>>;

/** Runs both arms of a probe's experiment once per seed. */
export async function detectionRates(probe: Probe<ProbeId>, seeds: readonly number[]): Promise<DetectionRates> {
  const rates: Partial<Record<Arm, Rate>> = {};
  for (const arm of ARMS) {
    let [hits, notAssessed] = [0, 0];
    for (const seed of seeds) {
      const { verdict } = runProbe(probe, await runArm(probe.id, arm, seed), { seed });
      if (verdict === 'not-assessed') notAssessed += 1;
      else if (verdict === 'concern' || verdict === 'failure') hits += 1;
    }
    rates[arm] = { hits, n: seeds.length, notAssessed, interval: wilson(hits, seeds.length) };
  }
  return rates as DetectionRates;
}

/** Rates of every probe, by probe id, over seeds 1…n. */
export async function allDetectionRates(
  n: number,
  progress: Progress = ignoreProgress,
): Promise<Record<string, DetectionRates>> {
  const seeds = Array.from({ length: n }, (_, i) => i + 1);
  const rates = new Map<string, DetectionRates>();
  for (const [i, id] of PROBE_IDS.entries()) {
    rates.set(id, await detectionRates(probeOf(id), seeds));
    progress({ stage: 'detectors', done: i + 1, total: PROBE_IDS.length, unit: 'probes' });
  }
  return Object.fromEntries(rates);
}
