import { mean, standardDeviation } from '../stats/index.ts';

/** Puts raw scores on the scale of reference replies: mean 0 and deviation 1 within prompts. Part of the artefact. */
export interface Normaliser {
  readonly mean: number;
  readonly scale: number;
}
export const IDENTITY: Normaliser = { mean: 0, scale: 1 };

/** Fits on raw scores grouped by prompt; the scale is the pooled deviation around each prompt's own mean. */
export function fitNormaliser(groups: readonly (readonly number[])[]): Normaliser {
  const centred = groups.flatMap((scores) => scores.map((s) => s - mean(scores)));
  const scale = standardDeviation(centred);
  return { mean: mean(groups.flat()), scale: Number.isFinite(scale) && scale > 1e-9 ? scale : 1 };
}

export const normalise = ({ mean: m, scale }: Normaliser, raw: number): number => (raw - m) / scale;
