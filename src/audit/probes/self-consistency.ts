import { currentJudgments, type Judgment, purposeOf } from '../../feedback/index.ts';
import { type Looked, worstOf } from '../estimates.ts';
import { count, defineProbe, probeParams } from '../probe.ts';
import { shareDifference } from '../share-difference.ts';

/** An item that a rater was shown again: whether they answered otherwise than before. */
interface Repeat {
  readonly raterId: string;
  readonly otherwise: boolean;
  readonly swapped: boolean;
}

/** Comparisons that were shown again, beside the rater’s own earlier answer; where either is not known or says nothing, null. */
function repeatsOf(judgments: readonly Judgment[]): (Repeat | null)[] {
  const current = currentJudgments(judgments);
  const byId = new Map(current.map((judgment) => [judgment.id, judgment]));
  return current.flatMap((judgment): (Repeat | null)[] => {
    const { raterId, itemId, answer, presentation } = judgment;
    const purpose = purposeOf(judgment);
    if (purpose !== 'repeat' && purpose !== 'swapped-repeat') return [];
    if (answer.kind !== 'comparison') return [];
    const before = presentation.repeats === undefined ? undefined : byId.get(presentation.repeats);
    if (before === undefined || before.raterId !== raterId || before.itemId !== itemId) return [null];
    if (before.answer.kind !== 'comparison') return [null];
    const outcomes = [before.answer.outcome, answer.outcome];
    if (outcomes.includes('cant-judge')) return [null];
    return [{ raterId, otherwise: outcomes[0] !== outcomes[1], swapped: purpose === 'swapped-repeat' }];
  });
}

const counted = (repeats: readonly Repeat[]) =>
  repeats.map(({ otherwise }) => ({ right: Number(otherwise), counted: 1 }));

const shareOf = (repeats: readonly Repeat[]): number =>
  repeats.filter(({ otherwise }) => otherwise).length / repeats.length;

/** How much more often a rater answers otherwise than the others do. */
function excessOf(
  raterId: string,
  repeats: readonly Repeat[],
): Looked & { readonly own: number; readonly others: number } {
  const own = repeats.filter((one) => one.raterId === raterId);
  const others = repeats.filter((one) => one.raterId !== raterId);
  const at = (level: number) => shareDifference(counted(own), counted(others), level);
  const { difference, first, second } = at(0.95);
  return {
    name: raterId,
    mean: difference,
    n: own.length,
    own: first.value,
    others: second.value,
    intervalAt: (level) => at(level).interval,
  };
}

/**
 * H4: does a rater contradict themselves? Items that a rater is shown again, the share that they answer otherwise than before, beyond
 * the share that the others do: hard items make everybody waver, and that is no fault of one. The least consistent rater is
 * reported, at a level that holds for all together. Where the others answer one repeat in five otherwise, a rater who guesses does
 * so in every second: .3 more, a failure; half of that, as if every second answer were a guess, is a concern. It cannot see carelessness
 * that all raters share, nor a rater who is careless in the same way each time, such as one who always takes the longer reply.
 */
export const selfConsistency = defineProbe({
  id: 'self-consistency',
  challenge: 'H4',
  question: 'How much more often than the others does the least consistent rater answer otherwise when asked again?',
  citation: 'Ouyang et al. 2022; Bakker et al. 2010',
  estimand:
    'largest over raters of the share of repeated items that the rater answers otherwise than before, less that share of the other raters; zero where none is above it',
  needs: ['judgments'],
  params: probeParams({ concern: 0.15, failure: 0.3 }, { leastRepeats: count(20, 2), leastRaters: count(3, 2) }),
  run({ judgments }, { level, leastRepeats, leastRaters }) {
    const all = repeatsOf(judgments);
    const known = all.filter((repeat) => repeat !== null);
    const counts = new Map<string, number>();
    for (const { raterId } of known) counts.set(raterId, (counts.get(raterId) ?? 0) + 1);
    const raters = [...counts].filter(([, n]) => n >= leastRepeats).map(([raterId]) => raterId);
    const repeats = known.filter(({ raterId }) => raters.includes(raterId));
    const unscored = all.length - repeats.length;
    const n = repeats.length;
    if (n === 0)
      return {
        notAssessed: 'too-little-evidence',
        n,
        unscored,
        details: { how: 'show raters again what they judged before: distribution.repeats, every tenth time' },
      };
    if (raters.length < leastRaters) return { notAssessed: 'too-few-raters', n, unscored };
    const looked = raters.map((raterId) => excessOf(raterId, repeats));
    const { worst, low, high } = worstOf(looked, level);
    const shareWhere = (swapped: boolean) => {
      const some = repeats.filter((repeat) => repeat.swapped === swapped);
      return some.length === 0 ? null : shareOf(some);
    };
    return {
      estimate: Math.min(high, Math.max(low, worst.mean)),
      interval: { low, high },
      n,
      unscored,
      details: {
        rater: worst.name,
        otherwise: worst.own,
        others: worst.others,
        sameOrder: shareWhere(false),
        otherOrder: shareWhere(true),
        raters: looked.map(({ name, own, n: of }) => ({ rater: name, otherwise: own, repeats: of })),
      },
    };
  },
});
