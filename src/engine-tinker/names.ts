import type { ModelSpec } from '../engine/index.ts';

/** Begins the name of a model with fresh weights, which the rest of the name describes; servers of this house make it. */
export const FRESH = 'fresh:';

/** The name of a model with fresh weights. */
export const freshName = (spec: ModelSpec): string => `${FRESH}${JSON.stringify(spec)}`;
