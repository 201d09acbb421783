/**
 * A decoder-only transformer. Sizes in numbers of units. Without `architecture` it is the plain model of the house:
 * Llama-shaped (RMS norm, rotary positions, SwiGLU, no biases) with tied embeddings. Names, shapes and graphs of all
 * families follow from this description alone.
 */
export interface TransformerSpec {
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly feedForward: number;
  readonly maxContext: number;
  readonly scalarHead?: boolean | undefined;
  readonly architecture?: Architecture | undefined;
  readonly lora?: Lora | undefined;
}

/** What differs from the plain model; everything left out is as there. */
export interface Architecture {
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
export interface Lora {
  readonly rank: number;
  readonly alpha: number;
  /** Names as `loraTargets` lists them, for example `attention.q`; all of them when left out. */
  readonly targets?: readonly string[] | undefined;
}

/** The architecture with every choice made. */
export interface ResolvedArchitecture {
  readonly keyValueHeads: number;
  readonly headWidth: number;
  readonly norm: 'rms' | 'layer';
  readonly normEpsilon: number;
  readonly positions: 'rotary' | 'learned';
  readonly rotaryBase: number;
  readonly rotaryScaling: RotaryScaling | undefined;
  readonly activation: 'swiglu' | 'gelu';
  readonly biases: 'none' | 'qkv' | 'all';
  readonly queryKeyNorm: boolean;
  readonly tied: boolean;
}

/** Fills in what a spec leaves to the plain model. */
export function architectureOf(spec: TransformerSpec): ResolvedArchitecture {
  const given = spec.architecture ?? {};
  return {
    keyValueHeads: given.keyValueHeads ?? spec.heads,
    headWidth: given.headWidth ?? spec.width / spec.heads,
    norm: given.norm ?? 'rms',
    normEpsilon: given.normEpsilon ?? 1e-5,
    positions: given.positions ?? 'rotary',
    rotaryBase: given.rotaryBase ?? 10_000,
    rotaryScaling: given.rotaryScaling,
    activation: given.activation ?? 'swiglu',
    biases: given.biases ?? 'none',
    queryKeyNorm: given.queryKeyNorm ?? false,
    tied: given.tied ?? true,
  };
}

/** What is wrong with a spec, in one line that says what to change; `undefined` when nothing is. */
export function specFault(spec: TransformerSpec): string | undefined {
  const { keyValueHeads, headWidth, positions } = architectureOf(spec);
  for (const key of ['vocabulary', 'width', 'layers', 'heads', 'feedForward', 'maxContext'] as const) {
    if (!Number.isSafeInteger(spec[key]) || spec[key] < 1)
      return `${key} ${spec[key]}: expected a positive whole number`;
  }
  if (!Number.isInteger(headWidth) || (positions === 'rotary' && headWidth % 2 !== 0)) {
    return spec.architecture?.headWidth === undefined
      ? `width ${spec.width} must be a multiple of twice the heads (${2 * spec.heads})`
      : `headWidth ${headWidth}: expected a positive even number`;
  }
  if (spec.heads % keyValueHeads !== 0) {
    return `heads ${spec.heads} must be a multiple of keyValueHeads (${keyValueHeads})`;
  }
  return undefined;
}

/** How two specs differ as models (not in seed), each as `width 4 instead of 8`; heads and adapters only where asked. */
export function specDifferences(
  got: TransformerSpec,
  wanted: TransformerSpec,
  options: { readonly additions: boolean },
): string[] {
  const flat = (spec: TransformerSpec): Record<string, unknown> => {
    const { vocabulary, width, layers, heads, feedForward, maxContext } = spec;
    const additions = { scalarHead: spec.scalarHead === true, lora: spec.lora };
    const sizes = { vocabulary, width, layers, heads, feedForward, maxContext, ...architectureOf(spec) };
    return options.additions ? { ...sizes, ...additions } : sizes;
  };
  const [a, b] = [flat(got), flat(wanted)];
  const text = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
  return Object.keys(a)
    .filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]))
    .map((key) => `${key} ${text(a[key])} instead of ${text(b[key])}`);
}
