import { UsageError } from '../run/index.ts';

/** Refusals that several calls share; each says what to do. */
export const unknownRater = (projectId: string, raterId: string) =>
  new UsageError('rater', `project ${projectId}: expected a rater of the project, got ${raterId}; add the rater first`);
export const unknownItem = (projectId: string, itemId: string) =>
  new UsageError('item', `project ${projectId}: expected an item of the project, got ${itemId}; check its id`);
