import { z } from 'zod';
import { defineEvidence } from './kind.ts';
import { endsOf } from './run-view.ts';

const row = z.strictObject({
  promptId: z.string(),
  source: z.enum(['feedback', 'deployment']),
  text: z.string(),
  /** What kind of prompt it is, by name: topic, language, difficulty. */
  strata: z.record(z.string(), z.string()),
  /** How often it was asked; once when absent. */
  times: z.number().positive().exactOptional(),
});
export type CollectionPrompt = z.infer<typeof row>;

/** Marks that a run itself puts on prompts: not what they are about. */
const OWN_MARKS = new Set(['split']);

const withoutMarks = (strata: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(strata).filter(([name]) => !OWN_MARKS.has(name)));

/** The prompts that feedback was collected on, beside those of deployment (H8). */
export const collectionPrompts = defineEvidence<CollectionPrompt>({
  what: 'A prompt that feedback was collected on, or one of deployment, with its strata where they are known and how often it was asked. Strata that both sides name are compared; without any, the words are.',
  file: 'evidence/collection-prompts.jsonl',
  row,
  example: {
    promptId: 'When does the bakery open?',
    source: 'feedback',
    text: 'When does the bakery open?',
    strata: { topic: 'bakery' },
    times: 12,
  },
  offline: true,
  async gather(run) {
    const {
      feedback: { items, judgments },
      ground,
    } = run;
    const deployed: readonly { readonly text: string; readonly strata?: Readonly<Record<string, string>> }[] =
      ground?.prompts('deploy') ?? endsOf(run)?.base.deployment?.map(({ prompt }) => ({ text: prompt })) ?? [];
    const judged = new Set(judgments.map(({ itemId }) => itemId));
    const asked = new Map<string, { strata: Readonly<Record<string, string>>; times: number }>();
    for (const { id, prompt, strata = {}, role = 'work' } of items) {
      if (role !== 'work' || !judged.has(id)) continue;
      const times = (asked.get(prompt)?.times ?? 0) + 1;
      asked.set(prompt, { strata, times });
    }
    if (deployed.length === 0 || asked.size === 0) return undefined;
    return [
      ...[...asked].map(
        ([text, { strata, times }]): CollectionPrompt => ({
          promptId: text,
          source: 'feedback',
          text,
          strata: withoutMarks(strata),
          times,
        }),
      ),
      ...deployed.map(
        ({ text, strata = {} }): CollectionPrompt => ({
          promptId: text,
          source: 'deployment',
          text,
          strata: withoutMarks(strata),
        }),
      ),
    ];
  },
});
