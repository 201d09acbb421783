import { z } from 'zod';
import type { Account } from '../../../store/index.ts';
import { ROLES, type Role } from '../../access/roles.ts';
import { ApiError } from '../../api.ts';
import type { Caller } from '../../caller.ts';
import { mayEnter } from '../../services.ts';

/** A role as the store kept it. */
export const roleSchema = z.enum(ROLES);
/** An account as its owner sees it. */
export const userOf = (account: Account) => ({
  id: account.id,
  name: account.name,
  role: roleSchema.parse(account.role),
  raterId: account.raterId,
});

/** Rank of roles in what they may hand on: a lead may not make an owner. */
const RANK: { readonly [R in Role]: number } = { auditor: 0, rater: 0, lead: 1, owner: 2 };

/** Refuses to hand on a role that is the caller's own or above it. */
export function mayGrant(caller: Caller, role: Role): void {
  if (caller.role !== 'owner' && RANK[role] >= RANK[caller.role ?? 'rater'])
    throw new ApiError(403, 'role', `a ${caller.role} cannot make a ${role}; ask an owner`);
}

/** Owners reach every project; whoever else hands on access hands on that to a project of their own. */
export function mayHandOn(caller: Caller, projectId: string | null): void {
  if (caller.role === 'owner' || (projectId !== null && mayEnter(caller, projectId))) return;
  throw new ApiError(403, 'project', 'name a project that you belong to; only an owner can give access to others');
}
