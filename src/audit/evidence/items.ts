import { type Item, itemSchema } from '../../feedback/index.ts';
import { defineEvidence } from './kind.ts';

/** What was shown to raters: prompts with their replies. */
export const items = defineEvidence<Item>({
  what: 'An item that raters were asked about: a prompt, its replies, where they came from, and the known answer where there is one.',
  file: 'feedback/items.jsonl',
  row: itemSchema,
  example: {
    id: 'item-1',
    projectId: 'harbour',
    prompt: 'When does the bakery open?',
    replies: [
      { id: 'item-1/0', text: 'The bakery opens at six.' },
      { id: 'item-1/1', text: 'Great question! The bakery opens at noon.' },
    ],
    source: { origin: 'base model, step 0', selection: 'random prompts, two distinct replies' },
  },
  offline: true,
  kept: true,
  gather: async ({ feedback }) => (feedback.items.length === 0 ? undefined : feedback.items),
});
