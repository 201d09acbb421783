/** A request that waits for its answer. */
interface Waiting<Q, A> {
  readonly key: string;
  readonly request: Q;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Joins requests that wait at once and are of one kind (`key`) into one call: while a call is worked on, those that come in gather
 * for the next. A request that fails a call fails alone.
 */
export function batched<Q, A>(
  work: (requests: readonly Q[], key: string) => Promise<readonly A[]>,
): (key: string, request: Q) => Promise<A> {
  let waiting: Waiting<Q, A>[] = [];
  let working = false;
  async function answer(own: readonly Waiting<Q, A>[]): Promise<void> {
    try {
      const answers = await work(
        own.map(({ request }) => request),
        own[0]!.key,
      );
      for (const [i, { resolve }] of own.entries()) resolve(answers[i]!);
    } catch (error) {
      if (own.length === 1) own[0]!.reject(error);
      else for (const each of own) await answer([each]);
    }
  }
  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const { key } = waiting[0]!;
      const own = waiting.filter((each) => each.key === key);
      waiting = waiting.filter((each) => each.key !== key);
      await answer(own);
    }
    working = false;
  }
  return (key, request) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, request, resolve, reject });
      if (working) return;
      working = true;
      setImmediate(() => void drain());
    });
}
