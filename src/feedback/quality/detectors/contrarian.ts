import { wilson } from '../../../stats/index.ts';
import type { VoteSet } from '../data.ts';
import { type Detector, evidence, type Flag } from '../detector.ts';

const LEAST = 8;
/** Pseudo-votes at the pool's shares, mixed into what the others on an item voted. */
const CONCENTRATION = 2;

/** Likelihood ratio of vote i of a set: voting against the others, over guessing with the pool's shares of classes. */
function ratioOf({ votes, leaveOneOut }: VoteSet, share: Float64Array, i: number): number {
  const { classes, label, counts, unit } = votes;
  const others = leaveOneOut.others[i]!;
  let [total, own] = [0, 0];
  for (let c = 0; c < classes; c++) {
    if (share[c] === 0) continue;
    const count = counts[unit[i]! * classes + c]! - Number(c === label[i]);
    const predicted = (count + CONCENTRATION * share[c]!) / (others + CONCENTRATION);
    // Alternative ∝ share² / predicted: for two equal classes, the others' votes reversed.
    total += share[c]! ** 2 / predicted;
    if (c === label[i]) own = share[c]! / predicted;
  }
  return own / total;
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
    const shares = voteSets.map(({ votes }) => {
      const share = new Float64Array(votes.classes);
      for (let i = 0; i < votes.label.length; i++) share[votes.label[i]!]! += 1 / votes.label.length;
      return share;
    });
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
      let [log, top, seen, crossedAt] = [0, 0, 0, 0];
      const against: number[] = [];
      for (const [set, voteSet] of voteSets.entries()) {
        const { votes, leaveOneOut, byRater } = voteSet;
        for (let k = byRater.starts[rater]!; k < byRater.starts[rater + 1]!; k++) {
          const i = byRater.entry[k]!;
          if (leaveOneOut.others[i]! < 2) continue;
          seen += 1;
          log += Math.log(ratioOf(voteSet, shares[set]!, i));
          top = Math.max(top, log);
          if (crossedAt === 0 && log >= Math.log(threshold)) crossedAt = seen;
          const majority = leaveOneOut.majority[i]!;
          if (majority >= 0 && majority !== votes.label[i]) against.push(votes.row[i]!);
        }
      }
      if (crossedAt === 0) continue;
      flags.push({
        detector: 'contrarian',
        raters: [columns.raterIds[rater]!],
        statistic: 'share of votes against the majority of the others',
        value: against.length / seen,
        interval: wilson(against.length, seen),
        test: { measure: 'likelihood ratio', value: Math.exp(Math.min(700, top)), threshold },
        n: seen,
        ...evidence(data, against),
        details: { 'votes until the threshold was crossed': crossedAt },
      });
    }
    return { assessed: tested.length, unassessed: raters - tested.length, flags };
  },
};
