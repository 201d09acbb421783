import type { Datum, Sample } from '../engine/index.ts';
import { NumericsError } from '../run/index.ts';
import { createRng, mean } from '../stats/index.ts';
import { leaveOneOut } from './advantages.ts';
import type { PolicyContext, StepRecord } from './algorithm.ts';
import { learningRateAt, type Schedule } from './schedules.ts';

export interface RlooConfig {
  readonly steps: number;
  readonly promptsPerStep: number;
  /** Samples per prompt; at least 2. */
  readonly samples: number;
  /** Weight of KL to the reference, in reward per nat. */
  readonly beta: number;
  readonly learningRate: number;
  /** How the rate falls from its peak; constant by default. */
  readonly schedule?: Schedule;
  readonly warmup?: number;
  /** Largest L2 norm of a step's gradient; 1 by default. */
  readonly gradClipNorm?: number;
  readonly maxTokens: number;
  /** Subtracted from the score of a reply that did not stop by itself. */
  readonly missingEosPenalty?: number;
}

interface Rollout {
  readonly prompt: Int32Array;
  readonly sample: Sample;
  /** Σ over tokens of lp − ref: k1, signed and never clamped. */
  readonly kl: number;
  readonly score: number;
  readonly spread: number;
  readonly advantage: number;
}

/** Samples, scores and advantages of one step. KL enters the reward (k1), before the leave-one-out baseline. */
async function rollouts(
  context: PolicyContext,
  config: RlooConfig,
  step: number,
): Promise<{ rows: Rollout[]; unscored: number }> {
  const { model, reference, codec, prompts, score, seed } = context;
  const rng = createRng(seed).fork(`rloo/${step}`);
  const chosen = rng.shuffle(prompts).slice(0, config.promptsPerStep);
  const encoded = chosen.map((prompt) => codec.encodePrompt(prompt));
  const sampler = await model.sampler();
  const { maxTokens, samples: n } = config;
  const groups = await sampler.sample(encoded, { maxTokens, n, stop: codec.stop, seed: rng.integer(2 ** 31) });
  const sequences = groups.flatMap((group, p) => group.map((s) => Int32Array.from([...encoded[p]!, ...s.tokens])));
  const referenceRows = await reference.logprobs(sequences);
  const rows: Rollout[] = [];
  let unscored = 0;
  for (const [p, group] of groups.entries()) {
    const prompt = encoded[p]!;
    const scores = await score(
      chosen[p]!,
      group.map((s) => codec.decodeReply(s.tokens)),
    );
    const partial = group.map((sample, i) => {
      const ref = referenceRows[p * n + i]!.subarray(prompt.length - 1);
      const kl = sample.logprobs.reduce((sum, lp, t) => sum + lp - ref[t]!, 0);
      const penalty = sample.stopReason === 'stop' ? 0 : (config.missingEosPenalty ?? 1);
      return { prompt, sample, kl, score: scores[i]!.mean - penalty, spread: scores[i]!.spread ?? 0 };
    });
    const group1 = leaveOneOut(partial.map((row) => row.score - config.beta * row.kl));
    unscored += group1.unscored;
    for (const [i, row] of partial.entries()) rows.push({ ...row, advantage: group1.advantages[i]! });
  }
  return { rows, unscored };
}

/** A rollout as a datum: its advantage on every reply token, divided by the number of sequences (sequence-mean of token-sums). */
function toDatum({ prompt, sample, advantage }: Rollout, sequences: number): Datum {
  const ids = Int32Array.from([...prompt, ...sample.tokens]);
  const length = ids.length - 1;
  const advantages = new Float32Array(length).fill(advantage / sequences, prompt.length - 1);
  const logprobs = new Float32Array(length);
  logprobs.set(sample.logprobs, prompt.length - 1);
  return { tokens: ids.slice(0, -1), targets: ids.slice(1), advantages, logprobs };
}

/** Largest |ratio − 1| that float32 re-computation of fresh samples may show. */
const RATIO_TOLERANCE = 0.01;

/**
 * REINFORCE with a leave-one-out baseline (Ahmadian et al. 2024), one update per batch of fresh samples. Metrics follow
 * TRL's names. On fresh samples the ratio is one; a larger deviation means that sampler and trainer disagree and stops the run.
 */
export async function* rloo(context: PolicyContext, config: RlooConfig): AsyncGenerator<StepRecord> {
  for (let step = context.fromStep ?? 0; step < config.steps; step++) {
    const { rows, unscored } = await rollouts(context, config, step);
    const scored = rows.filter((row) => Number.isFinite(row.score));
    const data = rows.filter((row) => row.advantage !== 0).map((row) => toDatum(row, rows.length));
    const { steps, warmup = 0, schedule = 'constant' } = config;
    const learningRate = learningRateAt(schedule, step, { peak: config.learningRate, steps, warmup });
    let gradNorm = 0;
    let approxKl = 0;
    if (data.length > 0) {
      const { logprobs } = await context.model.forwardBackward(data, 'importance_sampling');
      let [worst, tokens] = [0, 0];
      for (const [i, datum] of data.entries()) {
        for (const [t, a] of datum.advantages!.entries()) {
          if (a === 0) continue;
          const delta = logprobs[i]![t]! - datum.logprobs![t]!;
          worst = Math.max(worst, Math.abs(Math.expm1(delta)));
          approxKl += delta ** 2 / 2;
          tokens += 1;
        }
      }
      approxKl /= Math.max(1, tokens);
      if (worst > RATIO_TOLERANCE) {
        throw new NumericsError(
          'ratio',
          `|ratio − 1| is ${worst.toPrecision(3)} on fresh samples; expected below ${RATIO_TOLERANCE}`,
          { step },
        );
      }
      ({ gradNorm } = await context.model.optimStep({ learningRate, gradClipNorm: config.gradClipNorm ?? 1 }));
    }
    const lengths = rows.map((row) => row.sample.tokens.length);
    const groups = rows.length / config.samples;
    const still = Array.from({ length: groups }, (_, g) =>
      rows.slice(g * config.samples, (g + 1) * config.samples).every((row) => row.advantage === 0),
    );
    const kl = mean(rows.map((row) => row.kl));
    const scores = mean(scored.map((row) => row.score));
    yield {
      step: step + 1,
      metrics: {
        'objective/kl': kl,
        'objective/scores': scores,
        'objective/rlhf_reward': scores - config.beta * kl,
        'objective/entropy': mean(rows.map((row) => -row.sample.logprobs.reduce((a, b) => a + b, 0))),
        'objective/spread': mean(rows.map((row) => row.spread)),
        'completions/mean_length': mean(lengths),
        'completions/eos_rate': mean(rows.map((row) => Number(row.sample.stopReason === 'stop'))),
        'policy/approxkl': approxKl,
        frac_reward_zero_std: mean(still.map(Number)),
        unscored,
        grad_norm: gradNorm,
        lr: learningRate,
      },
    };
  }
}
