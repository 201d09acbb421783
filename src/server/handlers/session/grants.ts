import { z } from 'zod';
import type { Account } from '../../../store/index.ts';
import { RANK, ROLES, type Role } from '../../access/roles.ts';
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

/** The person who gives access; a key must not, or taking it back would not end what it gave. */
export function personOf(caller: Caller): string {
  if (caller.via !== 'session' || caller.account === null)
    throw new ApiError(403, 'key', 'access is given by people, not by keys; sign in');
  return caller.account;
}

/** Whether something that gives access is the caller's to see and to take back: their own, or anybody's for an owner. */
export const isTheirs = (caller: Caller, { createdBy }: { readonly createdBy: string }): boolean =>
  caller.role === 'owner' || createdBy === caller.account;

/** One of those that are the caller's, by id; of others nobody says that they are there. */
export function theirs<T extends { readonly id: string; readonly createdBy: string }>(
  caller: Caller,
  all: readonly T[],
  id: string,
): T {
  const found = all.find((one) => one.id === id && isTheirs(caller, one));
  if (found === undefined) throw new ApiError(404, 'id', `there is no ${id} that you made; its maker or an owner can`);
  return found;
}
