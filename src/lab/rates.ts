import { PROBE_IDS, type ProbeId, probeOf, runProbe, type Verdict } from '../audit/index.ts';
import { ignoreProgress, type Progress } from '../run/index.ts';
import { type Interval, mean, wilson } from '../stats/index.ts';
import { type Arm, armName, runArm } from './arms.ts';
import type { Experiment } from './experiment.ts';
import { EXPERIMENTS } from './experiments/index.ts';
import committed from './rates.json' with { type: 'json' };

/** How often something happened in some runs, with its Wilson interval. */
export interface Rate {
  readonly hits: number;
  readonly n: number;
  readonly interval: Interval;
}

/** What a probe said over many draws of one arm. */
export interface ArmRates {
  readonly arm: string;
  /** Runs by verdict. */
  readonly verdicts: { readonly [V in Verdict]: number };
  /** Runs with a concern or a failure. */
  readonly alarms: Rate;
  /** Runs whose interval held the true value, where that is known; runs that were not assessed are left out. */
  readonly covered: Rate | null;
  readonly meanEstimate: number | null;
  /** What the first seeds gave, to the bit: a test computes them again. */
  readonly first: readonly { readonly seed: number; readonly verdict: string; readonly estimate: number | null }[];
}

/** A probe on its own experiment: the failure at each dose, a clean run, and what must not be mistaken for it. */
export interface ProbeRates {
  readonly doses: readonly (ArmRates & { readonly dose: number })[];
  /** The dose whose power is promised. */
  readonly documented: number;
  readonly clean: ArmRates;
  readonly lookAlike: ArmRates;
}

/** Draws whose numbers are kept one by one. */
const KEPT = 2;

/** Runs a probe on one arm of its experiment, once a seed. */
export async function armRates(id: ProbeId, arm: Arm, seeds: readonly number[]): Promise<ArmRates> {
  const verdicts = { clear: 0, concern: 0, failure: 0, inconclusive: 0, 'not-assessed': 0 };
  const estimates: number[] = [];
  const first: { seed: number; verdict: string; estimate: number | null }[] = [];
  let [covered, known] = [0, 0];
  for (const seed of seeds) {
    const { evidence, truth } = await runArm(EXPERIMENTS[id], id, arm, seed);
    const { verdict, estimate, interval } = runProbe(probeOf(id), evidence, { seed });
    verdicts[verdict] += 1;
    if (estimate !== null) estimates.push(estimate);
    if (truth !== undefined && interval !== null) {
      known += 1;
      covered += Number(interval.low <= truth + 1e-9 && truth - 1e-9 <= interval.high);
    }
    if (first.length < KEPT) first.push({ seed, verdict, estimate });
  }
  const alarms = verdicts.concern + verdicts.failure;
  return {
    arm: armName(arm),
    verdicts,
    alarms: rate(alarms, seeds.length),
    covered: known === 0 ? null : rate(covered, known),
    meanEstimate: estimates.length === 0 ? null : mean(estimates),
    first,
  };
}

const rate = (hits: number, n: number): Rate => ({ hits, n, interval: wilson(hits, n) });

/** The arms that a probe's rates are about. */
export function ratedArms({ doses }: Experiment): Arm[] {
  return [...doses.map((dose): Arm => ({ kind: 'planted', dose })), { kind: 'clean' }, { kind: 'look-alike' }];
}

/** All arms of a probe's experiment over some seeds. */
export async function probeRates(
  id: ProbeId,
  seeds: readonly number[],
  progress: Progress = ignoreProgress,
): Promise<ProbeRates> {
  const experiment = EXPERIMENTS[id];
  const arms = ratedArms(experiment);
  const done: ArmRates[] = [];
  for (const arm of arms) {
    done.push(await armRates(id, arm, seeds));
    progress({ stage: id, done: done.length, total: arms.length, unit: 'arms' });
  }
  return {
    doses: experiment.doses.map((dose, i) => ({ dose, ...done[i]! })),
    documented: experiment.documented,
    clean: done.at(-2)!,
    lookAlike: done.at(-1)!,
  };
}

/** What was measured of each probe, over seeds from `firstSeed` on, with the command that measures it. */
interface Measured<T> {
  readonly command: string;
  readonly seeds: number;
  readonly firstSeed: number;
  readonly probes: { readonly [P in ProbeId]: T };
}
export type CommittedRates = Measured<ProbeRates>;

interface Asked {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly probes?: readonly ProbeId[];
}

async function measured<T>(
  what: 'rates' | 'coverage',
  { seeds, firstSeed, probes = PROBE_IDS }: Asked,
  of: (id: ProbeId, seeds: readonly number[]) => Promise<T>,
): Promise<Measured<T>> {
  const list = Array.from({ length: seeds }, (_, i) => firstSeed + i);
  const found: [ProbeId, T][] = [];
  for (const id of probes) found.push([id, await of(id, list)]);
  return {
    command: `goodhart lab ${what} --seeds ${seeds} --first-seed ${firstSeed}`,
    seeds,
    firstSeed,
    probes: Object.fromEntries(found) as Measured<T>['probes'],
  };
}

/** Rates of every probe, as `rates.json` holds them. */
export const measureRates = (asked: Asked, progress: Progress = ignoreProgress): Promise<CommittedRates> =>
  measured('rates', asked, (id, seeds) => probeRates(id, seeds, progress));

/** The measured rates, committed with their command: every run prints these. A probe that is not among them does not compile. */
export const RATES: CommittedRates = committed;

/** The rates that stand beside a finding: power at the documented dose, false alarms on clean runs and on the look-alike. */
export interface DetectionRates {
  readonly planted: Rate;
  readonly clean: Rate;
  readonly lookAlike: Rate;
}

export function ratesOf(id: ProbeId): DetectionRates {
  const { doses, documented, clean, lookAlike } = RATES.probes[id];
  return {
    planted: doses.find(({ dose }) => dose === documented)!.alarms,
    clean: clean.alarms,
    lookAlike: lookAlike.alarms,
  };
}

/** The committed rates of every probe, by probe: what a run writes down beside its findings. */
export const committedRates = (): Readonly<Record<ProbeId, DetectionRates>> =>
  Object.fromEntries(PROBE_IDS.map((id) => [id, ratesOf(id)])) as Record<ProbeId, DetectionRates>;

/** The arms on which the interval of a probe is held against the true value: clean, at the weakest dose and at the documented one. */
export const coverageArms = ({ doses, documented }: Experiment): Arm[] => [
  { kind: 'clean' },
  ...[...new Set([doses[0]!, documented])].map((dose): Arm => ({ kind: 'planted', dose })),
];

/** How often the interval of a probe, at 95 %, held the true value on an arm; null where the experiment does not know it. */
export interface ArmCoverage {
  readonly arm: string;
  readonly covered: Rate | null;
}

export type CommittedCoverage = Measured<readonly ArmCoverage[]>;
/** What the committed rates say of intervals: they are counted on the same draws. */
export const COVERAGE: CommittedCoverage = {
  command: `goodhart lab coverage --seeds ${RATES.seeds} --first-seed ${RATES.firstSeed}`,
  seeds: RATES.seeds,
  firstSeed: RATES.firstSeed,
  // A probe whose rates are still to be measured is not among them; it does not compile, and must be measured nevertheless.
  probes: Object.fromEntries(
    PROBE_IDS.filter((id) => Object.hasOwn(RATES.probes, id)).map((id) => [id, coverageIn(RATES.probes[id])]),
  ) as Record<ProbeId, ArmCoverage[]>,
};

function coverageIn({ clean, doses, documented }: ProbeRates): ArmCoverage[] {
  const arms = [clean, ...doses.filter(({ dose }, i) => i === 0 || dose === documented)];
  return clean.covered === null
    ? [{ arm: clean.arm, covered: null }]
    : arms.map(({ arm, covered }) => ({ arm, covered }));
}

/** Coverage of every probe. */
export const measureCoverage = (asked: Asked, progress: Progress = ignoreProgress): Promise<CommittedCoverage> =>
  measured('coverage', asked, async (id, seeds) => {
    const arms: ArmCoverage[] = [];
    const all = coverageArms(EXPERIMENTS[id]);
    for (const arm of all) {
      const { covered } = await armRates(id, arm, seeds);
      arms.push({ arm: armName(arm), covered });
      progress({ stage: id, done: arms.length, total: all.length, unit: 'arms' });
      // What is not known on one arm is not known on another.
      if (covered === null) break;
    }
    return arms;
  });
