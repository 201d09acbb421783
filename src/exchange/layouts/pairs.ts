import { z } from 'zod';
import { type Item, type Judgment, softComparison, toPairs } from '../../feedback/index.ts';
import { own } from '../../run/index.ts';
import { GOES_ON, goesOn } from './conversation.ts';
import {
  type Entry,
  type ItemGroup,
  lostOfComparison,
  NOT_RELEASED,
  type ReadContext,
  unreleased,
  type WriteOptions,
} from './layout.ts';
import { textHash } from './values.ts';

/** Columns of a row that say where it comes from; this project writes them, and reads them back. */
export const provenanceSchema = z.object({
  item_id: z.string().min(1).nullish(),
  judgment_id: z.string().min(1).nullish(),
  rater_id: z.string().min(1).nullish(),
  weight: z.number().nullish(),
});
export type Provenance = z.infer<typeof provenanceSchema>;

/** Who, where, which: of a row with provenance columns or without. */
export function identity(
  row: Provenance,
  {
    n,
    context,
    votesKept = false,
  }: { readonly n: number; readonly context: ReadContext; readonly votesKept?: boolean },
): { itemId: string; judgmentId: string; raterId: string } {
  const itemId = row.item_id ?? `row-${n}`;
  if (typeof row.weight === 'number' && row.weight !== 1 && !votesKept)
    context.note('a row weight other than 1 is not kept');
  const raterId = row.rater_id ? context.rater(row.rater_id) : NOT_RELEASED;
  return { itemId, judgmentId: row.judgment_id ?? `${itemId}/${n}`, raterId };
}

/** A judgment of which only the answer is known. */
export const bareJudgment = (
  judgment: Pick<Judgment, 'id' | 'projectId' | 'itemId' | 'raterId' | 'answer'>,
  layout: string,
): Judgment => ({
  ...judgment,
  presentation: { order: [], ...unreleased },
  activeMs: null,
  submittedAt: NOT_RELEASED,
  source: `import:${layout}`,
});

/**
 * Item and judgment of a row that says only which of two replies was chosen. The replies stand in the order of their
 * hashes: the place says nothing of the preference, and rows of the same pair agree on it.
 */
export function pairEntry(
  pair: { readonly prompt: string; readonly chosen: string; readonly rejected: string; readonly row: Provenance },
  place: { readonly layout: string; readonly origin: string; readonly n: number; readonly context: ReadContext },
): Entry {
  const { context, layout } = place;
  const { projectId } = context;
  // A whole number of judgments that say the same is as many votes.
  const { weight } = pair.row;
  const votes = typeof weight === 'number' && Number.isInteger(weight) && weight > 1 ? weight : undefined;
  const { itemId, judgmentId, raterId } = identity(pair.row, { ...place, votesKept: votes !== undefined });
  if (goesOn(pair.chosen) || goesOn(pair.rejected)) context.note(GOES_ON);
  const chosenFirst = textHash(pair.chosen) <= textHash(pair.rejected);
  const texts = chosenFirst ? [pair.chosen, pair.rejected] : [pair.rejected, pair.chosen];
  const item: Item = {
    id: itemId,
    projectId,
    prompt: pair.prompt,
    replies: texts.map((text, i) => ({ id: `${itemId}/${i}`, text })),
    source: { origin: place.origin, selection: 'not released' },
  };
  const outcome = chosenFirst ? 0 : 1;
  const answer =
    votes === undefined ? ({ kind: 'comparison', outcome } as const) : softComparison([1 - outcome, outcome], votes);
  const judgment = bareJudgment({ id: judgmentId, projectId, itemId, raterId, answer }, layout);
  return { items: [item], judgments: [judgment], shared: pair.row.item_id !== undefined };
}

/** A pair that prefers one reply, ready for a row. */
export interface ChosenPair {
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
  /** Indices of the two replies in the item. */
  readonly replies: readonly [chosen: number, rejected: number];
  readonly provenance: { item_id: string; judgment_id: string; rater_id: string; weight: number };
}

/** What a group says as chosen and rejected replies, and what it cannot say so: ties, both bad, other kinds. */
export function chosenPairs({ item, judgments }: ItemGroup, { expansion }: WriteOptions) {
  // Replies by index, since two of them may have the same text.
  const indexed = { ...item, replies: item.replies.map(({ id }, i) => ({ id, text: String(i) })) };
  const { pairs, unscored } = toPairs([indexed], judgments, { expansion });
  const omitted = Object.entries(unscored).flatMap(([reason, n]) =>
    new Array<string>(n).fill(own(REASONS, reason) ?? reason),
  );
  const altered: string[] = [];
  const chosen: ChosenPair[] = [];
  const answers = new Map(judgments.map((judgment) => [judgment.id, judgment.answer]));
  for (const pair of pairs) {
    if (pair.target === 0.5) {
      omitted.push('tie: neither reply is chosen');
      continue;
    }
    // Pairs of one item of many replies are items of their own to a layout of pairs.
    const end = item.replies.length > 2 ? `/${pair.first}-${pair.second}` : '';
    const [better, worse] = pair.target > 0.5 ? [pair.first, pair.second] : [pair.second, pair.first];
    chosen.push({
      prompt: item.prompt,
      chosen: item.replies[Number(better)]!.text,
      rejected: item.replies[Number(worse)]!.text,
      replies: [Number(better), Number(worse)],
      provenance: {
        item_id: item.id + end,
        judgment_id: pair.judgmentId + end,
        rater_id: pair.raterId,
        weight: pair.weight,
      },
    });
    const answer = answers.get(pair.judgmentId);
    if (answer?.kind === 'comparison') altered.push(...lostOfComparison(answer));
  }
  return { chosen, omitted, altered };
}

const REASONS: Readonly<Record<string, string>> = {
  'both-bad': 'both bad: neither reply is chosen',
  'cant-judge': 'cannot judge: neither reply is chosen',
};

/** Layouts of pairs drop these for one reason each. */
export const PAIRS_ONLY = 'a row says which of two replies was chosen, nothing else';
