import { z } from 'zod';
import { consentedDemographics, type RaterProfile } from '../../feedback/index.ts';
import { defineEvidence } from './kind.ts';

const row = z.strictObject({
  raterId: z.string(),
  /** What the rater said of: `group`, `age`, `region`. */
  attribute: z.string().min(1),
  value: z.string().min(1),
});
export type RaterGroup = z.infer<typeof row>;

/** Of people only what they consented to; who is simulated or a model has nothing to consent to. */
const saidOf = (profile: RaterProfile): Readonly<Record<string, string>> =>
  (profile.kind === 'human' ? consentedDemographics(profile) : profile.demographics) ?? {};

/** Which groups raters belong to (R2). */
export const raterGroups = defineEvidence<RaterGroup>({
  what: 'A group that a rater belongs to, as the rater said it: one row for each attribute.',
  file: 'evidence/rater-groups.jsonl',
  row,
  example: { raterId: 'anna', attribute: 'region', value: 'north' },
  offline: true,
  async gather({ feedback }) {
    const rows = feedback.raters.flatMap((profile) =>
      Object.entries(saidOf(profile)).flatMap(([attribute, value]) =>
        attribute === '' || value === '' ? [] : [{ raterId: profile.id, attribute, value }],
      ),
    );
    return rows.length === 0 ? undefined : rows;
  },
});
