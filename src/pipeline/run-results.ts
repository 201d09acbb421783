import { existsSync } from 'node:fs';
import type { z } from 'zod';
import {
  type Finding,
  type Followed,
  findingsSchema,
  followedChainsSchema,
  type RatesByProbe,
  ratesSchema,
} from '../audit/index.ts';
import { readJsonOf } from '../run/node.ts';
import { type Collected, collectedSchema } from './collected.ts';
import { type Feedback, loadFeedback } from './feedback-records.ts';
import type { StoredEvaluation } from './reward-evaluation.ts';
import { atRound, type Place, pathIn } from './run-context.ts';
import { RUN_FILES } from './run-folder.ts';
import { type BestOfCurve, bestOfSchema } from './stages/best-of-n.ts';
import { type DataSummary, dataSummarySchema } from './stages/data.ts';
import { type ExactCurve, exactSchema } from './stages/exact.ts';
import { loadPath, MAIN, type PolicyPath, variantsOf } from './stages/policy.ts';
import { loadEvaluation } from './stages/reward.ts';

/** A round before the last, as far as results tell it. */
export interface RoundResults {
  readonly round: number;
  readonly judgments: number;
  readonly evaluation: StoredEvaluation;
  readonly path: PolicyPath;
}

/** What a run found, read from its files. */
export interface RunResults {
  readonly data: DataSummary;
  readonly feedback: Feedback;
  readonly collected: Collected;
  readonly evaluation: StoredEvaluation;
  /** Every optimisation of the last round, the main one first; none without a policy. */
  readonly paths: readonly PolicyPath[];
  readonly bestOf: BestOfCurve | undefined;
  readonly exact: ExactCurve | undefined;
  readonly findings: readonly Finding[];
  /** Failures followed from the raters through the reward into the policy. */
  readonly chains: readonly Followed[];
  /** Detection rates of the probes, by probe. */
  readonly rates: RatesByProbe;
  readonly earlier: readonly RoundResults[];
}

const optional = <T>(place: Place, file: string, schema: z.ZodType<T>): T | undefined =>
  existsSync(pathIn(place, file)) ? readJsonOf(pathIn(place, file), schema) : undefined;

/** Every optimisation that a round's files hold, the main one first. */
export const loadPaths = (place: Place): PolicyPath[] => variantsOf(place).map((variant) => loadPath(place, variant));

export const loadBestOf = (place: Place): BestOfCurve | undefined => optional(place, RUN_FILES.bestOf, bestOfSchema);

export const loadExact = (place: Place): ExactCurve | undefined => optional(place, RUN_FILES.exact, exactSchema);

async function loadRound(place: Place): Promise<RoundResults> {
  const { judgments } = await loadFeedback(place);
  return {
    round: place.round,
    judgments: judgments.length,
    evaluation: loadEvaluation(place),
    path: loadPath(place, MAIN),
  };
}

/** Everything that the report and the results are made of. */
export async function loadResults({ config, folder }: Omit<Place, 'round'>): Promise<RunResults> {
  const last: Place = { config, folder, round: config.rounds };
  const earlier: RoundResults[] = [];
  for (let round = 1; round < config.rounds; round++) earlier.push(await loadRound(atRound(last, round)));
  return {
    data: readJsonOf(`${folder}/${RUN_FILES.data}`, dataSummarySchema),
    feedback: await loadFeedback(last),
    collected: readJsonOf(pathIn(last, RUN_FILES.collected), collectedSchema),
    evaluation: loadEvaluation(last),
    paths: loadPaths(last),
    bestOf: loadBestOf(last),
    exact: loadExact(last),
    findings: readJsonOf(pathIn(last, RUN_FILES.findings), findingsSchema),
    chains: readJsonOf(pathIn(last, RUN_FILES.chains), followedChainsSchema),
    rates: readJsonOf(pathIn(last, RUN_FILES.rates), ratesSchema),
    earlier,
  };
}
