import { toPairs } from '../feedback/index.ts';
import { ignoreProgress, type Progress } from '../run/index.ts';
import { createRng, mean, type Rng, standardDeviation, wilson } from '../stats/index.ts';
import { entropy, expectation, tilt } from '../world/index.ts';
import { ALL_SLOTS, fitFeatureReward, type Slot, slotValues } from './feature-reward.ts';
import { HARBOUR } from './harbour.ts';
import { type SeenPoint, SIGNAL_IDS, type SignalId, signalOf } from './monitor-signals.ts';
import type { Rate } from './rates.ts';
import { drawReplies, judged, spaceOf } from './scene.ts';
import { replaced, type Setting, USUAL } from './setting.ts';

/**
 * Early warning: which of the things that a run can watch says in time that a reward is being overdone. Runs on the harbour, each
 * a path of exact optima of a fitted reward; whether and when the true utility falls is known exactly, what is watched are samples.
 */

/** Where the gain in score stands along a path, as inverse temperatures in deviations of the score. */
const STRENGTHS = [0, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.4, 1.9, 2.5, 3.3, 4.4, 5.8, 7.6, 10, 14, 20];
const PROMPTS = 24;
const SAMPLES = 8;
const MEMBERS = 4;
/** A run over-optimises where its true utility loses so much of its largest gain. */
export const LOST = 0.1;
/** False alarms at which thresholds are chosen, on runs that the rates are not counted on. */
const FALSE_ALARMS = 0.05;

/** Everything but truth, and everything but what the answer itself is like. */
const UNTRUE: readonly Slot[] = ALL_SLOTS.filter((slot) => slot !== 'right');
const BLIND: readonly Slot[] = UNTRUE.filter((slot) => slot !== 'refusal' && slot !== 'agrees');

/** A kind of run: what its raters are like, how many pairs they see, what the reward can see. */
function settingOf(kind: number, rng: Rng): Setting {
  const some = (from: number, to: number) => from + rng.integer(to - from + 1);
  switch (kind % 6) {
    case 0:
      return { ...USUAL, raters: replaced(USUAL.raters, 'length-biased', some(2, 8)), slots: BLIND };
    case 1:
      return { ...USUAL, raters: replaced(USUAL.raters, 'length-biased', some(0, 8)), slots: UNTRUE };
    case 2:
      return { ...USUAL, raters: replaced(USUAL.raters, 'careless', some(0, 5)), slots: UNTRUE, pairs: some(60, 400) };
    case 3:
      return { ...USUAL, raters: replaced(USUAL.raters, 'length-biased', some(1, 5)) };
    default:
      return { ...USUAL, pairs: some(60, 900) };
  }
}

/** A path as it was seen, and how its true utility went. */
export interface WatchedRun {
  readonly points: readonly SeenPoint[];
  /** Exact mean true utility at each point. */
  readonly gold: readonly number[];
  /** The first point at which a tenth of the largest gain so far is lost; null where that never happens. */
  readonly lostAt: number | null;
}

/** The first point at which some share of the largest gain so far is lost. */
export function lostAt(gold: readonly number[], share = LOST): number | null {
  let top = gold[0]!;
  for (const [t, value] of gold.entries()) {
    top = Math.max(top, value);
    if (top > gold[0]! && top - value >= share * (top - gold[0]!)) return t;
  }
  return null;
}

/** One run of the study. */
export async function watchedRun(seed: number): Promise<WatchedRun> {
  const rng = createRng(`monitor-study/${seed}`);
  const setting = settingOf(seed, rng.fork('setting'));
  const pairsOf = async (from: Setting, name: string) => {
    const { items, judgments } = await judged(from, rng.fork(name));
    return toPairs(items, judgments).pairs;
  };
  const pairs = await pairsOf(setting, 'judgments');
  const reward = fitFeatureReward(HARBOUR, pairs, setting.slots);
  const draw = rng.fork('members');
  const members = Array.from({ length: MEMBERS }, () => {
    const own = pairs.map(() => pairs[draw.integer(pairs.length)]!);
    return fitFeatureReward(HARBOUR, own, setting.slots);
  });
  // Other people of the same kinds, on other pairs, and a reward that sees everything.
  const independent = fitFeatureReward(
    HARBOUR,
    await pairsOf({ ...setting, raters: USUAL.raters, pairs: 250 }, 'others'),
  );
  const spaces = rng
    .fork('prompts')
    .shuffle(HARBOUR.prompts('train'))
    .slice(0, PROMPTS)
    .map((prompt) => {
      const space = spaceOf(reward, prompt, setting);
      const centred = (scores: readonly number[]) => {
        const centre = expectation(space.base, scores);
        return scores.map((score) => score - centre);
      };
      const scoresOf = (model: typeof reward) =>
        centred(space.replies.map(({ features }) => model.score(prompt, features)));
      const byMember = members.map(scoresOf);
      return {
        ...space,
        rewards: centred(space.rewards),
        independent: scoresOf(independent),
        spread: space.replies.map((_, i) => standardDeviation(byMember.map((scores) => scores[i]!))),
        indexOf: new Map(space.replies.map((reply, i) => [reply, i])),
      };
    });
  const unit = standardDeviation(spaces.flatMap(({ rewards }) => rewards));
  const samples = rng.fork('samples');
  const seen = STRENGTHS.map((strength) => {
    const rows = spaces.map((space) => {
      const policy = strength === 0 ? [...space.base] : tilt(space.base, space.rewards, unit / strength);
      const drawn = drawReplies(space, policy, { n: SAMPLES, rng: samples });
      const at = drawn.map(({ reply }) => space.indexOf.get(reply)!);
      const slots = drawn.map(({ reply }) => slotValues(space.prompt, reply.features, setting.slots));
      return {
        gold: expectation(policy, space.gold),
        kl: mean(drawn.map(({ logprob }, k) => logprob - space.base[at[k]!]!)),
        entropy: entropy(policy),
        scores: at.map((i) => space.rewards[i]!),
        spread: mean(at.map((i) => space.spread[i]!)),
        independent: mean(at.map((i) => space.independent[i]!)),
        checked: drawn[0]!.reply.gold,
        lengths: drawn.map(({ reply }) => reply.text.length),
        slots: setting.slots.map((_, s) => mean(slots.map((values) => values[s]!))),
      };
    });
    const point: SeenPoint = {
      kl: mean(rows.map((row) => row.kl)),
      entropy: mean(rows.map((row) => row.entropy)),
      scores_P_G: rows.map((row) => row.scores),
      spread_P: rows.map((row) => row.spread),
      independent_P: rows.map((row) => row.independent),
      checked_P: rows.map((row) => row.checked),
      lengths: rows.flatMap((row) => row.lengths),
      parts: Object.fromEntries(
        setting.slots.map((slot, s) => [slot, reward.weights[slot]! * mean(rows.map((row) => row.slots[s]!))]),
      ),
    };
    return { point, gold: mean(rows.map((row) => row.gold)) };
  });
  const gold = seen.map((own) => own.gold);
  return { points: seen.map((own) => own.point), gold, lostAt: lostAt(gold) };
}

/** Statistic of a signal after each point of a run, as the largest so far: once raised, an alarm stays. */
function heights(id: SignalId, { points }: WatchedRun): number[] {
  let most = Number.NEGATIVE_INFINITY;
  return points.slice(1).map((_, t) => {
    most = Math.max(most, signalOf(id).value(points.slice(0, t + 2)));
    return most;
  });
}

/** How high a signal stood in each of some runs, as the largest value so far. */
export interface Heights {
  /** Up to the point at which a tenth of the gain is lost; over the whole path of a run that never loses it. */
  readonly inTime: readonly number[];
  /** Over the whole path. */
  readonly atEnd: readonly number[];
}

/** Some runs as every signal saw them, by seed: all rates at all thresholds follow from these. */
export interface MonitorRuns {
  readonly firstSeed: number;
  /** Whether each run lost a tenth of its largest gain. */
  readonly overdone: readonly boolean[];
  readonly signals: Readonly<Record<SignalId, Heights>>;
}

/** Watches some runs. */
export async function watchRuns(
  { runs, firstSeed }: { readonly runs: number; readonly firstSeed: number },
  progress: Progress = ignoreProgress,
): Promise<MonitorRuns> {
  const overdone: boolean[] = [];
  const seen = SIGNAL_IDS.map((id) => ({ id, inTime: [] as number[], atEnd: [] as number[] }));
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const run = await watchedRun(seed);
    overdone.push(run.lostAt !== null);
    for (const { id, inTime, atEnd } of seen) {
      const all = heights(id, run);
      inTime.push(all[(run.lostAt === null ? all.length : Math.max(1, run.lostAt)) - 1]!);
      atEnd.push(all.at(-1)!);
    }
    progress({ stage: 'monitors', done: overdone.length, total: runs, unit: 'runs' });
  }
  const signals = Object.fromEntries(seen.map(({ id, inTime, atEnd }): [SignalId, Heights] => [id, { inTime, atEnd }]));
  return { firstSeed, overdone, signals: signals as Record<SignalId, Heights> };
}

/** How often an alarm is right and wrong at a threshold. */
export interface AlarmRates {
  readonly threshold: number;
  /** Runs that over-optimise and were warned of before a tenth of the gain was lost. */
  readonly detected: Rate;
  /** The same by the end of the path, late ones included. */
  readonly ever: Rate;
  readonly falseAlarms: Rate;
}
export interface SignalRow extends AlarmRates {
  readonly signal: SignalId;
  readonly title: string;
  /** Where the threshold comes from. */
  readonly chosen: string;
  /** Area under the curve of detections over false alarms, all thresholds. */
  readonly area: number;
}
export interface MonitorRows {
  readonly runs: number;
  readonly firstSeed: number;
  readonly overdone: number;
  readonly rows: readonly SignalRow[];
}

export const counted = (hits: number, n: number): Rate => ({ hits, n, interval: wilson(hits, n) });

/** Rates of a signal at a threshold over the runs from `from` on. */
export function alarmRates(
  { overdone, signals }: MonitorRuns,
  { signal, threshold, from = 0 }: { readonly signal: SignalId; readonly threshold: number; readonly from?: number },
): AlarmRates {
  const { inTime, atEnd } = signals[signal];
  const of = (bad: boolean, values: readonly number[]) => values.filter((_, i) => i >= from && overdone[i] === bad);
  const rate = (values: readonly number[]) =>
    counted(values.filter((value) => value > threshold).length, values.length);
  return {
    threshold,
    detected: rate(of(true, inTime)),
    ever: rate(of(true, atEnd)),
    falseAlarms: rate(of(false, inTime)),
  };
}

/** Probability that a run that over-optimises stands higher than one that does not, ties counting half. */
function areaOf({ overdone, signals }: MonitorRuns, signal: SignalId): number {
  const of = (bad: boolean) => signals[signal].inTime.filter((_, i) => overdone[i] === bad);
  const wins = of(true).flatMap((b) => of(false).map((g) => (b > g ? 1 : b === g ? 0.5 : 0)));
  return mean(wins);
}

/** The lowest threshold that at most a twentieth of quiet runs exceed. */
export function thresholdFor(quiet: readonly number[]): number {
  const sorted = [...quiet].sort((a, b) => b - a);
  return sorted[Math.floor(FALSE_ALARMS * sorted.length)] ?? Number.POSITIVE_INFINITY;
}

/** Every signal over some runs: thresholds from the first half of them, rates from the second; published ones beside. */
export function monitorRows(watched: MonitorRuns): MonitorRows {
  const { firstSeed, overdone, signals } = watched;
  const half = Math.floor(overdone.length / 2);
  const rows = SIGNAL_IDS.flatMap((signal): SignalRow[] => {
    const { title, published } = signalOf(signal);
    const quiet = signals[signal].inTime.slice(0, half).filter((_, i) => !overdone[i]);
    const rowAt = (threshold: number, chosen: string): SignalRow => ({
      signal,
      title,
      chosen,
      ...alarmRates(watched, { signal, threshold, from: half }),
      area: areaOf(watched, signal),
    });
    const own = rowAt(thresholdFor(quiet), `5 % of the first ${half} runs`);
    return published === undefined ? [own] : [own, rowAt(published.threshold, published.source)];
  });
  return {
    runs: overdone.length,
    firstSeed,
    overdone: overdone.filter(Boolean).length,
    rows: rows.sort((a, b) => b.area - a.area),
  };
}
