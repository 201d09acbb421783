import { indexCandidates } from '../fit/objective.ts';
import { POSITION, tieName } from '../likelihood/index.ts';
import type { Observation } from '../observation.ts';
import type { FittedReward } from '../reward-model.ts';
import { type FittedRaters, fitRaters, typicalPopulation, typicalRater } from './fit-raters.ts';
import { carriesDoubt, type Design, jointDeviations } from './intervals.ts';
import { type People, peopleOf } from './people.ts';
import { answersOfRater, type Heard, hearingOf, type Traits } from './rater-model.ts';

/** A reward that can be fitted again and again to the same answers, heard otherwise each time. */
export interface Refits {
  /** Most turns between reward and raters. */
  readonly turns: number;
  /** What the reward gives each candidate, in log-odds, and what else explains the answers. */
  fit(
    observations: readonly Observation[],
  ): Promise<Pick<FittedReward, 'values' | 'nuisances'> & Partial<Pick<FittedReward, 'dispose'>>>;
  /** Where the reward is linear in features: so that its doubt can be carried into that of the raters. */
  readonly design?: Design;
}

/** Change of the mean rationality and of deviations below which reward and raters agree. */
const SETTLED = 0.003;

const unsettled = (before: FittedRaters, after: FittedRaters): boolean => {
  const moved = after.traits.reduce((sum, own, h) => sum + Math.abs(own[0]! - before.traits[h]![0]!), 0);
  const spread = after.population.variance.map((own, k) =>
    Math.abs(Math.sqrt(own) - Math.sqrt(before.population.variance[k]!)),
  );
  return moved / after.traits.length > SETTLED || Math.max(...spread) > 3 * SETTLED;
};

/**
 * Fits raters and reward together: each in turn at the other's optimum until neither moves (block coordinate ascent of the joint
 * posterior), the population of raters along with them. Rationality of 1, and no bonus and no lapse beside the others', is where it
 * begins: the reward of a fit that takes disagreement as noise.
 */
export async function fitPeople(
  observations: readonly Observation[],
  { turns, fit: refit, design }: Refits,
): Promise<People> {
  const used = observations.filter(({ weight }) => weight > 0);
  const places = new Map<string, number>();
  const raterOf = used.map(({ raterId }) => {
    const place = places.get(raterId) ?? places.size;
    places.set(raterId, place);
    return place;
  });
  const raterIds = [...places.keys()];
  const { candidates, indexed } = indexCandidates(used);
  const byRater: Indexes[] = raterIds.map(() => []);
  for (const [e, h] of raterOf.entries()) byRater[h]!.push(e);
  const start = typicalRater(typicalPopulation());
  let traits: readonly Traits[] = raterIds.map(() => start);
  let fitted: FittedRaters | undefined;
  for (let turn = 0; ; turn++) {
    const heard = turn === 0 ? used : used.map((own, e) => ({ ...own, hearing: hearingOf(own, traits[raterOf[e]!]!) }));
    const reward = await refit(heard);
    const all = await reward.values(candidates);
    await reward.dispose?.();
    const answers = byRater.map((own) =>
      own.map((e): Heard => ({ observation: used[e]!, rewards: Float64Array.from(indexed[e]!.at, (c) => all[c]!) })),
    );
    const { nuisances } = reward;
    const mayTie = nuisances.has(tieName('comparison', 2));
    const before = fitted;
    fitted = fitRaters(
      answers.map((own) => answersOfRater(own, mayTie)),
      { nuisances, ...(before !== undefined && { start: before }) },
    );
    // A typical rationality is 1: what all have more of is the reward's, which takes it over at once.
    const scale = fitted.traits.reduce((sum, own) => sum + own[0]!, 0) / fitted.traits.length;
    traits = fitted.traits.map((own) => own.with(0, own[0]! / (scale > 0 ? scale : 1)));
    if (turn < turns - 1 && (before === undefined || unsettled(before, fitted))) continue;
    const variances = fitted.variances();
    const joint = carriesDoubt(design, used.length)
      ? jointDeviations(answers, fitted, { design, nuisances, variances })
      : undefined;
    const deviations = joint ?? variances.map((own) => own.map(Math.sqrt));
    const position = nuisances.get(POSITION) ?? 0;
    return peopleOf({ raterIds, observations: used, fitted, position, deviations, rewardHeld: joint === undefined });
  }
}

/** Places of answers in the list of all. */
type Indexes = number[];
