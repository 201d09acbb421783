import { z } from 'zod';
import { defineEvidence } from './kind.ts';

const row = z.strictObject({
  /** What raters say of themselves: `age`, `region`, `group`. */
  attribute: z.string().min(1),
  value: z.string(),
  /** Share of the population who are that; the shares of an attribute sum to 1. */
  share: z.number().min(0).max(1),
});
export type PopulationShare = z.infer<typeof row>;

/** Whom a reward is to speak for (H1). */
export const population = defineEvidence<PopulationShare>({
  what: 'A share of the people whom the reward is to speak for, by something that raters say of themselves. A run takes it from `audit.population`.',
  file: 'evidence/population.jsonl',
  row,
  example: { attribute: 'region', value: 'north', share: 0.4 },
  offline: true,
  async gather({ population: targets }) {
    if (targets === undefined) return undefined;
    const rows = Object.entries(targets).flatMap(([attribute, shares]) =>
      Object.entries(shares).map(([value, share]): PopulationShare => ({ attribute, value, share })),
    );
    return rows.length === 0 ? undefined : rows;
  },
});
