import type { Look, Piece } from '../ground.ts';
import type { HarbourPrompt } from './facts.ts';
import { lookAt } from './gold.ts';
import { type ReplyFeatures, type Sentence, saidSoFar, sentencesOf } from './replies.ts';

/**
 * The sentences of a reply with what each adds to how it looks: the difference that it makes, the claim first, since everything
 * else is about it.
 */
export function piecesOf(prompt: HarbourPrompt, reply: ReplyFeatures, look: Look): Piece[] {
  const sentences = sentencesOf(prompt, reply);
  const worth = (said: readonly Sentence[]) =>
    Object.values(lookAt(prompt, saidSoFar(reply, said), look).parts).reduce((sum, part) => sum + part, 0);
  const claims: Sentence[] = ['claim', 'refusal'];
  const added = sentences.map(({ says }, k) => {
    const before = sentences.slice(0, k).map((own) => own.says);
    if (claims.includes(says)) return worth([says]);
    const known: Sentence[] = ['claim', ...before.filter((own) => own !== 'claim')];
    return worth([...known, says]) - worth(known);
  });
  let at = 0;
  return sentences.map(({ text }, k) => {
    const piece = { start: at, end: at + text.length, utility: added[k]! };
    at = piece.end + 1;
    return piece;
  });
}
