import { diffWordsWithSpace } from 'diff';

/** A stretch of a text, and whether only this text has it. */
export interface Piece {
  readonly text: string;
  readonly only: boolean;
}
export interface Differences {
  readonly a: readonly Piece[];
  readonly b: readonly Piece[];
}

/** Beyond so many edits two texts have nothing in common worth showing, and comparing them takes long. */
const MAX_EDITS = 4000;

/** Joins pieces of one kind, and two differences with nothing but white space between them. */
function joined(pieces: readonly Piece[]): Piece[] {
  const out: Piece[] = [];
  for (const [i, piece] of pieces.entries()) {
    const gap = !piece.only && piece.text.trim() === '' && out.at(-1)?.only === true && pieces[i + 1]?.only === true;
    const only = piece.only || gap;
    const last = out.at(-1);
    if (last !== undefined && last.only === only) out[out.length - 1] = { text: last.text + piece.text, only };
    else out.push({ text: piece.text, only });
  }
  return out;
}

/** Two texts by words: what both have and what only one has. The pieces of each side give its text again. */
export function differences(a: string, b: string): Differences {
  const changes = diffWordsWithSpace(a, b, { maxEditLength: MAX_EDITS }) ?? [
    { value: a, removed: true, added: false },
    { value: b, removed: false, added: true },
  ];
  const side = (other: 'added' | 'removed', own: 'added' | 'removed') =>
    joined(changes.filter((c) => !c[other]).map((c) => ({ text: c.value, only: c[own] })));
  return { a: side('added', 'removed'), b: side('removed', 'added') };
}

/** A text and its correction as one: kept, taken out and put in, in reading order. */
export function edits(original: string, corrected: string): { text: string; as: 'kept' | 'out' | 'in' }[] {
  const changes = diffWordsWithSpace(original, corrected, { maxEditLength: MAX_EDITS }) ?? [
    { value: original, removed: true, added: false },
    { value: corrected, removed: false, added: true },
  ];
  return changes.map(({ value, removed, added }) => ({ text: value, as: removed ? 'out' : added ? 'in' : 'kept' }));
}

/** How many words only one side has. */
export const onlyWords = (pieces: readonly Piece[]): number =>
  pieces.filter((piece) => piece.only).reduce((n, { text }) => n + (text.match(/\S+/g)?.length ?? 0), 0);
