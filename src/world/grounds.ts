import type { Ground } from './ground.ts';
import { createHarbour } from './harbour/harbour.ts';
import { createRooms } from './rooms/rooms.ts';

/** The proving grounds by name: one row and one folder each. */
export const GROUNDS = {
  harbour: createHarbour,
  rooms: () => createRooms(),
} as const satisfies Record<string, () => Ground>;
export type GroundId = keyof typeof GROUNDS;
