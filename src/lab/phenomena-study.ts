import { ignoreProgress, own, type Progress } from '../run/index.ts';
import { createRng, type Interval, meanInterval } from '../stats/index.ts';
import { PHENOMENON_IDS, type PhenomenonId, phenomenonOf } from './phenomena/index.ts';
import type { Expectation } from './phenomena/phenomenon.ts';

/** What became of what was expected: the whole interval on that side, on the other, or neither. */
export type Found = 'as expected' | 'otherwise' | 'not shown';

/** What each run gave, by measure; null where a run has no value. */
export interface PhenomenonRuns {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly values: Readonly<Record<string, readonly (number | null)[]>>;
}

/** A measure over runs. */
export interface PhenomenonRow {
  readonly measure: string;
  /** Mean over the runs that have a value, with its interval. */
  readonly mean: number;
  readonly interval: Interval;
  readonly n: number;
  readonly found: Found;
}

export type PhenomenaRuns = Readonly<Partial<Record<PhenomenonId, PhenomenonRuns>>>;

/** Whether an interval shows what was expected, or that it is not so. */
export function foundIn(expected: Expectation, { low, high }: Pick<Interval, 'low' | 'high'>): Found {
  const [from, to] =
    'within' in expected
      ? expected.within
      : 'above' in expected
        ? [expected.above, Number.POSITIVE_INFINITY]
        : [Number.NEGATIVE_INFINITY, expected.below];
  // Bounds that are not numbers, of one run alone, lie nowhere.
  if (low >= from && high <= to) return 'as expected';
  return high < from || low > to ? 'otherwise' : 'not shown';
}

/** What was found of a phenomenon, measure by measure. */
export const phenomenonRows = (id: PhenomenonId, { values }: Pick<PhenomenonRuns, 'values'>): PhenomenonRow[] =>
  Object.entries(phenomenonOf(id).measures).map(([measure, { expected }]) => {
    const known = (own(values, measure) ?? []).filter((value) => value !== null);
    const estimate = meanInterval(known);
    return { measure, ...estimate, n: known.length, found: foundIn(expected, estimate.interval) };
  });

/** What is expected, in words. */
export const expectedText = (expected: Expectation): string =>
  'within' in expected
    ? `${bound(expected.within[0])} to ${bound(expected.within[1])}`
    : 'above' in expected
      ? `above ${bound(expected.above)}`
      : `below ${bound(expected.below)}`;
const bound = (value: number): string => String(Number(value.toFixed(3))).replace('-', '−');

/** Runs phenomena, each once a seed. */
export async function phenomenaStudy(
  {
    names = PHENOMENON_IDS,
    seeds,
    firstSeed,
  }: { readonly names?: readonly PhenomenonId[]; readonly seeds: number; readonly firstSeed: number },
  progress: Progress = ignoreProgress,
): Promise<PhenomenaRuns> {
  const phenomena: Partial<Record<PhenomenonId, PhenomenonRuns>> = {};
  for (const id of names) {
    const { measures, run } = phenomenonOf(id);
    const values: Record<string, (number | null)[]> = Object.fromEntries(
      Object.keys(measures).map((measure) => [measure, []]),
    );
    for (let done = 0; done < seeds; done++) {
      const found = await run(createRng(firstSeed + done).fork(`phenomenon/${id}`));
      for (const [measure, given] of Object.entries(values)) given.push(own(found, measure) ?? null);
      progress({ stage: id, done: done + 1, total: seeds, unit: 'runs' });
    }
    phenomena[id] = { seeds, firstSeed, values };
  }
  return phenomena;
}
