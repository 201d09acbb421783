/** The label, and the mark, that says something is good: a thumb up. */
export const GOOD = 'good';

/** The mark on what is wrong with a reply. */
export const BAD = 'bad';

/** How a critique names a part of the utility of a reply. */
export const praise = (part: string): string => `good ${part}`;
export const fault = (part: string): string => `bad ${part}`;
