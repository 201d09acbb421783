import {
  type Candidate,
  type FeatureComparison,
  fitPosterior,
  fitWeights,
  SELECTION_RULES,
  type SelectionRuleId,
  selectBatch,
} from '../feedback/index.ts';
import { type Rng, sigmoid } from '../stats/index.ts';

/** A question whose answer is known to the experiment and hidden from the rule until it is asked. */
export interface Question extends FeatureComparison {
  readonly id: string;
}

/** A rule with the ensemble it reads: members on resampled answers, with or without a random prior each. */
export interface QueryArm {
  readonly rule: SelectionRuleId;
  /**
   * `random-priors`: each member is pulled to its own draw of the prior (Osband, Aslanides and Cassirer 2018), so members
   * disagree where nothing was learned. `bootstrap`: all are pulled to zero, and agree there.
   */
  readonly ensemble: 'random-priors' | 'bootstrap';
}

export interface QuerySettings {
  /** Questions asked at random before any rule chooses; the same in every arm of a seed. */
  readonly initial: number;
  readonly batch: number;
  /** Numbers of answers at which the reward is looked at, rising. */
  readonly budgets: readonly number[];
  readonly members: number;
  /** Precision of the normal prior on each weight. */
  readonly ridge: number;
  /** Share of each batch drawn at random. */
  readonly epsilon: number;
}

/** The reward after a number of answers: most probable weights, and what was asked in order. */
export interface QueryPoint {
  readonly budget: number;
  readonly weights: Float64Array;
  readonly asked: readonly Question[];
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

function fitEnsemble(rows: readonly Question[], arm: QueryArm, settings: QuerySettings, rng: Rng): Float64Array[] {
  const size = rows[0]!.features.length;
  const { ridge } = settings;
  return Array.from({ length: settings.members }, (_, m) => {
    const own = rng.fork(`member/${m}`);
    const sample = rows.map(() => rows[own.integer(rows.length)]!);
    const centre =
      arm.ensemble === 'bootstrap'
        ? new Float64Array(size)
        : Float64Array.from({ length: size }, () => own.normal() / Math.sqrt(ridge));
    return fitWeights(sample, size, { ridge, centre });
  });
}

/**
 * Asks a pool of questions in batches, each chosen by a rule from what the answers so far say. The same generator gives
 * arms the same start, the same ensemble draws and the same answers.
 */
export function queryLoop(
  pool: readonly Question[],
  arm: QueryArm,
  settings: QuerySettings,
  rng: Rng,
): readonly QueryPoint[] {
  const size = pool[0]!.features.length;
  const asked = rng.fork('initial').shuffle(pool).slice(0, settings.initial);
  const open = new Map(pool.map((question) => [question.id, question]));
  for (const { id } of asked) open.delete(id);
  const points: QueryPoint[] = [];
  for (const budget of settings.budgets) {
    while (asked.length < budget && open.size > 0) {
      const round = rng.fork(`round/${asked.length}`);
      const { needs } = SELECTION_RULES[arm.rule];
      const members = needs.includes('predictions') ? fitEnsemble(asked, arm, settings, round) : [];
      const candidates = [...open.values()].map(
        ({ id, features }): Candidate => ({
          id,
          features,
          predictions: members.map((weights) => sigmoid(dot(weights, features))),
        }),
      );
      const chosen = selectBatch(
        {
          candidates,
          ...(needs.includes('posterior') && { posterior: fitPosterior(asked, size, settings.ridge) }),
          asked: asked.map(({ features }) => features),
        },
        {
          rule: arm.rule,
          count: Math.min(settings.batch, budget - asked.length),
          epsilon: settings.epsilon,
          rng: round.fork('choose'),
        },
      );
      for (const { id } of chosen) {
        asked.push(open.get(id)!);
        open.delete(id);
      }
    }
    points.push({ budget, weights: fitWeights(asked, size, { ridge: settings.ridge }), asked: [...asked] });
  }
  return points;
}
