import { ApiError } from '../../api.ts';
import type { Caller } from '../../caller.ts';
import { enterProject, type Membership, type Services } from '../../services.ts';

/** The pseudonym that a person judges under; keys do not judge. */
export const raterOf = (caller: Caller): string => {
  if (caller.raterId === null) throw new ApiError(403, 'key', 'keys do not judge; sign in as a person');
  return caller.raterId;
};

/** What the rater may see of the project, once consent is given where it is asked. */
export async function admitted(services: Services, projectId: string, raterId: string): Promise<Membership> {
  const membership = await enterProject(services, projectId, raterId);
  const { project, profile } = membership;
  if (project.consent !== undefined && profile.consent?.version !== project.consent.version)
    throw new ApiError(403, 'consent', 'read and agree to the consent text first');
  return membership;
}
