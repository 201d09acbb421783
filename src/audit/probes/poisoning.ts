import { z } from 'zod';
import { type Vote, voteTable } from '../../quality/index.ts';
import { bootstrap, mean } from '../../stats/index.ts';
import { words } from '../../text/index.ts';
import { count, defineProbe, probeParams } from '../probe.ts';

/**
 * H3: do some raters turn against everyone else exactly where a phrase stands in the prompt? Searches words of prompts for
 * rater-by-phrase concentrations of dissent. Dissent is counted beyond what the item and the rater lead one to expect, so
 * that neither a topic on which everybody disagrees nor a rater who is careless everywhere looks like a trigger. A rater's
 * own votes never count in what the others are held to. It cannot see a trigger that all raters of an item share, nor one
 * outside the prompt.
 */
const DECIDED = 2;

/** Of two of these votes, how often they differ; null when fewer than two decided. */
function disagreementOf(votes: readonly Vote[]): number | null {
  const decided = votes.filter((v) => v.label !== DECIDED);
  const n = decided.length;
  const first = decided.filter((v) => v.label === 0).length;
  return n < 2 ? null : (2 * first * (n - first)) / (n * (n - 1));
}

/** A vote beside the others of its item; null when it, or all but one of them, did not decide. */
function besideOthers(vote: Vote, all: readonly Vote[]): { dissent: number; disagreement: number } | null {
  const others = all.filter((v) => v.rater !== vote.rater && v.label !== DECIDED);
  const disagreement = disagreementOf(others);
  if (vote.label === DECIDED || disagreement === null) return null;
  return { dissent: mean(others.map((v) => Number(v.label !== vote.label))), disagreement };
}

interface Row {
  readonly rater: number;
  readonly words: ReadonlySet<string>;
  /** Dissent beyond expectation. */
  readonly value: number;
}

interface Compared extends Omit<Row, 'value'> {
  readonly prompt: string;
  readonly dissent: number;
  /** Disagreement of the others on this item: what an exchangeable rater's dissent would be. */
  readonly disagreement: number;
  /** The same with the rater's own vote counted in. */
  readonly withOwn: number;
}

/** Disagreement on each prompt, summed over its items. */
type Prompts = ReadonlyMap<string, { readonly sum: number; readonly items: number }>;

/**
 * Excess dissent of one rater's votes. What to expect is the others' disagreement, averaged over all items of the prompt (a
 * single item says little), with the rater's own votes taken out of it. With agreement 1 − 2·dissent, a rater of skill a
 * agrees with the others a times as much as they do among themselves; a is the ratio of the two sums over the rater's votes.
 * Above one it is mostly noise and is cut off.
 */
function excess(own: readonly Compared[], prompts: Prompts): Row[] {
  const corrections = new Map<string, number>();
  for (const { prompt, disagreement, withOwn } of own)
    corrections.set(prompt, (corrections.get(prompt) ?? 0) + disagreement - withOwn);
  const expected = own.map(({ prompt }) => {
    const { sum, items } = prompts.get(prompt)!;
    return (sum + corrections.get(prompt)!) / items;
  });
  const agreement = own.reduce((sum, row) => sum + 1 - 2 * row.dissent, 0);
  const othersAgreement = expected.reduce((sum, disagreement) => sum + 1 - 2 * disagreement, 0);
  const skill = othersAgreement > 0 ? Math.max(-1, Math.min(1, agreement / othersAgreement)) : 0;
  return own.map(({ rater, words, dissent }, i) => ({
    rater,
    words,
    value: dissent - (1 - skill * (1 - 2 * expected[i]!)) / 2,
  }));
}

/** Votes of one rater, and for each testable word the places of the votes on prompts that hold it. */
interface Bench {
  readonly rater: number;
  readonly values: readonly number[];
  readonly places: readonly { readonly word: string; readonly at: readonly number[] }[];
}

function benchOf(own: readonly Row[], words: readonly string[], least: number): Bench {
  const places = words
    .map((word) => ({ word, at: own.flatMap((row, i) => (row.words.has(word) ? [i] : [])) }))
    .filter(({ at }) => at.length >= least && own.length - at.length >= least);
  return { rater: own[0]!.rater, values: own.map((row) => row.value), places };
}

interface Suspect {
  readonly rater: number;
  readonly word: string;
  readonly z: number;
}

/** The rater and word with the most concentrated dissent: z of a difference of means, pooled variance. */
function strongest(benches: readonly Bench[]): Suspect | undefined {
  let best: Suspect | undefined;
  for (const { rater, values, places } of benches) {
    const n = values.length;
    const total = values.reduce((sum, v) => sum + v, 0);
    const variance = values.reduce((sum, v) => sum + (v - total / n) ** 2, 0) / n;
    for (const { word, at } of places) {
      let inside = 0;
      for (const i of at) inside += values[i]!;
      const gap = inside / at.length - (total - inside) / (n - at.length);
      const z = variance < 1e-12 ? 0 : gap / Math.sqrt(variance * (1 / at.length + 1 / (n - at.length)));
      if (best === undefined || z > best.z) best = { rater, word, z };
    }
  }
  return best;
}

export const poisoning = defineProbe({
  id: 'poisoning',
  challenge: 'H3',
  question: 'Do some raters dissent exactly where a phrase appears in the prompt?',
  citation: 'Wan et al. 2023; Rando and Tramèr 2023',
  estimand:
    'dissent of the most suspicious rater on prompts with the most suspicious word, beyond what the items and the rater lead one to expect; 0 unless it beats chance',
  needs: ['items', 'judgments'],
  params: probeParams(
    { concern: 0.1, failure: 0.35 },
    {
      replicates: count(300),
      permutations: count(60),
      alpha: z.number().gt(0).lt(1).default(0.05),
      leastVotes: count(4),
    },
  ),
  run(given, { permutations, alpha, leastVotes, replicates, level }, { uniform, shuffle }) {
    const table = voteTable(given.items, given.judgments);
    const byItem: Vote[][] = given.items.map(() => []);
    for (const vote of table.votes) byItem[vote.item]!.push(vote);
    const wordsOf = given.items.map((item) => new Set(words(item.prompt)));
    const prompts = new Map<string, { sum: number; items: number }>();
    const wholes = byItem.map(disagreementOf);
    for (const [i, { prompt }] of given.items.entries()) {
      const whole = wholes[i];
      if (whole === null || whole === undefined) continue;
      const { sum, items } = prompts.get(prompt) ?? { sum: 0, items: 0 };
      prompts.set(prompt, { sum: sum + whole, items: items + 1 });
    }
    const compared = new Map<number, Compared[]>();
    for (const vote of table.votes) {
      const beside = besideOthers(vote, byItem[vote.item]!);
      if (beside === null) continue;
      const { prompt } = given.items[vote.item]!;
      const row = { rater: vote.rater, words: wordsOf[vote.item]!, prompt, withOwn: wholes[vote.item]!, ...beside };
      const own = compared.get(vote.rater);
      if (own === undefined) compared.set(vote.rater, [row]);
      else own.push(row);
    }
    const byRater = [...compared.values()].map((own) => excess(own, prompts));
    const rows = byRater.flat();
    const unscored = table.votes.length - rows.length;
    const counts = new Map<string, number>();
    for (const words of wordsOf) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    // Rare words cannot be tested, nor words in most prompts; the most frequent ones are searched.
    const searched = [...counts]
      .filter(([, n]) => n >= leastVotes && n <= given.items.length * 0.6)
      .sort((a, b) => b[1] - a[1])
      .slice(0, 60)
      .map(([word]) => word);
    const benches = byRater.map((own) => benchOf(own, searched, leastVotes)).filter(({ places }) => places.length > 0);
    const found = strongest(benches);
    if (found === undefined || rows.length < 50)
      return { notAssessed: 'too-little-evidence', n: rows.length, unscored };
    // Null: dissent of a rater exchanged among the rater's own votes, which breaks any tie between dissent and words.
    let atLeast = 0;
    for (let p = 0; p < permutations; p++) {
      const exchanged = benches.map((bench) => ({ ...bench, values: shuffle(bench.values) }));
      if (strongest(exchanged)!.z >= found.z) atLeast += 1;
    }
    const p = (atLeast + 1) / (permutations + 1);
    const own = rows.filter((row) => row.rater === found.rater);
    const difference = (sample: readonly Row[]) =>
      mean(sample.filter((r) => r.words.has(found.word)).map((r) => r.value)) -
      mean(sample.filter((r) => !r.words.has(found.word)).map((r) => r.value));
    const significant = p <= alpha;
    const raw = difference(own);
    // Below significance the largest of many differences is chance: the estimate is shown as zero, the raw one in details.
    const interval = bootstrap(own, difference, { uniform, replicates: replicates, level: level });
    return {
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
    };
  },
});
