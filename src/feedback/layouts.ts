import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import type { Item } from './item.ts';
import type { Judgment } from './judgment.ts';

/**
 * Layouts of published data sets as schemas and mappings to items and judgments. Pure: reading files, and naming the
 * line of a bad record, is the caller's.
 */

/** A stable pseudonym for a rater id of a platform. */
export const pseudonym = (id: string): string => `rater-${bytesToHex(sha256(utf8ToBytes(id))).slice(0, 12)}`;

/** One row of UKPConvArg1 pairs (Habernal and Gurevych 2016): two argument ids, votes, gold where it exists. */
export const argumentPairSchema = z.object({
  topic: z.string(),
  id: z.string(),
  a1: z.string(),
  a2: z.string(),
  gold: z.enum(['a1', 'a2', 'equal']).nullable(),
  assignments: z.array(
    z.object({
      worker: z.string(),
      value: z.enum(['a1', 'a2', 'equal']),
      accept: z.string(),
      submit: z.string(),
      reason: z.string().nullable(),
    }),
  ),
});
export type ArgumentPair = z.infer<typeof argumentPairSchema>;
export const argumentSchema = z.object({ topic: z.string(), id: z.string(), text: z.string().min(1) });

const OUTCOME = { a1: 0, a2: 1, equal: 'tie' } as const;

/**
 * Items and judgments of argument pairs. Workers saw A1 and A2 under these names in listed order, so that is the order
 * recorded; each assignment spans several pairs, so no active time is derived from its accept and submit times.
 */
export function fromArgumentPair(row: ArgumentPair, texts: ReadonlyMap<string, string>, projectId: string) {
  const id = `${row.topic}/${row.id}`;
  const reply = (argument: string) => ({ id: `${row.topic}/${argument}`, text: texts.get(argument)! });
  const item: Item = {
    id,
    projectId,
    prompt: row.topic,
    replies: [reply(row.a1), reply(row.a2)],
    source: { origin: 'UKPConvArg1', selection: 'all pairs of a topic' },
    strata: { topic: row.topic },
    ...(row.gold !== null && { gold: OUTCOME[row.gold] }),
  };
  const judgments = row.assignments.map((assignment, i): Judgment => {
    const raterId = pseudonym(assignment.worker);
    return {
      id: `${id}/${raterId}/${i}`,
      projectId,
      itemId: id,
      raterId,
      presentation: { order: [0, 1], view: 'full', instructionsVersion: 'original', shownAt: assignment.accept },
      answer: { kind: 'comparison', outcome: OUTCOME[assignment.value] },
      activeMs: null,
      submittedAt: assignment.submit,
      source: 'import:convincing-arguments',
      ...(assignment.reason !== null && { reason: assignment.reason }),
    };
  });
  return { item, judgments };
}

/** One row of HH-RLHF (Bai et al. 2022): two dialogues that differ in their last assistant turn. */
export const dialoguePairSchema = z.object({ chosen: z.string().min(1), rejected: z.string().min(1) });
const ASSISTANT = '\n\nAssistant:';

/** Common start up to the last assistant mark, and the two endings; null when the dialogues share no such start. */
export function splitDialogues(chosen: string, rejected: string) {
  let shared = 0;
  while (shared < chosen.length && shared < rejected.length && chosen[shared] === rejected[shared]) shared++;
  const mark = chosen.lastIndexOf(ASSISTANT, shared);
  if (mark < 0 || rejected.slice(0, mark) !== chosen.slice(0, mark) || !rejected.startsWith(ASSISTANT, mark))
    return null;
  const ending = (text: string) => text.slice(mark + ASSISTANT.length).trim();
  return { prompt: chosen.slice(0, mark), chosen: ending(chosen), rejected: ending(rejected) };
}

/**
 * Item and judgment of a dialogue pair, or null when the two cannot be split. The released data do not say who judged or
 * in which order the endings stood; the chosen one is put in a place that a hash of the text decides, so that a reward
 * model cannot learn the place.
 */
export function fromDialoguePair(row: z.infer<typeof dialoguePairSchema>, line: number, projectId: string) {
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
    source: { origin: 'HH-RLHF harmless-base', selection: 'crowd red-teaming dialogues' },
  };
  const judgment: Judgment = {
    id: `${id}/judgment`,
    projectId,
    itemId: id,
    raterId: 'not-released',
    presentation: { order: [], view: 'full', instructionsVersion: 'original', shownAt: 'not-released' },
    answer: { kind: 'comparison', outcome: chosenAt },
    activeMs: null,
    submittedAt: 'not-released',
    source: 'import:dialogue-pairs',
  };
  return { item, judgment };
}
