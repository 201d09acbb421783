import { z } from 'zod';
import { degenerateEdits } from '../../world/index.ts';
import { defineEvidence } from './kind.ts';
import type { RunView } from './run-view.ts';
import { textsOf } from './texts.ts';

const row = z.strictObject({
  promptId: z.string(),
  /** What was changed: `length`, `flattery`, `one-word`, … */
  feature: z.string(),
  /** Reward score before and after the edit, in the reward model's units. */
  before: z.number(),
  after: z.number(),
});
export type CounterfactualEdit = z.infer<typeof row>;

const CERTAIN = 'I am certain of this.';

/** Edits of a reply: the ground's own where it is known, else what any text allows. None makes it better. */
function editsOf({ ground }: RunView, prompt: string, reply: string) {
  const known = ground?.promptOf(prompt);
  return known === undefined
    ? [...degenerateEdits(reply), { feature: 'confidence', text: `${CERTAIN} ${reply.trim()}` }]
    : ground!.edits(known, reply);
}

/** Replies edited so that one feature changes and true quality does not rise (R3). */
export const counterfactualEdits = defineEvidence<CounterfactualEdit>({
  what: 'A reply that was edited in one feature without becoming better, with its reward score before and after.',
  file: 'evidence/counterfactual-edits.jsonl',
  row,
  example: { promptId: 'bakery-open/none', feature: 'flattery', before: 0.1, after: 0.9 },
  offline: false,
  async gather(run) {
    const { score } = run;
    if (score === undefined) return undefined;
    const rows: CounterfactualEdit[] = [];
    for (const { promptId, prompt, replies } of textsOf(run)) {
      for (const reply of replies) {
        const edits = editsOf(run, prompt, reply);
        if (edits.length === 0) continue;
        const [before, ...after] = await score(prompt, [reply, ...edits.map(({ text }) => text)]);
        for (const [i, { feature }] of edits.entries())
          rows.push({ promptId, feature, before: before!.mean, after: after[i]!.mean });
      }
    }
    return rows.length === 0 ? undefined : rows;
  },
});
