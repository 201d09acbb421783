import { z } from 'zod';

/** Who judged, as far as they said: pseudonymous, everything but id and kind optional (disclosure D2). */
export const raterProfileSchema = z.strictObject({
  /** A pseudonym; never a platform's worker id, a name or an address. */
  id: z.string().min(1),
  kind: z.enum(['human', 'simulated', 'model']),
  /** Self-described, attribute → value; kept only under a consent. */
  demographics: z.record(z.string(), z.string()).optional(),
  consent: z.strictObject({ version: z.string(), at: z.string() }).optional(),
  /** Trainings and qualifications passed or failed. */
  training: z
    .array(z.strictObject({ name: z.string(), at: z.string(), score: z.number().min(0).max(1).optional() }))
    .optional(),
  pay: z
    .strictObject({ amount: z.number().nonnegative(), currency: z.string(), per: z.enum(['hour', 'item']) })
    .optional(),
  /** Where the rater was recruited. */
  pool: z.string().optional(),
  /** Model name and version, for a model that judges. */
  model: z.string().optional(),
});
export type RaterProfile = z.infer<typeof raterProfileSchema>;

/** What a rater said of themselves, if they consented that it is kept; nothing may group or weigh people by more. */
export const consentedDemographics = ({ demographics, consent }: RaterProfile): RaterProfile['demographics'] =>
  consent === undefined ? undefined : demographics;

/** What raters said of themselves by which people may be told apart, by rater and attribute; simulated ones need no consent. */
export function attributesOf(
  raters: readonly RaterProfile[],
): (raterId: string, attribute: string) => string | undefined {
  const said = new Map(
    raters.map((rater) => [
      rater.id,
      new Map(Object.entries((rater.kind === 'human' ? consentedDemographics(rater) : rater.demographics) ?? {})),
    ]),
  );
  return (raterId, attribute) => said.get(raterId)?.get(attribute);
}
