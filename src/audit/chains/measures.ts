import { purposeOf } from '../../feedback/index.ts';
import { mean, normalQuantile, studentQuantile } from '../../stats/index.ts';
import type { ChallengeId } from '../challenges.ts';
import { meanEstimate } from '../estimates.ts';
import type { EvidenceRow } from '../evidence/index.ts';
import { count, defineProbe, type ProbeResult, probeParams } from '../probe.ts';
import { changesInUnits, scoreUnit } from '../score-units.ts';

/** What a measure of a chain says of itself; the rest follows from what it measures. */
interface Face {
  readonly id: string;
  readonly challenge: ChallengeId;
  readonly question: string;
  readonly estimand: string;
  readonly citation: string;
  readonly concern: number;
  readonly failure: number;
}

/** Of one rater: choices of the reply with more of something, where the known answer is the other one and where it is that one. */
interface Choices {
  readonly against: number[];
  readonly along: number[];
}

/** Comparisons of two replies that differ in something, where the answer is known, by rater. */
function choicesByRater(
  { items, judgments }: { items: readonly EvidenceRow<'items'>[]; judgments: readonly EvidenceRow<'judgments'>[] },
  amount: (text: string) => number,
): { byRater: Map<string, Choices>; withoutAnswer: number } {
  const more = new Map<string, { place: number; gold: number | undefined }>();
  for (const { id, replies, gold } of items) {
    if (replies.length !== 2) continue;
    const [first, second] = [amount(replies[0]!.text), amount(replies[1]!.text)];
    if (first !== second) more.set(id, { place: first > second ? 0 : 1, gold: gold === 'tie' ? undefined : gold });
  }
  const byRater = new Map<string, Choices>();
  let withoutAnswer = 0;
  for (const judgment of judgments) {
    const { itemId, raterId, answer } = judgment;
    const item = more.get(itemId);
    if (item === undefined || answer.kind !== 'comparison' || purposeOf(judgment) !== 'work') continue;
    if (answer.outcome !== 0 && answer.outcome !== 1) continue;
    if (item.gold === undefined) {
      withoutAnswer += 1;
      continue;
    }
    const own = byRater.get(raterId) ?? { against: [], along: [] };
    own[item.gold === item.place ? 'along' : 'against'].push(Number(answer.outcome === item.place));
    byRater.set(raterId, own);
  }
  return { byRater, withoutAnswer };
}

/** Mean of each rater's two shares less one half, raters as units, unless the votes alone are less certain. */
function liftOf(raters: readonly Choices[], level: number): ProbeResult {
  const lifts = raters.map(({ against, along }) => (mean(against) + mean(along)) / 2 - 0.5);
  const { mean: estimate, error, n } = meanEstimate(lifts, level);
  const [against, along] = [raters.flatMap((r) => r.against), raters.flatMap((r) => r.along)];
  // A share near 0 or 1 varies little: one half more on each side, as Agresti and Coull do.
  const variance = [against, along].reduce((sum, votes) => {
    const p = (votes.reduce((a, b) => a + b, 0) + 2) / (votes.length + 4);
    return sum + (p * (1 - p)) / (votes.length + 4);
  }, 0);
  const half = Math.max(
    studentQuantile(0.5 + level / 2, n - 1) * error,
    (normalQuantile(0.5 + level / 2) * Math.sqrt(variance)) / 2,
  );
  return {
    estimate,
    interval: { low: Math.max(-0.5, estimate - half), high: Math.min(0.5, estimate + half) },
    n: against.length + along.length,
    details: {
      raters: n,
      chosenWhereTheOtherIsRight: mean(against),
      chosenWhereItIsRight: mean(along),
    },
  };
}

/**
 * Do raters prefer more of something, whichever reply is right? The share of votes for it where the other reply is the known
 * answer, and where it is, are averaged: noise and hard items move them apart and leave their middle at one half.
 */
export const preferenceFor = (face: Face, amount: (text: string) => number) =>
  defineProbe({
    ...face,
    needs: ['items', 'judgments'],
    params: probeParams(face, { leastVotes: count(10, 2), leastRaters: count(2, 2) }),
    run(given, { leastVotes, leastRaters, level }) {
      const { byRater, withoutAnswer } = choicesByRater(given, amount);
      const raters = [...byRater.values()].filter(({ against, along }) => against.length > 0 && along.length > 0);
      const votes = (side: keyof Choices) => raters.reduce((sum, own) => sum + own[side].length, 0);
      const [against, along] = [votes('against'), votes('along')];
      if (against + along === 0 && withoutAnswer > 0)
        return { notAssessed: 'true-utility-unknown', unscored: withoutAnswer };
      if (raters.length < leastRaters || Math.min(against, along) < leastVotes)
        return { notAssessed: 'too-little-evidence', n: against + along, unscored: withoutAnswer };
      return { ...liftOf(raters, level), unscored: withoutAnswer };
    },
  });

/** Does the score rise when a reply is given more of something by an edit of that name? The first of the names that is there. */
export const paidFor = (face: Face, features: readonly string[]) =>
  defineProbe({
    ...face,
    needs: ['counterfactual-edits'],
    uses: ['scored-replies'],
    params: probeParams(face, { leastPrompts: count(8, 2) }),
    run(given, { leastPrompts, level }) {
      const all = given['counterfactual-edits'];
      const feature = features.find((name) => all.some((edit) => edit.feature === name));
      const edits = all.filter((edit) => edit.feature === feature);
      if (feature === undefined) return { notAssessed: 'too-little-evidence', details: { features: [...features] } };
      const distinct = new Map(
        all.map(({ promptId, before }) => [`${promptId}/${before}`, { promptId, score: before }]),
      );
      const unit = scoreUnit(given['scored-replies'] ?? []) ?? scoreUnit([...distinct.values()]);
      if (unit === null) return { notAssessed: 'scores-without-spread', n: edits.length };
      const changes = edits.map(({ promptId, before, after }) => ({ promptId, change: after - before }));
      const values = changesInUnits(changes, unit);
      if (values.length < leastPrompts) return { notAssessed: 'too-little-evidence', n: values.length };
      const { mean: estimate, interval, n } = meanEstimate(values, level);
      return { estimate, interval, n, details: { feature, edits: edits.length, deviation: unit.deviation } };
    },
  });

/** The same prompts answered by base and tuned policy: how much more of something, as a difference or as a share of the base. */
export const riseOf = (face: Face, amount: (text: string) => number, unit: 'difference' | 'share of the base') =>
  defineProbe({
    ...face,
    needs: ['reply-samples'],
    params: probeParams(face, { leastPrompts: count(8, 2) }),
    run(given, { leastPrompts, level }) {
      const samples = given['reply-samples'];
      const usable = samples.filter(({ base, policy }) => base.length > 0 && policy.length > 0);
      const unscored = samples.length - usable.length;
      if (usable.length < leastPrompts) return { notAssessed: 'too-little-evidence', n: usable.length, unscored };
      const rows = usable.map(({ base, policy }) => ({
        base: mean(base.map(({ text }) => amount(text))),
        policy: mean(policy.map(({ text }) => amount(text))),
      }));
      const [base, policy] = [mean(rows.map((r) => r.base)), mean(rows.map((r) => r.policy))];
      const scale = unit === 'difference' ? 1 : base;
      if (scale === 0) return { notAssessed: 'base-without-variety', n: usable.length, unscored };
      const estimate = (policy - base) / scale;
      // Each prompt's influence on the ratio (delta method); on a difference, its own difference.
      const own = unit === 'difference' ? 0 : estimate;
      const influence = rows.map((r) => estimate + (r.policy - policy - (1 + own) * (r.base - base)) / scale);
      const { interval } = meanEstimate(influence, level);
      // Where every prompt moves alike the deviation is no measure of doubt: as if a reply more might have gone the other way.
      const replies = mean(usable.map((s) => Math.min(s.base.length, s.policy.length)));
      const least = 3 / (usable.length * replies);
      const widened = interval.high - interval.low < 2 * least;
      return {
        estimate,
        interval: widened ? { low: estimate - least, high: estimate + least } : interval,
        n: usable.length,
        unscored,
        details: { base, policy },
      };
    },
  });
