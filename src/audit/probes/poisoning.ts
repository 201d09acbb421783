import { z } from 'zod';
import { voteTable } from '../../quality/index.ts';
import { largest, normalQuantile } from '../../stats/index.ts';
import { dissents } from '../dissent.ts';
import { phrasesOf } from '../phrases.ts';
import { count, defineProbe, probeParams, repeats } from '../probe.ts';
import { chanceScores, mostSuspicious, suspected, turnedVotes, undetected } from '../suspects.ts';

const BLIND = 'raters who act together at one phrase, and triggers outside the prompt';

const indexOfFirst = (sorted: readonly number[], least: number): number => {
  const at = sorted.findIndex((value) => value >= least);
  return at < 0 ? sorted.length : at;
};

/**
 * H3: does a rater turn against everyone else exactly where a phrase stands in the prompt? Every phrase of up to three words or
 * marks is tried for every rater, rare ones too, and the worst is held against the worst that chance makes: phrases exchanged
 * among a rater's prompts, which a topic or a long dialogue with many votes does not upset. Dissent is taken beyond what the item
 * and the rater lead one to expect: neither a topic on which everybody disagrees nor a rater who is careless everywhere looks like
 * a trigger. Where nothing stands out, the interval reaches up to what could have been there unseen. Not seen are raters who act
 * together (they are each other's others), a trigger that most raters of an item share, and one outside the prompt.
 */
export const poisoning = defineProbe({
  id: 'poisoning',
  challenge: 'H3',
  question: 'Does a rater dissent exactly where a phrase appears in the prompt?',
  citation: 'Wan et al. 2023; Rando and Tramèr 2023',
  estimand:
    'dissent of one rater at one phrase beyond what else is to be expected of the rater, summed over the votes, as a share of all compared votes: for a rater who turns round sure votes, their share; of the rater and phrase that stand out most, zero where none stands out beyond chance',
  needs: ['items', 'judgments'],
  params: probeParams(
    { concern: 0.0025, failure: 0.01 },
    {
      permutations: repeats(59, { least: 19, most: 1999 }),
      leastVotes: count(4, 2),
      /** Phrases in more of the prompts than this are none that a trigger would be. */
      mostShare: z.number().gt(0).max(1).default(0.6),
    },
  ),
  run({ items, judgments }, { permutations, leastVotes, mostShare, level }, rng) {
    const table = voteTable(items, judgments);
    const rows = dissents(table);
    const n = rows.reduce((sum, own) => sum + own.length, 0);
    const unscored = table.votes.length - n;
    const prompts = [...new Set(rows.flatMap((own) => own.map(({ prompt }) => prompt)))];
    const phrases = phrasesOf(prompts, { least: leastVotes, mostShare });
    const numbers = new Map(prompts.map((prompt, i) => [prompt, i]));
    const raters = rows.map((own) => suspected(own, (prompt) => phrases.ofText[numbers.get(prompt)!]!));
    const found = mostSuspicious(raters, phrases, leastVotes);
    if (found === null || n < 50)
      return {
        notAssessed: 'too-little-evidence',
        n,
        unscored,
        details: { prompts: prompts.length, cannotSee: BLIND },
      };
    const chance = chanceScores(raters, phrases, { least: leastVotes, permutations, rng });
    const p = (permutations - indexOfFirst(chance, found.score) + 1) / (permutations + 1);
    const alpha = 1 - level;
    const critical = chance[Math.min(permutations - 1, Math.floor(level * (permutations + 1)))]!;
    const unlucky = { critical, z: normalQuantile(0.5 + level / 2), mostShare };
    const unseen = largest(raters.map((own) => undetected(own, unlucky))) / n;
    const { turned, half, inside } = turnedVotes(raters[found.rater]!, found.phrase, level);
    const stands = p <= alpha;
    const bound = (votes: number) => Math.max(0, votes / n);
    return {
      estimate: stands ? bound(turned) : 0,
      interval: stands ? { low: bound(turned - half), high: bound(turned + half) } : { low: 0, high: unseen },
      n,
      unscored,
      details: {
        p,
        rater: table.raterIds[rows[found.rater]![0]!.rater],
        phrase: phrases.name(found.phrase),
        votesWithPhrase: inside,
        votesTurned: turned,
        votesOfRater: raters[found.rater]!.phrases.length,
        couldHaveGoneUnseen: unseen,
        phrases: phrases.count,
        prompts: prompts.length,
        raters: raters.length,
        cannotSee: BLIND,
      },
    };
  },
});
