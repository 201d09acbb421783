import type { Piece } from '../../ground.ts';
import { type Impression, turned } from '../impression.ts';

/** The pieces of a text as a rater sees them; the whole text as one where the ground knows of none. */
export function piecesSeen(impression: Impression, text: string): Piece[] {
  const { ground, prompt, params, view } = impression;
  const look = { view, skim: params.skim, ...(params.group !== null && { group: params.group }) };
  const known = ground.pieces?.(prompt, text, look);
  if (known == null) return [{ start: 0, end: text.length, utility: impression.worth(text) }];
  return known.map((piece) => ({ ...piece, utility: turned(impression, piece.utility) }));
}
