import type { TrainableModel } from '../../engine/index.ts';
import type { Checkpoints } from '../../engine/node.ts';
import { ignoreProgress, type Progress } from '../../run/index.ts';
import { createRng } from '../../stats/index.ts';
import { groupedBy } from '../grouped.ts';
import { fitNormaliser, type Normaliser, normalise } from '../normaliser.ts';
import type { Candidate, Observation } from '../observation.ts';
import type { ReferenceReplies, RewardModel } from '../reward-model.ts';
import { type NuisanceState, NuisanceSteps } from './nuisance-steps.ts';
import { indexCandidates, nuisancesOf, refuseNothing, sumTerms } from './objective.ts';

/** How a network is trained as a reward, whatever its rewards are read from. */
export interface NetworkOptions {
  readonly epochs: number;
  /** Items per optimiser step. */
  readonly batch: number;
  readonly learningRate: number;
  readonly seed: number;
  /** Estimate a first-shown bonus as a nuisance. */
  readonly position?: boolean;
  /** Replies by prompt on which the scores are normalised. */
  readonly reference?: ReferenceReplies;
  readonly progress?: Progress;
  readonly stage?: string;
  /** Where training stands now and then, so that one that was killed goes on; by default nowhere. */
  readonly checkpoints?: Checkpoints<NuisanceState>;
}

/**
 * Adds the gradient of a loss of the candidates' rewards: `loss` gets the rewards, in log-odds, and gives its value and its
 * slope by each. Returns the value.
 */
export type BackwardRewards = (
  candidates: readonly Candidate[],
  loss: (rewards: Float64Array) => { loss: number; slopes: Float64Array },
) => Promise<number>;

/** Steps between checkpoints. */
const CHECKPOINT_EVERY = 50;
/** Share of the steps over which the rate rises to its peak: at once, the first steps of AdamW throw a fine-tuned model off its course. */
const WARMUP = 0.1;
/** Peak rate of the nuisances: log-odds a step, so that a bonus of 1 is found within an epoch of some dozen steps. */
const NUISANCE_RATE = 0.03;

/** One pass over some items: mean loss per judgment, and its slopes by name for the nuisances. */
async function accumulate(
  items: readonly (readonly Observation[])[],
  nuisances: ReadonlyMap<string, number>,
  backward: BackwardRewards,
): Promise<{ loss: number; slopes: Map<string, number> }> {
  const observations = items.flat();
  const judgments = observations.reduce((sum, { weight }) => sum + weight, 0);
  const { candidates, indexed } = indexCandidates(observations);
  const byName = new Map<string, number>();
  const loss = await backward(candidates, (rewards) => {
    const slopes = new Float64Array(rewards.length);
    const total = sumTerms(indexed, rewards, nuisances, ({ dRewards, dNuisances }, at) => {
      for (const [k, place] of at.entries()) slopes[place]! += dRewards[k]! / judgments;
      for (const [name, slope] of dNuisances) byName.set(name, (byName.get(name) ?? 0) + slope / judgments);
    });
    return { loss: total / judgments, slopes };
  });
  return { loss, slopes: byName };
}

/**
 * Trains a network on answers of any kinds: all candidates of an item in one batch, mean loss per judgment, the learning rate
 * rising over the first tenth and falling linearly to zero. Returns the nuisances.
 */
export async function trainNetwork(
  model: TrainableModel,
  backward: BackwardRewards,
  { observations, options }: { observations: readonly Observation[]; options: NetworkOptions },
): Promise<ReadonlyMap<string, number>> {
  const { epochs, batch, learningRate, seed, position = false, checkpoints } = options;
  const { progress = ignoreProgress, stage = 'reward' } = options;
  refuseNothing(observations);
  const used = observations.filter(({ weight }) => weight > 0);
  // A text judged by many goes through the network once a step.
  const items = groupedBy(used, ({ itemId }) => itemId);
  const all = used.reduce((sum, { weight }) => sum + weight, 0);
  const perEpoch = Math.ceil(items.length / batch);
  const total = epochs * perEpoch;
  const resumed = await checkpoints?.resume(model);
  const nuisances = new NuisanceSteps(nuisancesOf(used, { position }), resumed?.state);
  for (let step = resumed?.step ?? 0; step < total; step++) {
    const epoch = Math.floor(step / perEpoch);
    const order = createRng(seed).fork(`epoch/${epoch}`).shuffle(items);
    const at = (step % perEpoch) * batch;
    const { loss, slopes } = await accumulate(order.slice(at, at + batch), nuisances.values, backward);
    const schedule = Math.min(1 - step / total, (step + 1) / Math.max(1, WARMUP * total));
    await model.optimStep({ learningRate: learningRate * schedule, gradClipNorm: 1 });
    nuisances.step(slopes, { rate: NUISANCE_RATE * schedule, priorShare: 1 / all });
    progress({ stage, done: step + 1, total, unit: 'steps', metrics: { loss } });
    if ((step + 1) % CHECKPOINT_EVERY === 0) await checkpoints?.save(model, step + 1, nuisances.state);
  }
  return nuisances.values;
}

/** A network reward on the scale of the reference replies; as it is where there are none. */
export async function normalisedOn<M extends RewardModel & { readonly normaliser: Normaliser }>(
  reference: ReferenceReplies | undefined,
  raw: M,
): Promise<M> {
  if (reference === undefined || reference.length === 0) return raw;
  const groups: number[][] = [];
  for (const { prompt, replies } of reference) groups.push((await raw.score(prompt, replies)).map(({ mean }) => mean));
  const normaliser = fitNormaliser(groups);
  return {
    ...raw,
    normaliser,
    logOdds: normaliser.scale,
    score: async (prompt, replies) =>
      (await raw.score(prompt, replies)).map((score) => ({ mean: normalise(normaliser, score.mean) })),
  };
}
