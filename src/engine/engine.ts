/**
 * The training-engine interface, shaped after the Tinker API so that an in-process and a remote engine both fit.
 * Losses SUM over tokens and datums with real signed weights; averaging, KL and length factors belong to the caller.
 */

/** A decoder-only transformer to create. Lengths are counted in tokens. */
export interface ModelSpec {
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly feedForward: number;
  readonly maxContext: number;
  /** Initialisation seed: same spec, same seed, same bits. */
  readonly seed: number;
  /** Adds a scalar read-out on the last hidden state (reward or value). The language head stays. */
  readonly scalarHead?: boolean | undefined;
  /**
   * How the model differs from the plain one, which is Llama-shaped (RMS norm, rotary positions, SwiGLU, no biases) with tied
   * embeddings; real models say so here.
   */
  readonly architecture?: ModelArchitecture | undefined;
  /** Trains low-rank adapters on frozen weights. */
  readonly lora?: LoraSpec | undefined;
}

/** What differs from the plain model; everything left out is as there. */
export interface ModelArchitecture {
  /** Heads of keys and values (grouped-query attention, Ainslie et al. 2023); `heads` by default. */
  readonly keyValueHeads?: number | undefined;
  /** Units of one head; width / heads by default. */
  readonly headWidth?: number | undefined;
  /** RMS norm (Zhang and Sennrich 2019), or layer norm with bias (Ba et al. 2016). */
  readonly norm?: 'rms' | 'layer' | undefined;
  /** Added to the variance before the root; 1e-5 by default. */
  readonly normEpsilon?: number | undefined;
  /** Rotary (Su et al. 2021), or a learned vector for each position (GPT-2). */
  readonly positions?: 'rotary' | 'learned' | undefined;
  /** Base of the rotary wavelengths; 10,000 by default. */
  readonly rotaryBase?: number | undefined;
  readonly rotaryScaling?: RotaryScaling | undefined;
  /** down(silu(gate) · up) (Shazeer 2020), or down(gelu(up)) with the tanh form of GELU. */
  readonly activation?: 'swiglu' | 'gelu' | undefined;
  /** Which linear layers have one. */
  readonly biases?: 'none' | 'qkv' | 'all' | undefined;
  /** RMS norm of each query and key head before rotation (Qwen3). */
  readonly queryKeyNorm?: boolean | undefined;
  /** Whether the output projection is the embedding; true by default. */
  readonly tied?: boolean | undefined;
}

/** Longer contexts than a model was trained on: all frequencies divided, or Llama 3.1's blend by wavelength. */
export type RotaryScaling =
  | { readonly kind: 'linear'; readonly factor: number }
  | {
      readonly kind: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalContext: number;
    };

/**
 * Low-rank adapters (Hu et al. 2021): W + alpha/rank · A B on the linear layers named in `targets`. Only the adapters (and a
 * scalar head) are trained.
 */
export interface LoraSpec {
  readonly rank: number;
  readonly alpha: number;
  /** Names as `loraTargets` lists them, for example `attention.q`; all of them when left out. */
  readonly targets?: readonly string[] | undefined;
}

/** One sequence for a token loss, pre-shifted: position i of `tokens` predicts `targets[i]`. All arrays have length N. */
export interface Datum {
  readonly tokens: Int32Array;
  readonly targets: Int32Array;
  /** Per-position weight; 0 masks a position (prompt tokens). Signed weights are allowed. Default 1. */
  readonly weights?: Float32Array;
  /** Log-probabilities at sampling time; needed by the ratio losses. */
  readonly logprobs?: Float32Array;
  /** Advantage per position; needed by the ratio losses. Zero masks a position. */
  readonly advantages?: Float32Array;
}

/**
 * Token losses, each summed over positions (p = current, q = sampling probability of the target):
 * `cross_entropy` −w·log p; `importance_sampling` −(p/q)·A; `ppo` −min(ρA, clip(ρ)·A); `cispo` −sg(clip(ρ))·A·log p.
 */
export const LOSS_NAMES = ['cross_entropy', 'importance_sampling', 'ppo', 'cispo'] as const;
export type LossName = (typeof LOSS_NAMES)[number];
/** Ratio clip thresholds, as ratios (0.8 and 1.2 by default, as Tinker has them). */
export interface LossConfig {
  readonly clipLow?: number;
  readonly clipHigh?: number;
}

export interface ForwardOutput {
  /** Summed loss. */
  readonly loss: number;
  /** Log-probability of each target, one array per datum, length N. */
  readonly logprobs: Float32Array[];
}

/** What a custom loss returns: its value, and its gradient with respect to each number it was given. */
export interface CustomLoss {
  readonly loss: number;
  readonly gradients: readonly Float32Array[];
}

/** AdamW. `gradClipNorm` 0 means no clipping. Decay is decoupled and touches matrices only. */
export interface AdamParams {
  readonly learningRate: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly eps?: number;
  readonly weightDecay?: number;
  readonly gradClipNorm?: number;
}

export interface OptimResult {
  /** Global L2 norm of the accumulated gradient before clipping. */
  readonly gradNorm: number;
  /** Optimiser steps taken by this model so far. */
  readonly step: number;
}

export interface SampleParams {
  readonly maxTokens: number;
  /** 1 samples the model itself; 0 is greedy. Returned log-probabilities are always those of temperature 1. */
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  /** Ids that end a completion. The stop token is part of the completion. */
  readonly stop: readonly number[];
  /** Completions per prompt. */
  readonly n: number;
  /** Same snapshot, prompts, params and seed: same tokens. With one for each prompt, each is sampled as it would be alone. */
  readonly seed: number | readonly number[];
}

export interface Sample {
  readonly tokens: Int32Array;
  /** Log-probability of each token under the snapshot at temperature 1. */
  readonly logprobs: Float32Array;
  readonly stopReason: 'stop' | 'length';
}

/** An immutable snapshot of a model's weights. Superseded by the next `sampler()` of its model unless retained: then use throws. */
export interface Sampler {
  /** Identity of the snapshot: model id and optimiser step. */
  readonly snapshot: string;
  /** One array of `n` samples per prompt. */
  sample(prompts: readonly Int32Array[], params: SampleParams): Promise<Sample[][]>;
  /** Per sequence of N tokens, N − 1 log-probabilities: of token i + 1 given tokens 0..i. */
  logprobs(sequences: readonly Int32Array[]): Promise<Float32Array[]>;
  /** Scalar-head output at every position, length N per sequence. Throws `no-scalar-head` where there is none. */
  scalars(sequences: readonly Int32Array[]): Promise<Float32Array[]>;
  /**
   * What heads read: the hidden state behind the final norm at every position, N × width per sequence, row by row. Engines that
   * show no hidden states lack it.
   */
  hidden?(sequences: readonly Int32Array[]): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}

export interface TrainableModel {
  readonly id: string;
  readonly spec: ModelSpec;
  forward(data: readonly Datum[], loss: LossName, config?: LossConfig): Promise<ForwardOutput>;
  /** Adds the gradient of the summed loss to what has accumulated since the last `optimStep`. */
  forwardBackward(data: readonly Datum[], loss: LossName, config?: LossConfig): Promise<ForwardOutput>;
  /** Two passes: log-probabilities to the caller, whose gradient comes back as weights. Exact, whatever C is. */
  forwardBackwardCustom(
    data: readonly Datum[],
    custom: (logprobs: readonly Float32Array[]) => CustomLoss,
  ): Promise<ForwardOutput>;
  /** The same for the scalar head: `custom` receives the scalar at the last position of every sequence, as one array. */
  forwardBackwardScalar(
    sequences: readonly Int32Array[],
    custom: (scalars: Float32Array) => { loss: number; gradient: Float32Array },
  ): Promise<{ loss: number; scalars: Float32Array }>;
  /** The same at every position, for a critic: `custom` receives one row per sequence and answers one gradient row each. */
  forwardBackwardValues(
    sequences: readonly Int32Array[],
    custom: (values: readonly Float32Array[]) => CustomLoss,
  ): Promise<{ loss: number; values: Float32Array[] }>;
  /** Applies the accumulated gradient and zeroes it. */
  optimStep(adam: AdamParams): Promise<OptimResult>;
  /** Writes weights and optimiser state as a folder, atomically. */
  saveState(folder: string): Promise<void>;
  /** Reads what `saveState` wrote; the spec must agree. */
  loadState(folder: string): Promise<void>;
  /**
   * Puts the weights on the line from those that `saveState` wrote (`share` 0) to what they are now (1); the optimiser's state stays.
   * Only where `Capabilities.interpolates`.
   */
  interpolate(folder: string, share: number): Promise<void>;
  /** A snapshot of the weights as they are now. `retain` keeps it usable after later snapshots (a reference policy). */
  sampler(options?: { retain?: boolean }): Promise<Sampler>;
  dispose(): Promise<void>;
}

export interface Capabilities {
  readonly name: string;
  readonly losses: readonly LossName[];
  readonly customLoss: boolean;
  readonly scalarHead: boolean;
  /** Weights can be mixed with saved ones. */
  readonly interpolates: boolean;
  /** Same seed and calls give the same bits on one machine. */
  readonly deterministic: boolean;
  /** Most nats a token, as a mean of (lp − lp')²/2, by which sampling and training differ on the same weights. */
  readonly samplerKl: number;
  readonly maxContext: number;
}

export interface StartOptions {
  /**
   * Copies the weights (not the optimiser) of a saved state or of a published model's folder. A head or adapters that the spec
   * adds are fresh; adapters of the saved state that the spec lacks are merged.
   */
  readonly from?: string;
  /** Adapter weights from a folder in the layout of PEFT; the spec's `lora` must agree. */
  readonly adapter?: string;
}

export interface Engine {
  capabilities(): Capabilities;
  /** A model with fresh weights, or with those of a saved one. */
  createModel(spec: ModelSpec, options?: StartOptions): Promise<TrainableModel>;
  dispose(): Promise<void>;
}
