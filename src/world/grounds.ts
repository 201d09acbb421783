import type { Ground } from './ground.ts';
import { createHarbour } from './harbour/harbour.ts';
import { createRooms } from './rooms/rooms.ts';
import { createSums } from './sums/sums.ts';

/** The proving grounds by name: one row and one folder each. */
export const GROUNDS = {
  harbour: createHarbour,
  rooms: () => createRooms(),
  sums: createSums,
} as const satisfies Record<string, () => Ground>;
export type GroundId = keyof typeof GROUNDS;
