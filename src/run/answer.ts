import { DataError } from './errors.ts';

/** The bytes of an answer, read no further than an answer may be long: whoever answers may be a stranger, and may never end. */
export async function answerBytes({ body }: Response, most: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop early cancels the rest.
  for await (const piece of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > most) throw new DataError('answer', `expected an answer of at most ${most} bytes, got more`);
    pieces.push(piece);
  }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** An answer as text. */
export const answerText = async (response: Response, most: number): Promise<string> =>
  new TextDecoder().decode(await answerBytes(response, most));
