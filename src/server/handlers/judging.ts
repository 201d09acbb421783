import type { Handlers } from '../api.ts';
import type { JUDGING_ROUTES } from '../contract/index.ts';
import type { Services } from '../services.ts';
import { answeringHandlers } from './judging/answer.ts';
import { meetingHandlers } from './judging/meet.ts';
import { ownRecordHandlers } from './judging/own-records.ts';
import { progressTeller } from './judging/progress.ts';

/** Judging: tasks out, answers in, by places shown; what a rater may know of an item and no more. */
export function judgingHandlers(services: Services): Handlers<typeof JUDGING_ROUTES> {
  const progressOf = progressTeller();
  return {
    ...meetingHandlers(services, progressOf),
    ...answeringHandlers(services, progressOf),
    ...ownRecordHandlers(services),
  };
}
