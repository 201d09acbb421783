import type { Datum, Engine, ModelSpec, TrainableModel } from '../../engine/index.ts';
import { UsageError } from '../../run/index.ts';
import type { DialogueCodec } from '../../text/index.ts';
import { coalesced } from '../coalesced.ts';
import { IDENTITY, type Normaliser, normalise } from '../normaliser.ts';
import type { Candidate, Observation } from '../observation.ts';
import type { FittedReward } from '../reward-model.ts';
import { sequenceOf } from '../sequence.ts';
import { type NetworkOptions, normalisedOn, trainNetwork } from './network.ts';

export interface TwoTokenOptions extends NetworkOptions {
  readonly spec: ModelSpec;
  /** The saved language model to start from. */
  readonly from: string;
  readonly codec: DialogueCodec;
  /** Texts that a good and a bad reply are called by; the first token of each counts. */
  readonly labels: readonly [good: string, bad: string];
}

/** Ids of the token for a good and for a bad reply. */
export type LabelTokens = readonly [number, number];

export interface TwoTokenRewardModel extends FittedReward {
  readonly family: 'two-token';
  readonly model: TrainableModel;
  readonly tokens: LabelTokens;
  readonly normaliser: Normaliser;
}

/** What a score needs beside the network. */
export type TwoTokenParts = Pick<TwoTokenRewardModel, 'tokens' | 'normaliser' | 'nuisances'> & {
  readonly codec: DialogueCodec;
};

/** The first token of each label. @throws UsageError where both begin alike. */
function labelTokens(codec: DialogueCodec, labels: TwoTokenOptions['labels']): LabelTokens {
  const [good, bad] = labels.map((label) => codec.encodeReply(label)[0]);
  if (good !== undefined && bad !== undefined && good !== bad) return [good, bad];
  throw new UsageError(
    'reward.labels',
    `reward.labels ${labels.join(', ')}: expected texts whose first tokens differ, got the same for both; choose others`,
  );
}

/** A text followed by each label: two data that differ in their last target. */
function datumOf(tokens: Int32Array, label: number): Datum {
  const targets = new Int32Array(tokens.length);
  targets.set(tokens.subarray(1));
  targets[tokens.length - 1] = label;
  return { tokens, targets, weights: lastOf(tokens.length, 1) };
}

/** Zeros with a value at the end. */
function lastOf(length: number, value: number): Float32Array {
  const row = new Float32Array(length);
  row[length - 1] = value;
  return row;
}

const dataOf = (sequences: readonly Int32Array[], tokens: LabelTokens): Datum[] =>
  sequences.flatMap((sequence) => tokens.map((label) => datumOf(sequence, label)));

/** Log-odds of the good label against the bad one behind each text, from the log-probabilities of `dataOf`. */
const oddsOf = (logprobs: readonly Float32Array[]): number[] =>
  Array.from({ length: logprobs.length / 2 }, (_, i) => logprobs[2 * i]!.at(-1)! - logprobs[2 * i + 1]!.at(-1)!);

/** Scores by what the model says next: the log-odds of one token against another behind prompt and reply. */
export function twoTokenReward(
  model: TrainableModel,
  { codec, tokens, normaliser, nuisances }: TwoTokenParts,
): TwoTokenRewardModel {
  // One pass for all: on a server a request.
  const odds = coalesced(async (sequences) =>
    oddsOf((await model.forward(dataOf(sequences, tokens), 'cross_entropy')).logprobs),
  );
  const values = async (candidates: readonly Candidate[]) => [
    ...(await odds(candidates.map((candidate) => sequenceOf(codec, candidate).tokens))),
  ];
  return {
    id: model.id,
    family: 'two-token',
    logOdds: normaliser.scale,
    model,
    tokens,
    normaliser,
    nuisances,
    values,
    score: async (prompt, replies) =>
      (await values(replies.map((reply) => ({ prompt, reply })))).map((value) => ({
        mean: normalise(normaliser, value),
      })),
    dispose: () => model.dispose(),
  };
}

/**
 * Fits a language model so that the log-odds of two label tokens behind a reply are the reward that explains the answers: a scalar
 * read from the output projection, for engines that have no head of their own (the form of generative verifiers, Zhang et al. 2024,
 * trained here by the likelihood of any answers).
 */
export async function fitTwoTokenReward(
  engine: Engine,
  observations: readonly Observation[],
  { codec, from, labels, ...options }: TwoTokenOptions,
): Promise<TwoTokenRewardModel> {
  const tokens = labelTokens(codec, labels);
  const model = await engine.createModel({ ...options.spec, seed: options.seed }, { from });
  const nuisances = await trainNetwork(
    model,
    async (candidates, lossOf) => {
      const sequences = candidates.map((candidate) => sequenceOf(codec, candidate).tokens);
      const { loss } = await model.forwardBackwardCustom(dataOf(sequences, tokens), (logprobs) => {
        const { loss: value, slopes } = lossOf(Float64Array.from(oddsOf(logprobs)));
        const gradients = logprobs.map((row, i) => lastOf(row.length, (i % 2 === 0 ? 1 : -1) * slopes[i >> 1]!));
        return { loss: value, gradients };
      });
      return loss;
    },
    { observations, options },
  );
  const raw = twoTokenReward(model, { codec, tokens, nuisances, normaliser: IDENTITY });
  return normalisedOn(options.reference, raw);
}
