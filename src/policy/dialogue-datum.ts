import type { Datum } from '../engine/index.ts';
import type { Codec, Demonstration } from './algorithm.ts';

/** A dialogue as a datum: shifted by one, weights 1 on the tokens that are learned. */
export function dialogueDatum(codec: Codec, { prompt, reply }: Demonstration, onPrompt: boolean): Datum {
  const promptIds = codec.encodePrompt(prompt);
  const ids = Int32Array.from([...promptIds, ...codec.encodeReply(reply)]);
  const weights = new Float32Array(ids.length - 1).fill(1);
  if (!onPrompt) weights.fill(0, 0, promptIds.length - 1);
  return { tokens: ids.slice(0, -1), targets: ids.slice(1), weights };
}
