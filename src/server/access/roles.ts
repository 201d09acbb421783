/**
 * Who may do what. An owner runs the installation, a lead runs projects, a rater judges, an auditor reads everything but
 * people's names and changes nothing.
 */
export const ROLES = ['owner', 'lead', 'rater', 'auditor'] as const;
export type Role = (typeof ROLES)[number];

/** Who a route is for: `public` is anyone, signed in or not. */
export type Access = 'public' | readonly Role[];

export const ANYONE_SIGNED_IN: readonly Role[] = ROLES;
export const LEADS: readonly Role[] = ['owner', 'lead'];
/** Those who may see what raters answered and what is known about items. */
export const READERS: readonly Role[] = ['owner', 'lead', 'auditor'];
/** Those who may judge: owners and leads can try their own project. */
export const JUDGES: readonly Role[] = ['owner', 'lead', 'rater'];

export const allows = (access: Access, role: Role | null): boolean =>
  access === 'public' || (role !== null && access.includes(role));

/** Rank of roles in what they may hand on: a lead may not make an owner. */
export const RANK: { readonly [R in Role]: number } = { auditor: 0, rater: 0, lead: 1, owner: 2 };

/**
 * Whether somebody could give an access now: owners any, leads a role below their own (or, to a key of theirs, their own) in
 * a project of theirs. What was given is asked this at every use, so that it ends with its giver.
 */
export function stillGives(
  giver: { readonly role: string; readonly projects: readonly string[] } | undefined,
  { role, projectId }: { readonly role: Role; readonly projectId: string | null },
  { ownRole = false, needsProject = true }: { readonly ownRole?: boolean; readonly needsProject?: boolean } = {},
): boolean {
  if (giver === undefined) return false;
  if (giver.role === 'owner') return true;
  if (giver.role !== 'lead') return false;
  if (RANK[role] >= RANK.lead && !(ownRole && role === 'lead')) return false;
  return projectId === null ? !needsProject : giver.projects.includes(projectId);
}
