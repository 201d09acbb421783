import { z } from 'zod';
import { WORTH_FORMS } from '../fit/distribution.ts';

const NAMES = ['noise', 'per-rater', 'distributional'] as const;

/** What is made of raters who differ; `disagreementSchema` has what each rule does. */
export const disagreementSchema = z.union(
  [
    z.enum(NAMES),
    z.strictObject({
      rule: z.literal('distributional'),
      /** Mean and deviation of each reply, or shares of given worths. */
      form: z.enum(WORTH_FORMS).default('normal'),
    }),
    z.strictObject({
      rule: z.literal('groups'),
      /** What raters said of themselves by which they are grouped. */
      by: z.string().min(1),
    }),
    z.strictObject({
      rule: z.literal('groups'),
      /** How many groups are looked for in the answers. */
      found: z.int().min(2).max(5),
    }),
  ],
  {
    error:
      'expected noise, per-rater, distributional, { rule: distributional, form: normal | categorical }, { rule: groups, by: <attribute of raters> } or { rule: groups, found: 2 }',
  },
);
export type Disagreement = z.infer<typeof disagreementSchema>;

/** A disagreement as a rule with its settings. */
export type DisagreementRule =
  | { readonly rule: 'noise' | 'per-rater' }
  | { readonly rule: 'distributional'; readonly form: (typeof WORTH_FORMS)[number] }
  | { readonly rule: 'groups'; readonly by: string }
  | { readonly rule: 'groups'; readonly found: number };

export const ruleOf = (own: Disagreement): DisagreementRule =>
  own === 'distributional' ? { rule: own, form: 'normal' } : typeof own === 'string' ? { rule: own } : own;

/** Whether one member shows how far people differ. */
export const showsPeople = (own: Disagreement): boolean => ['distributional', 'groups'].includes(ruleOf(own).rule);
