import type { Handlers } from '../api.ts';
import type { SESSION_ROUTES } from '../contract/index.ts';
import { keyHandlers } from './session/keys.ts';
import { peopleHandlers } from './session/people.ts';
import { type SessionServices, signInHandlers } from './session/sign-in.ts';

/** Signing in and out, people, invitations, keys and webhooks. */
export const sessionHandlers = (services: SessionServices): Handlers<typeof SESSION_ROUTES> => ({
  ...signInHandlers(services),
  ...peopleHandlers(services),
  ...keyHandlers(services),
});
