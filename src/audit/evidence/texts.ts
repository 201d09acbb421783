import { createRng } from '../../stats/index.ts';
import { endsOf, type RunView } from './run-view.ts';

interface PromptTexts {
  readonly promptId: string;
  readonly prompt: string;
  readonly replies: readonly string[];
}

const REPLIES_A_PROMPT = 4;
const MOST_ITEMS = 400;

/** Replies to score and to edit: those of the base policy, or without a policy those that raters were shown. */
export function textsOf(run: RunView): PromptTexts[] {
  const ends = endsOf(run);
  if (ends !== undefined) {
    return ends.base.prompts.map(({ promptId, prompt, replies }) => ({
      promptId,
      prompt,
      replies: replies.slice(0, REPLIES_A_PROMPT).map(({ text }) => text),
    }));
  }
  return createRng(run.seed)
    .fork('evidence/texts')
    .shuffle(run.feedback.items)
    .slice(0, MOST_ITEMS)
    .map(({ id, prompt, replies }) => ({ promptId: id, prompt, replies: replies.map(({ text }) => text) }));
}
