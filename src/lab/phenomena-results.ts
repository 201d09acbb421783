import type { PhenomenonId } from './phenomena/index.ts';
import committed from './phenomena.json' with { type: 'json' };
import type { PhenomenonRuns } from './phenomena-study.ts';

/** What `npm run lab:phenomena` found, run by run. A phenomenon that is not among them does not compile. */
export const PHENOMENA_RESULTS: Readonly<Record<PhenomenonId, PhenomenonRuns>> = committed;
