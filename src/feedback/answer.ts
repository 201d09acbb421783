import { z } from 'zod';

/**
 * What a person can say about an item: nine kinds (design §3). Indices refer to the item's own reply order, never to the
 * display position. Character offsets count UTF-16 code units, end exclusive.
 */
const index = z.int().nonnegative();

export const answerSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('comparison'),
    /** The best of k ≥ 2 replies, or why there is none. */
    outcome: z.union([index, z.literal('tie'), z.literal('both-bad'), z.literal('cant-judge')]),
    /** 1 slightly, 2 clearly, 3 much better. */
    strength: z.int().min(1).max(3).optional(),
    /**
     * Share of the preference by reply, adding up to 1: probabilities of a judge, votes counted, or a number between the
     * outcomes. `outcome` is the reply of the largest share, or `tie` where several have it.
     */
    shares: z.array(z.number().min(0).max(1)).min(2).optional(),
    /** How many votes the shares count; one judgment when absent. */
    votes: z.int().positive().optional(),
  }),
  /** Groups from best to worst; members of a group tie; replies left out are unranked. */
  z.strictObject({ kind: z.literal('ranking'), groups: z.array(z.array(index).min(1)).min(1) }),
  z.strictObject({
    kind: z.literal('rating'),
    scale: z.strictObject({ min: z.number(), max: z.number(), step: z.number().positive() }),
    values: z.array(z.strictObject({ reply: index, criterion: z.string().min(1), value: z.number() })).min(1),
  }),
  /** Labels that apply to a reply; none is an answer too. */
  z.strictObject({ kind: z.literal('label'), reply: index, labels: z.array(z.string().min(1)) }),
  /** The whole text of the reply as it should have been. */
  z.strictObject({ kind: z.literal('correction'), reply: index, text: z.string() }),
  z.strictObject({
    kind: z.literal('spans'),
    reply: index,
    spans: z.array(z.strictObject({ start: index, end: index, label: z.string().min(1), note: z.string().optional() })),
  }),
  z.strictObject({
    kind: z.literal('steps'),
    reply: index,
    /** Every step judged, or judging stops at the first wrong one. */
    mode: z.enum(['per-step', 'first-error']),
    /** One per step: wrong, neutral, right; null where nothing was said. */
    labels: z.array(z.union([z.literal(-1), z.literal(0), z.literal(1), z.null()])).min(1),
  }),
  z.strictObject({ kind: z.literal('critique'), reply: index, text: z.string().min(1) }),
  z.strictObject({ kind: z.literal('demonstration'), text: z.string().min(1) }),
]);
export type Answer = z.infer<typeof answerSchema>;
export type AnswerKind = Answer['kind'];

/** The one reply that an answer is about; null where it is about all of them, or none. */
export const replyOf = (answer: Answer): number | null => ('reply' in answer ? answer.reply : null);
export type AnswerOf<K extends AnswerKind> = Extract<Answer, { kind: K }>;
export type ComparisonAnswer = AnswerOf<'comparison'>;

/** The outcome that shares of a preference amount to: the reply of the largest, or a tie where several have it. */
export function outcomeOfShares(shares: readonly number[]): number | 'tie' {
  const most = Math.max(...shares);
  const first = shares.indexOf(most);
  return shares.lastIndexOf(most) === first ? first : 'tie';
}

/** A soft comparison: its shares, and the outcome that they amount to. */
export const softComparison = (shares: readonly number[], votes?: number): ComparisonAnswer => ({
  kind: 'comparison',
  outcome: outcomeOfShares(shares),
  shares: [...shares],
  ...(votes !== undefined && { votes }),
});

/**
 * Shares of the preference by reply that a comparison states, hard ones too: 1 for the best, equal ones for a tie. Null
 * where it prefers nothing. This is the target of fits and the number that win rates add up.
 */
export function preferenceShares({ outcome, shares }: ComparisonAnswer, replies: number): number[] | null {
  if (shares !== undefined) return shares;
  if (outcome === 'both-bad' || outcome === 'cant-judge') return null;
  return Array.from({ length: replies }, (_, i) => (outcome === 'tie' ? 1 / replies : Number(i === outcome)));
}
