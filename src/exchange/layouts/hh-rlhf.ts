import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import type { Item, Judgment } from '../../feedback/index.ts';
import { ASSISTANT_MARK, GOES_ON, goesOn, startsDialogue } from './conversation.ts';
import { hasKeys, holding, kindsOf, type Layout, parseRow, RowError } from './layout.ts';
import { bareJudgment, chosenPairs, PAIRS_ONLY } from './pairs.ts';

/** One row of HH-RLHF (Bai et al. 2022): two dialogues that differ in their last assistant turn. */
export const dialoguePairSchema = z.object({ chosen: z.string().min(1), rejected: z.string().min(1) });

const BLOCK = 64;

/** Length of the common start of two texts; whole blocks are compared at once. */
export function sharedLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let shared = 0;
  while (shared + BLOCK <= most && a.slice(shared, shared + BLOCK) === b.slice(shared, shared + BLOCK)) shared += BLOCK;
  while (shared < most && a[shared] === b[shared]) shared++;
  return shared;
}

/** Common start up to the last assistant mark, and the two endings; null when the dialogues share no such start. */
export function splitDialogues(chosen: string, rejected: string) {
  const shared = sharedLength(chosen, rejected);
  const mark = chosen.lastIndexOf(ASSISTANT_MARK, shared);
  if (mark < 0 || rejected.slice(0, mark) !== chosen.slice(0, mark) || !rejected.startsWith(ASSISTANT_MARK, mark))
    return null;
  // The space after the mark belongs to the mark; every other character is the reply's.
  const ending = (text: string) => text.slice(mark + ASSISTANT_MARK.length).replace(/^ /, '');
  return { prompt: chosen.slice(0, mark), chosen: ending(chosen), rejected: ending(rejected) };
}

/**
 * Item and judgment of a dialogue pair, or null when the two cannot be split. The released data do not say who judged or
 * in which order the endings stood; the chosen one is put in a place that a hash of the text decides, so that a reward
 * model cannot learn the place.
 */
export function fromDialoguePair(
  row: z.infer<typeof dialoguePairSchema>,
  line: number,
  projectId: string,
): { item: Item; judgment: Judgment } | null {
  const split = splitDialogues(row.chosen, row.rejected);
  if (split === null) return null;
  const chosenAt = Number(sha256(utf8ToBytes(split.prompt + split.chosen + split.rejected))[0]! % 2);
  const id = `pair-${line}`;
  const texts = chosenAt === 0 ? [split.chosen, split.rejected] : [split.rejected, split.chosen];
  const item: Item = {
    id,
    projectId,
    prompt: split.prompt,
    replies: texts.map((text, i) => ({ id: `${id}/${i}`, text })),
    source: { origin: 'HH-RLHF', selection: 'not released' },
  };
  const answer = { kind: 'comparison', outcome: chosenAt } as const;
  const known = { id: `${id}/judgment`, projectId, itemId: id, raterId: 'not-released', answer };
  return { item, judgment: bareJudgment(known, 'hh-rlhf') };
}

/** Why a pair of dialogues cannot be read, where the two are sound by themselves. */
export const NO_SHARED_START = 'shares no start up to an Assistant: mark with chosen';

export const hhRlhf: Layout = {
  id: 'hh-rlhf',
  aliases: ['dialogue-pairs'],
  title: 'HH-RLHF dialogues',
  description:
    'JSON Lines of chosen and rejected: two dialogues with turns marked Human: and Assistant: that differ in the last reply (Bai et al. 2022). The released rows name no rater and no order.',
  source: 'file',
  kinds: kindsOf({ comparison: 'held', ranking: { as: 'pairs' } }, PAIRS_ONLY),
  aspects: holding([], PAIRS_ONLY),
  detect: (row) =>
    hasKeys(row, 'chosen', 'rejected') &&
    !Object.hasOwn(row, 'prompt') &&
    [row.chosen, row.rejected].every((text) => typeof text === 'string' && text.includes(ASSISTANT_MARK)),
  reads: { schema: dialoguePairSchema },
  read({ value, n }, { projectId, note }) {
    const made = fromDialoguePair(parseRow(dialoguePairSchema, value), n, projectId);
    if (made === null) throw new RowError('rejected', NO_SHARED_START);
    if (made.item.replies.some((reply) => goesOn(reply.text))) note(GOES_ON);
    return { items: [made.item], judgments: [made.judgment] };
  },
  write: {
    container: 'jsonl',
    columns: () => [
      { name: 'chosen', type: 'text' },
      { name: 'rejected', type: 'text' },
    ],
    weights: { not: PAIRS_ONLY },
    rows(group, options) {
      const { chosen, omitted, altered } = chosenPairs(group, options);
      const plain = !startsDialogue(group.item.prompt);
      const start = (prompt: string) => `${plain ? `\n\nHuman: ${prompt}` : prompt}${ASSISTANT_MARK} `;
      const rows = chosen.map((pair) => ({
        chosen: start(pair.prompt) + pair.chosen,
        rejected: start(pair.prompt) + pair.rejected,
      }));
      return {
        rows,
        omitted,
        altered: plain && rows.length > 0 ? [...altered, 'a plain prompt is written as one turn Human:'] : altered,
      };
    },
  },
};
