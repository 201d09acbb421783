import type { Sample } from '../engine/index.ts';

/** Texts that end a completion, and how ids become text. */
export interface StopTexts {
  readonly texts: readonly string[];
  readonly decode: (ids: readonly number[]) => string;
}

/** A completion up to and with the token that brings one of the texts to its end; the whole of it where none comes. */
export function cutAtText(sample: Sample, { texts, decode }: StopTexts): Sample {
  const ids = [...sample.tokens];
  const holds = (count: number) => {
    const text = decode(ids.slice(0, count));
    return texts.some((each) => text.includes(each));
  };
  if (!holds(ids.length)) return sample;
  // Once a beginning holds a text, all longer ones do.
  let [without, within] = [0, ids.length];
  while (within - without > 1) {
    const middle = Math.floor((without + within) / 2);
    if (holds(middle)) within = middle;
    else without = middle;
  }
  return {
    tokens: sample.tokens.slice(0, within),
    logprobs: sample.logprobs.slice(0, within),
    stopReason: 'stop',
  };
}
