import { createHarbour, type Harbour } from '../world/index.ts';

/** The one harbour of the studies: its replies are listed once. */
export const HARBOUR: Harbour = createHarbour();
