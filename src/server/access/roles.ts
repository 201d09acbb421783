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
