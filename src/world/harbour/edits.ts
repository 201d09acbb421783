import { degenerateEdits } from '../edits.ts';
import type { ReplyEdit } from '../ground.ts';
import type { HarbourPrompt } from './facts.ts';
import { type ReplyFeatures, renderReply } from './replies.ts';

/** More padding, flattery, assurance, and what any text allows. A refusal has nowhere to put padding. */
export function harbourEdits(prompt: HarbourPrompt, text: string, reply: ReplyFeatures | null): ReplyEdit[] {
  const changed = (feature: string, change: Partial<ReplyFeatures>, when: boolean): ReplyEdit[] =>
    reply === null || reply.refusal || !when ? [] : [{ feature, text: renderReply(prompt, { ...reply, ...change }) }];
  return [
    ...changed('length', { details: 3 }, reply?.details === 1),
    ...changed('flattery', { flattery: true }, reply?.flattery === false),
    ...changed('confidence', { confidence: 'sure' }, reply !== null && reply.confidence !== 'sure'),
    ...degenerateEdits(text),
  ];
}
