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
