import { z } from 'zod';
import { loraSchema } from '../engine/index.ts';
import { algorithmSchema, MONITORS, monitorSchema, samplingKeys } from '../policy/index.ts';
import { riskSchema } from '../reward/index.ts';
import { own, parseConfig, UsageError } from '../run/index.ts';

const positive = z.int().positive();

/** Keys of an optimisation beside those of its algorithm. */
const common = {
  /** Tokens that a reply may have: where the policy is sampled to learn, and where it is evaluated. */
  maxTokens: samplingKeys.maxTokens,
  /** Trains adapters instead of all weights. */
  lora: loraSchema.optional(),
  /** Steps between evaluations on the path and between checkpoints. */
  evaluateEvery: positive.default(20),
  /** How the ensemble's members become the score that is optimised; the reward's own rule when left out. */
  risk: riskSchema.optional(),
  /** A rule that ends the optimisation early, and may go back; it never sees the true utility. */
  monitor: monitorSchema
    .refine(({ rule }) => !(MONITORS[rule].needs as readonly string[]).includes('independent'), {
      message: 'needs a second reward, which runs do not fit; choose another rule',
    })
    .optional(),
};
const optimisationSchema = algorithmSchema(common);
/** One optimisation of the policy, with every key. */
export type PolicySettings = z.infer<typeof optimisationSchema>;

/** Keys that belong to the run, and are the same for every optimisation in it. */
const SHARED = ['lora', 'maxTokens', 'algorithm'] as const;
const RESERVED = ['policy', 'best-of-n', 'exact', 'base', 'round', 'rounds'];

const variantName = z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected a name of small letters, digits and dashes');

/** The keys of the chosen algorithm, what every optimisation has, and what stands beside it. */
export const policySchema = algorithmSchema({
  ...common,
  /** Best-of-n of the base policy beside the optimised one, for these n; empty for none. */
  bestOf: z.array(positive).default([2, 4, 8, 16]),
  /** Further optimisations against the same reward, by name: what each changes of the keys above. */
  variants: z.record(variantName, z.record(z.string(), z.json())).default({}),
}).superRefine((policy, context) => {
  const { variants, bestOf: _, ...main } = policy;
  for (const [name, changes] of Object.entries(variants)) {
    const fail = (message: string, key?: string) =>
      context.addIssue({ code: 'custom', path: ['variants', name, ...(key === undefined ? [] : [key])], message });
    if (RESERVED.includes(name) || name === main.algorithm) fail('the name is taken; choose another');
    const shared = SHARED.find((key) => Object.hasOwn(changes, key));
    if (shared !== undefined) fail('is the same for every optimisation of a run; set it at policy', shared);
    const issue = optimisationSchema.safeParse({ ...main, ...changes }).error?.issues[0];
    if (issue === undefined) continue;
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    if (unknown === undefined) fail(issue.message, issue.path.map(String).join('.'));
    else fail('is no key of policy', unknown);
  }
});
export type PolicyConfig = z.infer<typeof policySchema>;

/** The settings of an optimisation of the run: the main one's, or a variant's with what it changes. */
export function policySettings(policy: PolicyConfig, variant: string | null): PolicySettings {
  const { variants, bestOf: _, ...main } = policy;
  return optimisationSchema.parse(variant === null ? main : { ...main, ...own(variants, variant) });
}

/**
 * The settings of a run's main optimisation with changes to them (`policy.steps=40`). Another algorithm begins from its own defaults,
 * with what every optimisation of the run shares; so does a run without a policy.
 * @throws UsageError where a change is not one of `policy`.
 */
export function changedSettings(policy: PolicyConfig | undefined, set: readonly string[]): PolicySettings {
  const other = set.findLast((change) => change.startsWith('policy.algorithm='))?.slice('policy.algorithm='.length);
  const before = policy === undefined ? undefined : policySettings(policy, null);
  const shared = before && { maxTokens: before.maxTokens, ...(before.lora !== undefined && { lora: before.lora }) };
  const start = other === undefined || other === before?.algorithm ? before : shared;
  const elsewhere = set.find((change) => !change.startsWith('policy.'));
  if (elsewhere !== undefined)
    throw new UsageError(
      'set',
      `--set ${elsewhere}: expected a key of policy, such as policy.steps=40; base model and reward are the run’s`,
    );
  const schema = z.strictObject({ policy: optimisationSchema });
  return parseConfig(schema, JSON.stringify({ policy: start ?? {} }), { source: '--set', set }).policy;
}
