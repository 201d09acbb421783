import { dot, fitLogistic, type LogisticRow, logisticPosterior, type Rng, sigmoid } from '../../stats/index.ts';
import { type Chosen, selectBatch } from './batch.ts';
import type { QuestionCandidate } from './rule.ts';
import { SELECTION_RULES, type SelectionRuleId } from './rules.ts';

/** A question that could be asked: features of its first reply less those of the second. */
export type OpenQuestion = Pick<QuestionCandidate, 'id' | 'features'>;

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
  /** Questions asked at random before any rule chooses. */
  readonly initial: number;
  readonly batch: number;
  /** Numbers of questions at which a batch ends, rising; the last is where asking ends. */
  readonly budgets: readonly number[];
  readonly members: number;
  /** Precision of the normal prior on each weight. */
  readonly ridge: number;
  /** Share of each batch drawn at random. */
  readonly epsilon: number;
}

/** Where asking stands after a batch: what was asked, by which rule, in order, and all answers to it. */
export interface QueryPoint {
  readonly asked: readonly Chosen[];
  readonly rows: readonly LogisticRow[];
}

function fitEnsemble(
  rows: readonly LogisticRow[],
  size: number,
  { ensemble, members, ridge }: QueryArm & QuerySettings,
  rng: Rng,
): Float64Array[] {
  return Array.from({ length: members }, (_, m) => {
    const own = rng.fork(`member/${m}`);
    const sample = rows.map(() => rows[own.integer(rows.length)]!);
    const centre =
      ensemble === 'bootstrap'
        ? new Float64Array(size)
        : Float64Array.from({ length: size }, () => own.normal() / Math.sqrt(ridge));
    return fitLogistic(sample, size, { ridge, centre });
  });
}

/**
 * Asks questions of a pool in batches: the first at random, each later one chosen by a rule from what a linear reward on
 * their features learned so far. `ask` puts a batch to raters and returns what they answered (any number of rows; fewer
 * where some are kept for evaluation). The same generator gives arms the same start and the same ensemble draws.
 */
export async function* queryLoop(
  pool: readonly OpenQuestion[],
  settings: QueryArm & QuerySettings,
  { ask, rng }: { ask(chosen: readonly Chosen[]): Promise<readonly LogisticRow[]>; readonly rng: Rng },
): AsyncGenerator<QueryPoint> {
  const size = pool[0]?.features.length ?? 0;
  const open = new Map(pool.map((question) => [question.id, question]));
  const asked: Chosen[] = [];
  const rows: LogisticRow[] = [];
  const put = async (chosen: readonly Chosen[]): Promise<QueryPoint> => {
    for (const { id } of chosen) open.delete(id);
    asked.push(...chosen);
    rows.push(...(await ask(chosen)));
    return { asked: [...asked], rows: [...rows] };
  };
  const { needs } = SELECTION_RULES[settings.rule];
  const first = rng.fork('initial').shuffle(pool).slice(0, settings.initial);
  const features = new Map(pool.map((question) => [question.id, question.features]));
  yield await put(first.map(({ id }) => ({ id, by: 'random' })));
  for (const budget of settings.budgets) {
    while (asked.length < budget && open.size > 0) {
      const round = rng.fork(`round/${asked.length}`);
      const members = needs.includes('predictions') ? fitEnsemble(rows, size, settings, round) : [];
      const candidates = [...open.values()].map(
        (question): QuestionCandidate => ({
          ...question,
          predictions: members.map((weights) => sigmoid(dot(weights, question.features))),
        }),
      );
      const known = {
        candidates,
        asked: asked.map(({ id }) => features.get(id)!),
        ...(needs.includes('posterior') && { posterior: logisticPosterior(rows, size, { ridge: settings.ridge }) }),
      };
      const { rule, epsilon } = settings;
      const count = Math.min(settings.batch, budget - asked.length);
      yield await put(selectBatch(known, { rule, count, epsilon, rng: round.fork('choose') }));
    }
  }
}
