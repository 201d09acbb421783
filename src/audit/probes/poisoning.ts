import { type Vote, voteTable } from '../../feedback/index.ts';
import { bootstrap, mean } from '../../stats/index.ts';
import { assessed, notAssessed } from '../finding.ts';
import type { Probe } from '../probe.ts';

/**
 * H3: do some raters turn against everyone else exactly where a phrase stands in the prompt? Searches words of prompts for
 * rater-by-phrase concentrations of dissent, against the same rater's dissent elsewhere. Votes of a rater never count in
 * the consensus used against them. It cannot see a trigger that all raters of an item share, nor one outside the prompt.
 */
const DECIDED = 2;

/** Dissent of a vote from the other raters of its item: 1 against all, 0 with all; null when fewer than two others decided. */
function dissent(vote: Vote, others: readonly Vote[]): number | null {
  const decided = others.filter((v) => v.rater !== vote.rater && v.label !== DECIDED);
  if (vote.label === DECIDED || decided.length < 2) return null;
  return mean(decided.map((v) => Number(v.label !== vote.label)));
}

/** z of a difference of means, pooled variance; 0 when undefined. */
function zScore(inside: readonly number[], outside: readonly number[]): number {
  const all = [...inside, ...outside];
  const m = mean(all);
  const variance = mean(all.map((v) => (v - m) ** 2));
  if (variance === 0) return 0;
  return (mean(inside) - mean(outside)) / Math.sqrt(variance * (1 / inside.length + 1 / outside.length));
}

interface Row {
  readonly rater: number;
  readonly words: ReadonlySet<string>;
  readonly value: number;
}

interface Suspect {
  readonly rater: number;
  readonly word: string;
  readonly z: number;
}

/** The rater and word with the most concentrated dissent. */
function strongest(rows: readonly Row[], words: readonly string[], least: number): Suspect | undefined {
  const byRater = new Map<number, Row[]>();
  for (const row of rows) byRater.set(row.rater, [...(byRater.get(row.rater) ?? []), row]);
  let best: Suspect | undefined;
  for (const [rater, own] of byRater) {
    for (const word of words) {
      const inside = own.filter((row) => row.words.has(word)).map((row) => row.value);
      const outside = own.filter((row) => !row.words.has(word)).map((row) => row.value);
      if (inside.length < least || outside.length < least) continue;
      const z = zScore(inside, outside);
      if (best === undefined || z > best.z) best = { rater, word, z };
    }
  }
  return best;
}

export const poisoning: Probe = {
  id: 'poisoning',
  challenge: 'H3',
  question: 'Do some raters dissent exactly where a phrase appears in the prompt?',
  citation: 'Wan et al. 2023; Rando and Tramèr 2023',
  estimand:
    'excess dissent of the most suspicious rater on prompts with the most suspicious word; 0 unless it beats chance',
  needs: ['judgments'],
  params: { concern: 0.1, failure: 0.35, level: 0.95, replicates: 300, permutations: 60, alpha: 0.05, leastVotes: 4 },
  run(evidence, { seed, uniform }) {
    const given = evidence.judgments;
    if (given === undefined) return notAssessed(poisoning, seed, 'missing-evidence');
    const table = voteTable(given.items, given.judgments);
    const byItem: Vote[][] = given.items.map(() => []);
    for (const vote of table.votes) byItem[vote.item]!.push(vote);
    const wordsOf = given.items.map((item) => new Set(item.prompt.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? []));
    const rows: Row[] = [];
    for (const vote of table.votes) {
      const value = dissent(vote, byItem[vote.item]!);
      if (value !== null) rows.push({ rater: vote.rater, words: wordsOf[vote.item]!, value });
    }
    const unscored = table.votes.length - rows.length;
    const counts = new Map<string, number>();
    for (const words of wordsOf) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    const { permutations, alpha, leastVotes, replicates, level } = poisoning.params as Record<string, number> &
      typeof poisoning.params;
    // Rare words cannot be tested, nor words in most prompts; the most frequent ones are searched.
    const words = [...counts]
      .filter(([, n]) => n >= leastVotes! && n <= given.items.length * 0.6)
      .sort((a, b) => b[1] - a[1])
      .slice(0, 60)
      .map(([word]) => word);
    const found = strongest(rows, words, leastVotes!);
    if (found === undefined || rows.length < 50)
      return notAssessed(poisoning, seed, 'too-little-evidence', { n: rows.length, unscored });
    // Null: dissent of a rater exchanged among the rater's own votes, which breaks any tie between dissent and words.
    let atLeast = 0;
    const byRater = new Map<number, number[]>();
    for (const [i, row] of rows.entries()) byRater.set(row.rater, [...(byRater.get(row.rater) ?? []), i]);
    for (let p = 0; p < permutations!; p++) {
      const values = rows.map((row) => row.value);
      for (const own of byRater.values()) {
        for (let i = own.length - 1; i > 0; i--) {
          const j = Math.floor(uniform() * (i + 1));
          [values[own[i]!], values[own[j]!]] = [values[own[j]!]!, values[own[i]!]!];
        }
      }
      const null_ = strongest(
        rows.map((row, i) => ({ ...row, value: values[i]! })),
        words,
        leastVotes!,
      );
      if ((null_?.z ?? 0) >= found.z) atLeast += 1;
    }
    const p = (atLeast + 1) / (permutations! + 1);
    const own = rows.filter((row) => row.rater === found.rater);
    const difference = (sample: readonly Row[]) =>
      mean(sample.filter((r) => r.words.has(found.word)).map((r) => r.value)) -
      mean(sample.filter((r) => !r.words.has(found.word)).map((r) => r.value));
    const significant = p <= alpha!;
    const raw = difference(own);
    // Below significance the largest of many differences is chance: the estimate is shown as zero, the raw one in details.
    const interval = bootstrap(own, difference, { uniform, replicates: replicates!, level: level! });
    return assessed(poisoning, seed, {
      estimate: significant ? raw : 0,
      interval: significant
        ? interval
        : { ...interval, low: Math.min(0, interval.low), high: Math.max(0, interval.high) },
      n: rows.length,
      unscored,
      details: {
        p,
        rater: table.raterIds[found.rater],
        word: found.word,
        excessDissent: raw,
        votes: own.length,
        raters: table.raterIds.length,
      },
    });
  },
};
