import { createRng } from '../stats/index.ts';

/**
 * Batches by step, counted from 0: every epoch goes through all in an order of its own, which follows from the seed and the epoch
 * alone, so that a resumed run sees the same ones. What an epoch has beyond whole batches is passed over in it.
 */
export function batchesOf<T>(
  all: readonly T[],
  { seed, batch }: { readonly seed: number; readonly batch: number },
): (step: number) => readonly T[] {
  const perEpoch = Math.max(1, Math.floor(all.length / batch));
  let epoch = -1;
  let order: readonly T[] = [];
  return (step) => {
    if (Math.floor(step / perEpoch) !== epoch) {
      epoch = Math.floor(step / perEpoch);
      order = createRng(seed).fork(`epoch/${epoch}`).shuffle(all);
    }
    const first = (step % perEpoch) * batch;
    return order.slice(first, first + batch);
  };
}
