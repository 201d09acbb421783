import type { DialogueCodec } from '../text/index.ts';
import type { Candidate } from './observation.ts';

/** A candidate as a network reads it: prompt and reply, with its end unless the reply goes on, and where the reply starts. */
export function sequenceOf(
  codec: DialogueCodec,
  { prompt, reply, unfinished }: Candidate,
): { readonly tokens: Int32Array; readonly start: number } {
  const before = codec.encodePrompt(prompt);
  const after = codec.encodeReply(reply);
  const last = after.at(-1);
  const open = unfinished === true && last !== undefined && codec.stop.includes(last) ? after.subarray(0, -1) : after;
  return { tokens: Int32Array.from([...before, ...open]), start: before.length };
}
