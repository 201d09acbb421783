import { createClient } from '../server/index.ts';

export { StudioError } from '../server/index.ts';

/** The server cannot be reached: the work stays here and can be sent again. */
export class Offline extends Error {}

/**
 * Calls a route of the Studio's API: what it takes and gives is checked by the types of its contract.
 * Throws `StudioError` with the server's own words, or `Offline`.
 */
export const { call } = createClient({
  async fetch(request) {
    try {
      return await fetch(request);
    } catch (cause) {
      throw new Offline('the server cannot be reached; check the connection', { cause });
    }
  },
});
