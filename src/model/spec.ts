import type { ModelArchitecture, ModelSpec, RotaryScaling } from '../engine/index.ts';
import { own } from '../run/index.ts';

/** A model as the engine takes it, but for its seed. Names, shapes and graphs of all families follow from this description alone. */
export type TransformerSpec = Omit<ModelSpec, 'seed'>;

type Choices = Omit<ModelArchitecture, 'rotaryScaling'>;
/** The architecture with every choice made. */
export type ResolvedArchitecture = { readonly [K in keyof Choices]-?: NonNullable<Choices[K]> } & {
  readonly rotaryScaling: RotaryScaling | undefined;
};

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
  return Object.entries(a)
    .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(own(b, key)))
    .map(([key, value]) => `${key} ${text(value)} instead of ${text(own(b, key))}`);
}
