import { z } from 'zod';
import { mean, standardDeviation } from '../stats/index.ts';

/** Puts raw scores on the scale of reference replies: mean 0 and deviation 1 within prompts. Part of the artefact. */
export const normaliserSchema = z.strictObject({ mean: z.number(), scale: z.number().positive() });
export type Normaliser = Readonly<z.infer<typeof normaliserSchema>>;
export const IDENTITY: Normaliser = { mean: 0, scale: 1 };

/** Fits on raw scores grouped by prompt; the scale is the pooled deviation around each prompt's own mean. */
export function fitNormaliser(groups: readonly (readonly number[])[]): Normaliser {
  const centred = groups.flatMap((scores) => scores.map((s) => s - mean(scores)));
  const scale = standardDeviation(centred);
  const all = groups.flat();
  return { mean: all.length === 0 ? 0 : mean(all), scale: Number.isFinite(scale) && scale > 1e-9 ? scale : 1 };
}

export const normalise = ({ mean: m, scale }: Normaliser, raw: number): number => (raw - m) / scale;
