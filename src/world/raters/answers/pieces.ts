import type { Piece } from '../../ground.ts';
import { type Impression, lookOf, turned } from '../impression.ts';

/** The pieces of a text as a rater sees them; the whole text as one where the ground knows of none. */
export function piecesSeen(impression: Impression, text: string): Piece[] {
  const { ground, prompt, params, view } = impression;
  const known = ground.pieces?.(prompt, text, lookOf(params, view));
  if (known == null) return [{ start: 0, end: text.length, utility: impression.worth(text) }];
  return known.map((piece) => ({ ...piece, utility: turned(impression, piece.utility) }));
}
