import { z } from 'zod';
import { defineEvidence } from './kind.ts';
import { endsOf, type PromptView } from './run-view.ts';

const reply = z.strictObject({ text: z.string(), logprob: z.number() });
const row = z.strictObject({
  promptId: z.string(),
  /** Split of the prompt, where the run has several. */
  split: z.string().exactOptional(),
  base: z.array(reply),
  policy: z.array(reply),
});
export type ReplySamples = z.infer<typeof row>;

const repliesOf = ({ replies }: PromptView) => replies.map(({ text, logprob }) => ({ text, logprob }));

/** Replies of two snapshots to one prompt, at one temperature (P6). */
export const replySamples = defineEvidence<ReplySamples>({
  what: 'Replies of the base and of the tuned policy to one prompt, as many of each, at the same temperature, with the log-probability of each under its own policy in nats.',
  file: 'evidence/reply-samples.jsonl',
  row,
  example: {
    promptId: 'bakery-open/none',
    split: 'evaluation',
    base: [{ text: 'The bakery opens at six.', logprob: -3.1 }],
    policy: [{ text: 'Great question! The bakery opens at six.', logprob: -0.7 }],
  },
  offline: true,
  async gather(run) {
    const ends = endsOf(run);
    if (ends === undefined) return undefined;
    const tuned = new Map(ends.policy.prompts.map((prompt) => [prompt.promptId, prompt]));
    return ends.base.prompts.flatMap((base): ReplySamples[] => {
      const policy = tuned.get(base.promptId);
      return policy === undefined
        ? []
        : [{ promptId: base.promptId, split: base.split, base: repliesOf(base), policy: repliesOf(policy) }];
    });
  },
});
