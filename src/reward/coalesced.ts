/** Values of sequences, in their order. */
export type SequenceCall<T> = (sequences: readonly Int32Array[]) => Promise<readonly T[]>;

interface Waiting<T> {
  readonly sequences: readonly Int32Array[];
  resolve(values: readonly T[]): void;
  reject(error: unknown): void;
}

/**
 * Joins the calls that are made at once into one: a network takes the replies to many prompts in one pass, while those who ask
 * for scores ask prompt by prompt. Calls wait until whoever is making them has made them all, and keep their order.
 */
export function coalesced<T>(call: SequenceCall<T>): SequenceCall<T> {
  let waiting: Waiting<T>[] = [];
  async function answer(): Promise<void> {
    const asked = waiting;
    waiting = [];
    try {
      const values = await call(asked.flatMap(({ sequences }) => sequences));
      let from = 0;
      for (const { sequences, resolve } of asked) {
        resolve(values.slice(from, from + sequences.length));
        from += sequences.length;
      }
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
  return (sequences) =>
    new Promise((resolve, reject) => {
      waiting.push({ sequences, resolve, reject });
      if (waiting.length === 1) void Promise.resolve().then(answer);
    });
}

const sameSequences = (a: readonly Int32Array[], b: readonly Int32Array[]): boolean =>
  a.length === b.length &&
  a.every((own, i) => own.length === b[i]!.length && own.every((token, t) => token === b[i]![t]));

/**
 * Answers the call before without work where it is made again. It is remembered whole or not at all: which sequences stand in one
 * pass moves last bits, and an answer that hung on what was asked long before would not come again after a resume.
 */
export function answeredOnce<T>(call: SequenceCall<T>): SequenceCall<T> {
  let last: { readonly sequences: readonly Int32Array[]; readonly values: Promise<readonly T[]> } | undefined;
  return (sequences) => {
    if (last !== undefined && sameSequences(last.sequences, sequences)) return last.values;
    const asked = { sequences, values: call(sequences) };
    last = asked;
    asked.values.catch(() => {
      if (last === asked) last = undefined;
    });
    return asked.values;
  };
}
