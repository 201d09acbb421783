import { z } from 'zod';

/** Schemas without code made from text, which the policy of the page refuses: set before any schema is made. */
export const WITHOUT_EVAL = z.config({ jitless: true });
