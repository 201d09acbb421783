import type { QualityData } from './data.ts';

/** A pause after which a rater's next judgment starts a new session. */
export const SESSION_BREAK_MS = 30 * 60 * 1000;

/**
 * Place of every judgment in its rater's session, from 0: sessions end with a pause of half an hour. Where no times are
 * recorded, the order of the records is one session.
 */
export function sessionPlaces({ columns, order }: QualityData): Int32Array {
  const places = new Int32Array(columns.n);
  for (let r = 0; r < columns.raterIds.length; r++) {
    let place = 0;
    for (let i = order.starts[r]!; i < order.starts[r + 1]!; i++) {
      const row = order.entry[i]!;
      if (i > order.starts[r]!) {
        const gap = columns.time[row]! - columns.time[order.entry[i - 1]!]!;
        place = gap > SESSION_BREAK_MS ? 0 : place + 1;
      }
      places[row] = place;
    }
  }
  return places;
}
