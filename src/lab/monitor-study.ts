import { z } from 'zod';
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

const raisedBy = (id: SignalId, run: WatchedRun): Raised => {
  const all = heights(id, run);
  const until = run.lostAt === null ? all.length : Math.max(1, run.lostAt);
  return { height: all[until - 1]!, atEnd: all.at(-1)! };
};

/** One run of a seed, counted. */
export async function countedRun(seed: number): Promise<CountedRun> {
  const run = await watchedRun(seed);
  const raised = Object.fromEntries(SIGNAL_IDS.map((id) => [id, raisedBy(id, run)])) as CountedRun['raised'];
  return { seed, overdone: run.lostAt !== null, raised };
}

/** How often runs were warned of, and how often for nothing. */
interface Warned {
  /** Runs that over-optimise and were warned of before a tenth of the gain was lost. */
  readonly detected: Rate;
  /** The same by the end of the path, late ones included. */
  readonly ever: Rate;
  readonly falseAlarms: Rate;
}
export interface SignalRow extends Warned {
  readonly signal: SignalId;
  readonly title: string;
  /** Where the threshold comes from. */
  readonly chosen: string;
  /** One, or that of each half, counted on the other. */
  readonly thresholds: readonly number[];
  /** Area under the curve of detections over false alarms, all thresholds. */
  readonly area: number;
}
export interface MonitorStudy {
  /** Half of them over-optimise. */
  readonly runs: number;
  readonly firstSeed: number;
  /** Seeds that were drawn to have so many of either sort; of the sort that was full, the others were passed over. */
  readonly drawn: number;
  readonly rows: readonly SignalRow[];
  /** The signal that warned most often in time on one half, counted on the other, both ways. */
  readonly best: Warned & { readonly signals: readonly SignalId[] };
}

const counted = (hits: number, n: number): Rate => ({ hits, n, interval: wilson(hits, n) });

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
  const sorted = quiet.sort((a, b) => b - a);
  return { signal, threshold: sorted[Math.floor(FALSE_ALARMS * sorted.length)] ?? Number.POSITIVE_INFINITY };
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
export async function monitorStudy(
  options: StudyOptions,
  progress: Progress = ignoreProgress,
  kept: KeptRuns = NOTHING_KEPT,
): Promise<MonitorStudy> {
  const { all, drawn } = await drawRuns(options, kept, progress);
  // Either sort comes in turn by seed: neighbours fall on different sides.
  const halves = [0, 1].map((half) => all.filter((_, i) => i % 2 === half));
  /** Each half under the rule that was chosen on the other. */
  const crossed = (choose: (runs: readonly CountedRun[]) => Rule) => {
    const rules = halves.map(choose);
    const tested = halves.flatMap((half, i) => half.map((run) => [run, rules[1 - i]!] as const));
    return { rules, warned: warned(tested) };
  };
  const rows = SIGNAL_IDS.flatMap((signal): SignalRow[] => {
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
