import { type RaterProfile, raterProfileSchema } from '../../feedback/index.ts';
import { defineEvidence } from './kind.ts';

/** Who judged, as far as they said. */
export const raters = defineEvidence<RaterProfile>({
  what: 'A rater: what he said of himself, and under which consent. What a person said without a consent is not read.',
  file: 'feedback/raters.jsonl',
  row: raterProfileSchema,
  example: {
    id: 'anna',
    kind: 'human',
    demographics: { region: 'north' },
    consent: { version: '1', at: '2026-01-01T00:00:00Z' },
  },
  offline: true,
  kept: true,
  gather: async ({ feedback }) => (feedback.raters.length === 0 ? undefined : feedback.raters),
});
