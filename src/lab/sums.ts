import { createSums, type Sums } from '../world/index.ts';

/** The one ground of sums of the experiments: its replies are listed once. */
export const SUMS: Sums = createSums();
