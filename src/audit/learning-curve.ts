import { mean, type Rng } from '../stats/index.ts';
import { allVotes, type ComparedPair, creditOn, fitPairs, type Taken } from './pair-learner.ts';

/** A pair to learn from and to be asked about, with the prompt that it belongs to. */
export interface CurvePair extends ComparedPair {
  readonly itemId: string;
  readonly promptId: string;
}

/** What rewards that never saw a pair's prompt predict of its votes, by how many of all judgments they were fitted to. */
export interface CurveRow {
  readonly itemId: string;
  readonly promptId: string;
  readonly judgments: number;
  readonly credits: readonly {
    /** Share of all judgments that were fitted to. */
    readonly share: number;
    /** What was left out to come down to it: whole pairs, or votes on every pair. */
    readonly fewer: 'pairs' | 'votes';
    /** Share of the pair's votes predicted, mean over the rewards. */
    readonly credit: number;
  }[];
}

/** Parts of the prompts, each asked about once by rewards that were fitted to the others. */
const FOLDS = 4;
/** Fewer prompts cannot be dealt. */
const LEAST_PROMPTS = 2 * FOLDS;

/** The votes of a pair that fell to one half; votes are dealt to the halves one by one over all pairs. */
function dealtVotes(pair: ComparedPair, dealt: readonly number[], half: number): Taken {
  const kept = pair.votes.filter((_, v) => dealt[v] === half);
  return { pair, wins: kept.reduce((sum, vote) => sum + vote, 0), votes: kept.length };
}

/** How often all is dealt anew: chance of the dealing is most of the error where pairs are few, and refits are cheap there. */
const repeatsFor = (pairs: number): number => Math.min(6, Math.max(1, Math.round(3000 / pairs)));

interface Arm {
  readonly fewer: 'pairs' | 'votes';
  readonly sets: readonly (readonly Taken[])[];
}

/** All of the judgments to fit to, both halves of them by pairs, and both halves of the votes on every pair. */
function armsOf(train: readonly CurvePair[], several: boolean): Arm[] {
  const all = train.map(allVotes);
  let place = 0;
  const dealt = train.map(({ votes }) => votes.map(() => place++ % 2));
  const byPairs = [0, 1].map((half) => all.filter((_, i) => i % 2 === half));
  const byVotes = [0, 1].map((half) => train.map((pair, i) => dealtVotes(pair, dealt[i]!, half)));
  return [
    { fewer: 'pairs', sets: [all] },
    { fewer: 'pairs', sets: byPairs },
    ...(several ? [{ fewer: 'votes' as const, sets: byVotes }] : []),
  ];
}

/** Sums over the dealings, by arm: how many judgments were fitted to, and what was predicted of each pair. */
interface Sums {
  readonly fewer: 'pairs' | 'votes';
  readonly judgments: number[];
  readonly credits: Float64Array;
}

/**
 * The end of the learning curve, by cross-validation over prompts: rewards are fitted to all judgments on the other prompts and to
 * either half of them: by pairs, and where pairs have several votes also by votes. Undefined for fewer than eight prompts.
 * Everything random comes from `rng`.
 */
export function learningCurve(
  pairs: readonly CurvePair[],
  { columns, rng }: { readonly columns: number; readonly rng: Rng },
): CurveRow[] | undefined {
  const judged = pairs.filter(({ votes }) => votes.length > 0);
  const prompts = [...new Set(judged.map(({ promptId }) => promptId))];
  if (prompts.length < LEAST_PROMPTS) return undefined;
  const several = judged.some(({ votes }) => votes.length > 1);
  const repeats = repeatsFor(judged.length);
  const sums: Sums[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const foldOf = new Map(rng.shuffle(prompts).map((promptId, i) => [promptId, i % FOLDS]));
    const order = rng.shuffle(judged.map((_, i) => i));
    for (let fold = 0; fold < FOLDS; fold++) {
      const train = order.flatMap((i) => (foldOf.get(judged[i]!.promptId) === fold ? [] : [judged[i]!]));
      const test = order.filter((i) => foldOf.get(judged[i]!.promptId) === fold);
      for (const [a, { fewer, sets }] of armsOf(train, several).entries()) {
        sums[a] ??= { fewer, judgments: [], credits: new Float64Array(judged.length) };
        const sum = sums[a];
        for (const set of sets) {
          const weights = fitPairs(set, columns);
          sum.judgments.push(set.reduce((total, { votes }) => total + votes, 0));
          for (const i of test) sum.credits[i]! += creditOn(weights, allVotes(judged[i]!)) / sets.length / repeats;
        }
      }
    }
  }
  const total = judged.reduce((sum, { votes }) => sum + votes.length, 0);
  const shares = sums.map(({ judgments }) => mean(judgments) / total);
  return judged.map(({ itemId, promptId, votes }, i) => ({
    itemId,
    promptId,
    judgments: votes.length,
    credits: sums.map(({ fewer, credits }, a) => ({ share: shares[a]!, fewer, credit: Math.min(1, credits[i]!) })),
  }));
}
