/** Text to token ids and back. Text never yields a special id, whatever it spells. */
export interface Tokenizer {
  encode(text: string): Int32Array;
  /** Special ids are left out. */
  decode(ids: ArrayLike<number>): string;
  /** A prompt with its marks, up to where the reply begins, in at most `most` ids: of a longer one the end is kept. */
  encodePrompt(prompt: string, most: number): Int32Array;
  readonly vocabularySize: number;
  /** Ends a reply. */
  readonly eos: number;
  /** Ids at which a reply ends, `eos` among them. */
  readonly stop: readonly number[];
  /** What `createTokenizer` takes. */
  toJSON(): Record<string, unknown>;
}
