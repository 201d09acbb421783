import type { Item, Judgment } from '../../feedback/index.ts';
import { voteTable } from '../../quality/index.ts';
import { normalUpper } from '../../stats/index.ts';
import { type GuesserPosterior, guessers } from '../guessers.ts';
import { count, defineProbe, probeParams, repeats } from '../probe.ts';
import { closenessOf, type RaterVotes } from '../rater-closeness.ts';

/** Decided and tied votes on items of two replies, as numbers: +1 the first reply, −1 the second, 0 a tie. */
function votesOf(items: readonly Item[], judgments: readonly Judgment[]): RaterVotes {
  const table = voteTable(items, judgments);
  const values = [1, -1, 0] as const;
  return {
    items: table.items.length,
    raterIds: table.raterIds,
    votes: table.votes.map(({ item, rater, label }) => ({ item, rater, value: values[label] })),
  };
}

const rounded = (value: number): number => Number(value.toFixed(4));

/** Who is probably guessing, the most suspicious first. */
const suspects = ({ probabilities }: GuesserPosterior, raters: readonly { raterId: string; votes: number }[]) =>
  raters
    .map((rater, i) => ({ ...rater, guesses: rounded(probabilities[i]!) }))
    .filter(({ guesses }) => guesses > 0.5)
    .sort((a, b) => b.guesses - a.guesses);

/**
 * H4: what share of the judgments comes from raters who answer like someone who does not look? A rater who does not look agrees
 * with nobody beyond chance, whatever his habits; how closely each follows what others see is measured against the others, who
 * count the more the closer they follow each other, so that a few who look are heard among many who do not. A mixture of raters
 * who guess and raters who follow gives each the probability of guessing, and the interval is that of the share among these very
 * raters. It assumes independent errors: raters who share an error look reliable. Where nobody agrees beyond chance, hard items
 * and careless raters cannot be told apart, and nothing is assessed.
 */
export const carelessRaters = defineProbe({
  id: 'careless-raters',
  challenge: 'H4',
  question: 'What share of judgments comes from raters who answer like someone who does not look?',
  citation: 'Dawid and Skene 1979; Lee et al. 2021 (B-Pref)',
  estimand:
    'share of judgments from raters whose answers follow those of others no better than guessing, among the raters at hand',
  needs: ['items', 'judgments'],
  params: probeParams(
    { concern: 0.05, failure: 0.2 },
    { draws: repeats(2000, { least: 200, most: 100_000 }), leastVotes: count(20, 2) },
  ),
  run({ items, judgments }, { draws, leastVotes, level }, rng) {
    const closeness = closenessOf(votesOf(items, judgments), rng);
    const raters = closeness.raters.filter(({ votes, error }) => votes >= leastVotes && Number.isFinite(error));
    const unscored = closeness.raters.length - raters.length;
    if (raters.length < 4) return { notAssessed: 'too-few-raters', n: raters.length, unscored };
    const p = normalUpper(closeness.signal);
    if (p > 0.01)
      return { notAssessed: 'agreement-near-chance', n: raters.length, unscored, details: { agreementP: p } };
    const posterior = guessers(raters, { rng, draws, level });
    return {
      estimate: posterior.share,
      interval: posterior.interval,
      n: raters.length,
      unscored,
      details: {
        guessing: suspects(posterior, raters),
        judgments: raters.reduce((sum, { votes }) => sum + votes, 0),
        agreementP: p,
        assumption: 'independent errors: raters who share a cue look reliable',
      },
    };
  },
});
