/** What became of one operation of a batch. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/**
 * Runs operations in order, those that wait together as one batch: under load one commit then serves many. Every
 * operation is answered after its batch, and only by its own outcome.
 */
export function createBatches<Op, T>(
  run: (batch: readonly Op[]) => Promise<readonly Outcome<T>[]>,
  { most }: { readonly most: number },
): (operation: Op) => Promise<T> {
  interface Waiting {
    readonly operation: Op;
    readonly resolve: (value: T) => void;
    readonly reject: (error: unknown) => void;
  }
  let waiting: Waiting[] = [];
  let running = false;
  const drain = async (): Promise<void> => {
    running = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, most);
      waiting = waiting.slice(most);
      try {
        const outcomes = await run(batch.map(({ operation }) => operation));
        for (const [i, { resolve, reject }] of batch.entries()) {
          const outcome = outcomes[i]!;
          if ('value' in outcome) resolve(outcome.value);
          else reject(outcome.error);
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    running = false;
  };
  return (operation) =>
    new Promise<T>((resolve, reject) => {
      waiting.push({ operation, resolve, reject });
      // Whoever calls in the same turn of the event loop shares the first batch: all requests that had come in by then.
      if (!running) {
        running = true;
        setImmediate(() => void drain());
      }
    });
}
