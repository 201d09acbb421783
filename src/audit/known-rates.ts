import { z } from 'zod';

const knownRateSchema = z.object({
  hits: z.number(),
  n: z.number(),
  interval: z.object({ low: z.number(), high: z.number(), level: z.number() }),
});

/**
 * How often a probe raised a concern or a failure in runs of which it is known what they hold: with the failure planted, clean
 * ones, and ones with what a careless probe mistakes for it.
 */
export const knownRatesSchema = z.object({
  planted: knownRateSchema,
  clean: knownRateSchema,
  lookAlike: knownRateSchema,
});
/** Rates as a run folder holds them, by probe. */
export const ratesSchema = z.record(z.string(), knownRatesSchema);

export type KnownRate = Readonly<z.infer<typeof knownRateSchema>>;
export type KnownRates = Readonly<z.infer<typeof knownRatesSchema>>;
export type RatesByProbe = Readonly<Record<string, KnownRates>>;
