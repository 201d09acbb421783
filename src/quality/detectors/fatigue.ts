import { mean, normalUpper, pearson } from '../../stats/index.ts';
import type { QualityData } from '../data.ts';
import { type Detector, evidence, fdrCut } from '../detector.ts';
import { sessionPlaces } from '../sessions.ts';
import { following } from '../typical-rater.ts';

const LEAST = 30;

/** Votes of one rater with at least two others on their units, in the order of the vote sets. */
interface Course {
  readonly row: number[];
  readonly place: number[];
  /** Agreement with the others on the unit. */
  readonly agree: number[];
  /** How much likelier the vote would be from a guesser: g / p − 1 with p the rater's own following of the others. */
  readonly guessing: number[];
}

function courseOf({ voteSets }: QualityData, places: Int32Array, rater: number): Course {
  const course: Course = { row: [], place: [], agree: [], guessing: [] };
  const [predicted, chance]: [number[], number[]] = [[], []];
  for (const { votes, leaveOneOut, byRater, typical } of voteSets) {
    for (let k = byRater.starts[rater]!; k < byRater.starts[rater + 1]!; k++) {
      const i = byRater.entry[k]!;
      if (leaveOneOut.others[i]! < 2) continue;
      course.row.push(votes.row[i]!);
      course.place.push(places[votes.row[i]!]!);
      course.agree.push(leaveOneOut.agree[i]!);
      predicted.push(typical.predicted[i]!);
      chance.push(typical.chance[i]!);
    }
  }
  // The score of a small share of guesses, at how far this rater follows the others on the whole.
  const own = Math.max(0, Math.min(1, following(predicted, chance)?.value ?? 1));
  for (const [i, g] of chance.entries()) course.guessing.push(g / (g + own * (predicted[i]! - g)) - 1);
  return course;
}

/** Correlation of guessing with the place in the session; null with too few votes or nothing that varies. */
function decline({ place, guessing }: Course): { correlation: number; p: number } | null {
  const n = place.length;
  if (n < LEAST) return null;
  const correlation = pearson(place, guessing);
  // Under exchange of a rater's votes the correlation has variance 1 / (n − 1), whatever the values.
  return Number.isFinite(correlation) ? { correlation, p: normalUpper(correlation * Math.sqrt(n - 1)) } : null;
}

/** Do a rater's votes come closer to guessing with the place in the rater's own session? */
export const fatigue: Detector = {
  id: 'fatigue',
  looksFor: 'raters whose votes look more and more like guesses, by the others’ votes, as their session goes on',
  needs: `at least ${LEAST} votes of a rater on items with two others, in the order they were given`,
  assumes: 'harder items do not come later in a session',
  rule: 'Benjamini–Hochberg over raters; one-sided test of the correlation with the place in the session, by its permutation variance',
  level: 0.05,
  tests: 'raters',
  run(data) {
    const { columns } = data;
    const places = sessionPlaces(data);
    const tested = columns.raterIds.flatMap((_, rater) => {
      const found = decline(courseOf(data, places, rater));
      return found === null ? [] : [{ rater, ...found }];
    });
    if (tested.length === 0) return { undefined: `no rater has ${LEAST} votes on items with two other votes` };
    const cut = fdrCut(
      tested.map(({ p }) => p),
      fatigue.level,
    );
    return {
      assessed: tested.length,
      unassessed: columns.raterIds.length - tested.length,
      flags: tested
        .filter(({ p }) => p <= cut)
        .map(({ rater, correlation, p }) => {
          const { row, place, agree } = courseOf(data, places, rater);
          const n = row.length;
          const inOrder = place.map((_, i) => i).sort((a, b) => place[a]! - place[b]!);
          const [early, late] = [inOrder.slice(0, n >> 1), inOrder.slice(n >> 1)];
          const z = Math.atanh(correlation);
          const width = 1.959963984540054 / Math.sqrt(n - 3);
          return {
            detector: 'fatigue' as const,
            raters: [columns.raterIds[rater]!],
            statistic: 'correlation of guessing with the place in the session',
            value: correlation,
            interval: { low: Math.tanh(z - width), high: Math.tanh(z + width), level: 0.95 },
            test: { measure: 'p-value' as const, value: p, threshold: cut },
            n,
            ...evidence(
              data,
              late.filter((i) => agree[i]! < 0.5).map((i) => row[i]!),
            ),
            details: {
              'agreement in the first half': mean(early.map((i) => agree[i]!)),
              'agreement in the second half': mean(late.map((i) => agree[i]!)),
            },
          };
        }),
    };
  },
};
