import type { Handlers } from '../api.ts';
import type { SESSION_ROUTES } from '../contract/index.ts';
import { keyHandlers } from './session/keys.ts';
import { linkHandlers } from './session/links.ts';
import { peopleHandlers } from './session/people.ts';
import { createSigning, type SessionServices, signInHandlers } from './session/sign-in.ts';

/** Signing in and out, people, invitations, keys and webhooks. */
export function sessionHandlers(services: SessionServices): Handlers<typeof SESSION_ROUTES> {
  const signing = createSigning(services);
  return {
    ...signInHandlers(services, signing),
    ...linkHandlers(services, signing),
    ...peopleHandlers(services),
    ...keyHandlers(services),
  };
}
