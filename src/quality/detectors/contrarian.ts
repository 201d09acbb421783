import { logSumExp, sequentialOutlierTest, type VoteInHistory, wilson } from '../../stats/index.ts';
import type { QualityData } from '../data.ts';
import { type Detector, evidence, type Flag } from '../detector.ts';
import type { TypicalRater } from '../typical-rater.ts';

const LEAST = 8;
/** Degrees of voting against the others that the test is made for, mixed evenly: 1 is the typical rater reversed. */
const DEGREES = [0.5, 1] as const;

/** Likelihood ratio of vote i: against the others to a degree, over guessing with the pool's shares of classes. */
function ratioOf({ predicted, chance, lift }: TypicalRater, i: number, degree: number): number {
  // No class may get a negative probability, so where one is much likelier than its share the degree is less.
  const most = lift[i]! > 1 ? Math.min(degree, 0.99 / (lift[i]! - 1)) : degree;
  return 1 - most * (predicted[i]! / chance[i]! - 1);
}

/** Largest mixture of likelihood ratios on the way, on the log scale, and the vote at which it crossed the threshold. */
function evidenceAgainst({ voteSets }: QualityData, rater: number, threshold: number) {
  const logs = DEGREES.map(() => 0);
  let [top, seen, crossedAt] = [0, 0, 0];
  for (const { leaveOneOut, byRater, typical } of voteSets) {
    for (let k = byRater.starts[rater]!; k < byRater.starts[rater + 1]!; k++) {
      const i = byRater.entry[k]!;
      if (leaveOneOut.others[i]! < 2) continue;
      seen += 1;
      let most = -Infinity;
      for (let d = 0; d < DEGREES.length; d++) {
        logs[d]! += Math.log(ratioOf(typical, i, DEGREES[d]!));
        if (logs[d]! > most) most = logs[d]!;
      }
      // The mean is never above the largest, so most votes need no more than that.
      if (most < threshold) continue;
      const mixture = logSumExp(logs) - Math.log(DEGREES.length);
      top = Math.max(top, mixture);
      if (crossedAt === 0 && mixture >= threshold) crossedAt = seen;
    }
  }
  return { top, crossedAt, seen };
}

/** Votes against the majority of the others. */
function votesAgainst({ voteSets }: QualityData, rater: number): number[] {
  const rows: number[] = [];
  for (const { votes, leaveOneOut, byRater } of voteSets) {
    for (let k = byRater.starts[rater]!; k < byRater.starts[rater + 1]!; k++) {
      const i = byRater.entry[k]!;
      const majority = leaveOneOut.majority[i]!;
      if (leaveOneOut.others[i]! >= 2 && majority >= 0 && majority !== votes.label[i]) rows.push(votes.row[i]!);
    }
  }
  return rows;
}

/**
 * The sequential outlier test of Chiang et al. (2024) on a rater's comparisons, in their order: votes unlike the others',
 * against majorities. It flags honest raters who are less accurate too, so it only stands beside the flag.
 */
function outlierP({ columns, voteSets }: QualityData, rater: number): number | null {
  const history: VoteInHistory[] = [];
  for (const { votes, byRater } of voteSets) {
    if (columns.questions[votes.question]!.kind !== 'comparison') continue;
    const { classes, counts, unit, label } = votes;
    for (let k = byRater.starts[rater]!; k < byRater.starts[rater + 1]!; k++) {
      const i = byRater.entry[k]!;
      if (label[i]! > 1) continue;
      const others = (c: number) => counts[unit[i]! * classes + c]! - Number(label[i] === c);
      history.push({ vote: label[i] === 0 ? 1 : 0, wins: others(0), losses: others(1) });
    }
  }
  if (history.length === 0) return null;
  return sequentialOutlierTest(history, { orient: 'favourite' }).p;
}

/**
 * Sequential test, vote by vote, of voting against the others: the running product of likelihood ratios of "against the
 * others" over "guessing". For a rater who follows the others no less than a guesser does it is a supermartingale, so that
 * it ever exceeds 1 / α with probability α at most (Ville 1939), whenever one looks.
 */
export const contrarian: Detector = {
  id: 'contrarian',
  looksFor: 'raters who vote against what the others see',
  needs: `at least ${LEAST} votes of a rater on items with two others; the rater’s own votes never count among the others’`,
  assumes: 'the others on an item are not themselves a contrarian majority',
  rule: 'running likelihood ratio against guessing, flagged past raters / level (Ville’s inequality with Bonferroni)',
  level: 0.05,
  tests: 'raters',
  run(data) {
    const { columns, voteSets } = data;
    const raters = columns.raterIds.length;
    const n = new Int32Array(raters);
    for (const { votes, leaveOneOut } of voteSets) {
      for (let i = 0; i < votes.rater.length; i++) if (leaveOneOut.others[i]! >= 2) n[votes.rater[i]!]! += 1;
    }
    const tested = [...n.keys()].filter((r) => n[r]! >= LEAST);
    if (tested.length === 0) return { undefined: `no rater has ${LEAST} votes on items with two other votes` };
    const threshold = tested.length / contrarian.level;
    const flags: Flag[] = [];
    for (const rater of tested) {
      const { top, crossedAt, seen } = evidenceAgainst(data, rater, Math.log(threshold));
      if (crossedAt === 0) continue;
      const against = votesAgainst(data, rater);
      const p = outlierP(data, rater);
      flags.push({
        detector: 'contrarian',
        raters: [columns.raterIds[rater]!],
        statistic: 'share of votes against the majority of the others',
        value: against.length / seen,
        interval: wilson(against.length, seen),
        test: { measure: 'likelihood ratio', value: Math.exp(Math.min(700, top)), threshold },
        n: seen,
        ...evidence(data, against),
        details: {
          'votes until the threshold was crossed': crossedAt,
          ...(p !== null && { 'p of the sequential outlier test': p }),
        },
      });
    }
    return { assessed: tested.length, unassessed: raters - tested.length, flags };
  },
};
