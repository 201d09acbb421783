/** Text to token ids and back. Text never yields a special id, whatever it spells. */
export interface Tokenizer {
  encode(text: string): Int32Array;
  /** Special ids are left out. */
  decode(ids: ArrayLike<number>): string;
  /** A prompt with its marks, up to where the reply begins, in at most `most` ids: of a longer one the end is kept. */
  encodePrompt(prompt: string, most: number): Int32Array;
  /** A reply as it goes on from an encoded prompt: without a mark of a beginning in the middle of a text. */
  encodeReply(reply: string): Int32Array;
  /** The inverse of `encodeReply`; special ids are left out. */
  decodeReply(ids: ArrayLike<number>): string;
  readonly vocabularySize: number;
  /** Ends a reply. */
  readonly eos: number;
  /** Ids at which a reply ends, `eos` among them. */
  readonly stop: readonly number[];
  /** What `createTokenizer` takes. */
  toJSON(): Record<string, unknown>;
}
