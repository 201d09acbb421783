import { figure, type Series, type SeriesPoint } from '../../report/index.ts';
import { mean } from '../../stats/index.ts';
import type { Split } from '../../world/index.ts';

/** What prompts of a split are called: every figure of a policy says on which it is. */
export const SPLIT_NAMES: { readonly [S in Split]: string } = {
  train: 'training prompts',
  evaluation: 'held-out prompts',
  deploy: 'deployment prompts',
};

/** `3 simulated, 2 human`; none where nothing is counted. */
export const countsText = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, n]) => n > 0)
    .map(([name, n]) => `${n} ${name}`)
    .join(', ') || 'none';

/** Mean with two decimals more than a whole number needs: paths are compared along a row. */
export const meanText = (values: readonly number[]): string => figure(mean(values));

const isDrawn = ({ x, y }: SeriesPoint) => Number.isFinite(x) && Number.isFinite(y);

/** A series without the points that are no numbers: a drawing has no place for them. */
export const drawn = (name: string, points: readonly SeriesPoint[]): Series => ({
  name,
  points: points
    .filter(isDrawn)
    .map(({ x, y, low, high }) =>
      low !== undefined && high !== undefined && Number.isFinite(low) && Number.isFinite(high)
        ? { x, y, low, high }
        : { x, y },
    ),
});
