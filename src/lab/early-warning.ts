import { z } from 'zod';
import { ignoreProgress, type Progress } from '../run/index.ts';
import { mean } from '../stats/index.ts';
import { SIGNAL_IDS, type SignalId, signalOf } from './monitor-signals.ts';
import { type AlarmRates, counted, thresholdFor, watchRuns } from './monitor-study.ts';

/**
 * Which signal warns best, in as many runs that over-optimise as in runs that do not: thresholds are chosen on one half of the runs
 * and counted on the other, both ways.
 */

/** Highest that a signal stood where it should have stayed quiet, and where it could still warn. */
const raisedSchema = z.strictObject({
  /** Up to the point at which a tenth of the gain is lost; over the whole path of a run that never loses it. */
  height: z.number(),
  /** Over the whole path. */
  atEnd: z.number(),
});
type Raised = z.infer<typeof raisedSchema>;

/** A run as the study counts it, small enough to be kept. */
export const countedRunSchema = z.strictObject({
  seed: z.int().nonnegative(),
  overdone: z.boolean(),
  raised: z.strictObject(
    Object.fromEntries(SIGNAL_IDS.map((id) => [id, raisedSchema])) as { [K in SignalId]: typeof raisedSchema },
  ),
});
export type CountedRun = z.infer<typeof countedRunSchema>;

/** One run of a seed, counted. */
export async function countedRun(seed: number): Promise<CountedRun> {
  const { overdone, signals } = await watchRuns({ runs: 1, firstSeed: seed });
  const raised = SIGNAL_IDS.map((id) => [id, { height: signals[id].inTime[0]!, atEnd: signals[id].atEnd[0]! }]);
  return { seed, overdone: overdone[0]!, raised: Object.fromEntries(raised) as CountedRun['raised'] };
}

/** How often runs were warned of, whatever the threshold that each was under. */
type Warned = Omit<AlarmRates, 'threshold'>;
export interface WarningRow extends Warned {
  readonly signal: SignalId;
  readonly title: string;
  /** Where the threshold comes from. */
  readonly chosen: string;
  /** One, or that of each half, counted on the other. */
  readonly thresholds: readonly number[];
  /** Area under the curve of detections over false alarms, all thresholds. */
  readonly area: number;
}
export interface EarlyWarning {
  /** Half of them over-optimise. */
  readonly runs: number;
  readonly firstSeed: number;
  /** Seeds that were drawn to have so many of either sort; of the sort that was full, the others were passed over. */
  readonly drawn: number;
  readonly rows: readonly WarningRow[];
  /** The signal that warned most often in time on one half, counted on the other, both ways. */
  readonly best: Warned & { readonly signals: readonly SignalId[] };
}

/** A way to decide whether a run is warned of. */
type Rule = { readonly signal: SignalId; readonly threshold: number };

/** Runs counted by the rule that each is under. */
function warned(tested: readonly (readonly [CountedRun, Rule])[]): Warned {
  const hits = (of: typeof tested, key: keyof Raised = 'height') =>
    counted(of.filter(([run, { signal, threshold }]) => run.raised[signal][key] > threshold).length, of.length);
  const [bad, good] = [tested.filter(([run]) => run.overdone), tested.filter(([run]) => !run.overdone)];
  return { detected: hits(bad), ever: hits(bad, 'atEnd'), falseAlarms: hits(good) };
}

/** Probability that a run that over-optimises stands higher than one that does not, ties counting half. */
function areaOf(signal: SignalId, runs: readonly CountedRun[]): number {
  const of = (overdone: boolean) =>
    runs.filter((run) => run.overdone === overdone).map(({ raised }) => raised[signal].height);
  return mean(of(true).flatMap((b) => of(false).map((g) => (b > g ? 1 : b === g ? 0.5 : 0))));
}

/** The lowest threshold that at most a twentieth of the quiet runs exceed. */
function ruleOn(signal: SignalId, runs: readonly CountedRun[]): Rule {
  const quiet = runs.filter(({ overdone }) => !overdone).map(({ raised }) => raised[signal].height);
  return { signal, threshold: thresholdFor(quiet) };
}

/** The rule that warns of most runs in time among those whose thresholds were chosen on the same runs. */
function bestOn(runs: readonly CountedRun[]): Rule {
  const rules = SIGNAL_IDS.map((signal) => ruleOn(signal, runs));
  const inTime = (rule: Rule) => warned(runs.map((run) => [run, rule])).detected.hits;
  return rules.reduce((best, rule) => (inTime(rule) > inTime(best) ? rule : best));
}

/** Runs as they are drawn by seed, until there are as many as wanted of either sort; further ones of a full sort are passed over. */
async function drawRuns(
  { runs, firstSeed }: StudyOptions,
  { known, keep }: KeptRuns,
  progress: Progress,
): Promise<{ readonly all: readonly CountedRun[]; readonly drawn: number }> {
  const each = Math.floor(runs / 2);
  const sorts = new Map([true, false].map((overdone): [boolean, CountedRun[]] => [overdone, []]));
  let drawn = 0;
  while ([...sorts.values()].some((sort) => sort.length < each)) {
    const seed = firstSeed + drawn;
    const before = known.get(seed);
    const run = before ?? (await countedRun(seed));
    if (before === undefined) keep(run);
    drawn += 1;
    const sort = sorts.get(run.overdone)!;
    if (sort.length < each) sort.push(run);
    const done = [...sorts.values()].reduce((n, own) => n + own.length, 0);
    progress({ stage: 'monitors', done, total: 2 * each, unit: 'runs' });
  }
  return { all: [...sorts.values()].flat(), drawn };
}

interface StudyOptions {
  readonly runs: number;
  readonly firstSeed: number;
}
/** Runs that were computed before, by seed, and who keeps new ones. */
export interface KeptRuns {
  readonly known: ReadonlyMap<number, CountedRun>;
  readonly keep: (run: CountedRun) => void;
}
const NOTHING_KEPT: KeptRuns = { known: new Map(), keep: () => {} };

/**
 * Every signal over some runs of which half over-optimise. Thresholds are chosen on one half of either sort and counted on the other,
 * both ways, so that each run is counted once and by a threshold that it had no part in; published ones stand beside.
 */
export async function earlyWarning(
  options: StudyOptions,
  progress: Progress = ignoreProgress,
  kept: KeptRuns = NOTHING_KEPT,
): Promise<EarlyWarning> {
  const { all, drawn } = await drawRuns(options, kept, progress);
  // Either sort comes in turn by seed: neighbours fall on different sides.
  const halves = [0, 1].map((half) => all.filter((_, i) => i % 2 === half));
  /** Each half under the rule that was chosen on the other. */
  const crossed = (choose: (runs: readonly CountedRun[]) => Rule) => {
    const rules = halves.map(choose);
    const tested = halves.flatMap((half, i) => half.map((run) => [run, rules[1 - i]!] as const));
    return { rules, warned: warned(tested) };
  };
  const rows = SIGNAL_IDS.flatMap((signal): WarningRow[] => {
    const { title, published } = signalOf(signal);
    const shared = { signal, title, area: areaOf(signal, all) };
    const own = crossed((runs) => ruleOn(signal, runs));
    const chosen = {
      ...shared,
      ...own.warned,
      chosen: '5 % of the other half',
      thresholds: own.rules.map((r) => r.threshold),
    };
    if (published === undefined) return [chosen];
    const { threshold, source } = published;
    const fixed = warned(all.map((run) => [run, { signal, threshold }]));
    return [chosen, { ...shared, ...fixed, chosen: source, thresholds: [threshold] }];
  });
  const best = crossed(bestOn);
  return {
    runs: all.length,
    firstSeed: options.firstSeed,
    drawn,
    rows: rows.sort((a, b) => b.area - a.area),
    best: { ...best.warned, signals: best.rules.map(({ signal }) => signal) },
  };
}
