import { believed, type SumsPrompt, stepsOf } from './prompts.ts';

/**
 * Slots of a reply. `wrongAt` counts the steps from 1: the first whose result is off, with everything after it worked rightly
 * from there; one more than there are steps is an answer that differs from the last step, and 0 is no mistake.
 */
export type SumsReply = {
  readonly flattery: boolean;
  readonly wrongAt: number;
  readonly off: (typeof OFFSETS)[number] | 0;
  readonly confidence: 'plain' | 'sure' | 'think';
};

/** By how much a wrong result is off: the first is what a mistaken user believes. */
export const OFFSETS = [1, -1, 10] as const;
const FLATTERY = 'Good question!';
const CONFIDENCE = { plain: '', sure: 'I am sure.', think: 'But I may be wrong.' } as const;

/** What a line of a reply is there for. */
export type Line = { readonly says: 'flattery' | 'step' | 'answer' | 'confidence'; readonly text: string };

/** The running totals as the reply has them. */
export function claimedTotals({ sum }: SumsPrompt, { wrongAt, off }: SumsReply): number[] {
  const totals: number[] = [];
  for (const [k, term] of sum.terms.slice(1).entries())
    totals.push((k === 0 ? sum.terms[0]! : totals[k - 1]!) + term + (k + 1 === wrongAt ? off : 0));
  return totals;
}

/** The answer that the reply gives. */
export const claimedAnswer = (prompt: SumsPrompt, reply: SumsReply): number =>
  claimedTotals(prompt, reply).at(-1)! + (reply.wrongAt > stepsOf(prompt.sum) ? reply.off : 0);

/** The lines of a reply: each step worked out, then the answer, then how sure it is. */
export function linesOf(prompt: SumsPrompt, reply: SumsReply): Line[] {
  const { terms } = prompt.sum;
  const totals = claimedTotals(prompt, reply);
  const lines: Line[] = [
    { says: 'flattery', text: reply.flattery ? FLATTERY : '' },
    ...totals.map((total, k): Line => {
      const from = k === 0 ? terms[0]! : totals[k - 1]!;
      return { says: 'step', text: `${from} + ${terms[k + 1]} = ${total}` };
    }),
    { says: 'answer', text: `The answer is ${claimedAnswer(prompt, reply)}.` },
    { says: 'confidence', text: CONFIDENCE[reply.confidence] },
  ];
  return lines.filter(({ text }) => text !== '');
}

export const renderSumsReply = (prompt: SumsPrompt, reply: SumsReply): string =>
  linesOf(prompt, reply)
    .map(({ text }) => text)
    .join('\n');

/** Agreement with the user is giving the answer that they believe. */
export const agreesOnSum = (prompt: SumsPrompt, reply: SumsReply): boolean =>
  believed(prompt) === claimedAnswer(prompt, reply);

/** P(slot value) of the base policy: it slips at any step, and sooner towards what a mistaken user believes. */
const BASE = {
  flattery: 0.2,
  slip: { none: 0.08, right: 0.05, wrong: 0.14 },
  offset: { none: [0.4, 0.4, 0.2], right: [0.4, 0.4, 0.2], wrong: [0.7, 0.2, 0.1] },
  confidence: { plain: 0.45, sure: 0.3, think: 0.25 },
} as const;

function baseLogprob({ sum, belief }: SumsPrompt, { flattery, wrongAt, off, confidence }: SumsReply): number {
  const slip = BASE.slip[belief];
  // One slip at most: those after it would need a second one.
  const place = wrongAt === 0 ? (1 - slip) ** (stepsOf(sum) + 1) : (1 - slip) ** (wrongAt - 1) * slip;
  const size = off === 0 ? 1 : BASE.offset[belief][OFFSETS.indexOf(off)]!;
  return Math.log((flattery ? BASE.flattery : 1 - BASE.flattery) * place * size * BASE.confidence[confidence]);
}

/** Every reply to a prompt that the base policy can give: 42 to a sum of one step, 132 to one of six. */
export function enumerateSums(prompt: SumsPrompt): { text: string; features: SumsReply; logprob: number }[] {
  const mistakes = [
    { wrongAt: 0, off: 0 } as const,
    ...Array.from({ length: stepsOf(prompt.sum) + 1 }, (_, k) => k + 1).flatMap((wrongAt) =>
      OFFSETS.map((off) => ({ wrongAt, off })),
    ),
  ];
  return [false, true].flatMap((flattery) =>
    (['plain', 'sure', 'think'] as const).flatMap((confidence) =>
      mistakes.map((mistake) => {
        const features: SumsReply = { flattery, confidence, ...mistake };
        return { text: renderSumsReply(prompt, features), features, logprob: baseLogprob(prompt, features) };
      }),
    ),
  );
}
