import { z } from 'zod';
import { DISCLOSURE_IDS } from './items.ts';

/** How much of something an auditor got to see (arXiv 2601.11916). */
export const ACCESS_LEVELS = {
  AL1: 'black box: what any user has',
  AL2: 'grey box: more than a user has, and not all',
  AL3: 'white box: all that the developer has',
} as const;
export type AccessLevel = keyof typeof ACCESS_LEVELS;

/** What access is declared over. */
export const ACCESS_OVER = {
  model: 'the model',
  information: 'information about it',
  time: 'time for the audit',
} as const;

/** How much an audit assures, from the least to the most (arXiv 2601.11699). */
export const ASSURANCE_LEVELS = ['AAL-1', 'AAL-2', 'AAL-3', 'AAL-4'] as const;

const levelSchema = z.enum(Object.keys(ACCESS_LEVELS) as [AccessLevel, ...AccessLevel[]]);
export const accessSchema = z.strictObject({ model: levelSchema, information: levelSchema, time: levelSchema });
export type Access = Readonly<z.infer<typeof accessSchema>>;
export const assuranceSchema = z.enum(ASSURANCE_LEVELS);

/** What an auditor says of an item, or of the run as a whole. */
export const CONCLUSIONS = ['confirmed', 'qualified', 'contradicted', 'not-examined'] as const;

const words = z.string().min(1).max(20_000);

/** What somebody else found: the access they had, what it assures, who they depend on, and finding by finding. */
export const reviewSchema = z.strictObject({
  access: accessSchema,
  assurance: assuranceSchema,
  independence: z.strictObject({
    /** Who pays for the audit. */
    funding: words,
    /** What they may not tell. */
    confidentiality: words,
    /** Who may change or hold back their text. */
    veto: words,
  }),
  findings: z
    .array(z.strictObject({ about: z.enum([...DISCLOSURE_IDS, 'run']), conclusion: z.enum(CONCLUSIONS), text: words }))
    .min(1)
    .max(1000),
});
export type Review = Readonly<z.infer<typeof reviewSchema>>;
