import { z } from 'zod';
import { ANYONE_SIGNED_IN, LEADS, READERS, ROLES } from '../access/roles.ts';
import type { RouteContract, RouteKey } from './route.ts';

const roleSchema = z.enum(ROLES);
const name = z
  .string()
  .trim()
  .min(1, 'expected a name')
  .max(80, 'expected at most 80 characters')
  .regex(/^[^\p{C}]+$/u, 'expected no control characters');
/** Blanks and what cannot be seen are part of a password, and do not make it longer to guess. */
const password = z
  .string()
  .max(200, 'expected at most 200 characters')
  .refine(
    (text) => text.normalize('NFKC').replaceAll(/[\p{C}\p{Z}\s]/gu, '').length >= 10,
    'expected at least 10 characters besides blanks',
  );
const ok = z.object({ ok: z.literal(true) });

export const userSchema = z.object({
  id: z.string(),
  name: z.string(),
  role: roleSchema,
  /** Pseudonym under which this person's judgments are recorded. */
  raterId: z.string(),
});
export type User = z.infer<typeof userSchema>;

export const personSchema = userSchema.extend({
  createdAt: z.string(),
  disabled: z.boolean(),
  projects: z.array(z.string()),
});
export type Person = z.infer<typeof personSchema>;

export const keySchema = z.object({
  id: z.string(),
  name: z.string(),
  role: roleSchema,
  projectId: z.string().nullable(),
  createdAt: z.string(),
  lastUsedAt: z.string().nullable(),
});

export const webhookSchema = z.object({
  id: z.string(),
  url: z.url({ protocol: /^https?$/ }).max(2000),
  projectId: z.string().nullable(),
  events: z.array(z.enum(['judgment.created', 'item.completed', 'run.finished'])).min(1),
  createdAt: z.string(),
  /** Deliveries that failed since the last one that did not. */
  failures: z.number(),
});

/** Signing in, people, invitations, keys, webhooks. */
export const SESSION_ROUTES = {
  'GET /api/session': {
    allow: 'public',
    summary: 'Who is signed in, and whether the first owner is still to be created',
    response: z.object({ user: userSchema.nullable(), setup: z.boolean(), version: z.string() }),
  },
  'POST /api/setup': {
    allow: 'public',
    summary: 'Create the owner with the one-time token that the terminal printed',
    body: z.strictObject({ token: z.string(), name, password }),
    response: z.object({ user: userSchema }),
    perMinute: 10,
  },
  'POST /api/login': {
    allow: 'public',
    summary: 'Sign in with name and password',
    body: z.strictObject({ name: z.string().max(200), password: z.string().max(200) }),
    response: z.object({ user: userSchema }),
    // Guesses at one account from many addresses are slowed down besides.
    perMinute: 10,
  },
  'POST /api/logout': { allow: ANYONE_SIGNED_IN, summary: 'Sign out', response: ok },
  'POST /api/password': {
    allow: ANYONE_SIGNED_IN,
    summary: 'Change the own password; other sessions of this person end, and the keys and invitations they gave',
    body: z.strictObject({ current: z.string().max(200), next: password }),
    response: ok,
    perMinute: 10,
  },
  'GET /api/invites/{token}': {
    allow: 'public',
    summary: 'What an invitation is for',
    response: z.object({
      role: roleSchema,
      project: z.string().nullable(),
      expiresAt: z.string(),
      note: z.string(),
    }),
    // A class may come at once, through one address; nobody guesses 256 bits.
    perMinute: 120,
  },
  'POST /api/invites/{token}': {
    allow: 'public',
    summary: 'Take up an invitation; it works once',
    body: z.strictObject({ name, password }),
    response: z.object({ user: userSchema }),
    perMinute: 120,
  },
  'POST /api/invites/{token}/accept': {
    allow: ANYONE_SIGNED_IN,
    summary: 'Take up an invitation with the account that one has: it comes into the project too',
    response: z.object({ project: z.string() }),
    perMinute: 120,
  },
  'GET /api/resets/{token}': {
    allow: 'public',
    summary: 'Whose password a link sets anew',
    response: z.object({ name: z.string() }),
    perMinute: 120,
  },
  'POST /api/resets/{token}': {
    allow: 'public',
    summary: 'Set a new password; the link works once, other sessions end, and the keys and invitations they gave',
    body: z.strictObject({ password }),
    response: z.object({ user: userSchema }),
    perMinute: 120,
  },
  'POST /api/people/{id}/reset': {
    allow: ['owner'],
    summary: 'Make a link by which somebody sets a new password; it works once, for a day',
    response: z.object({ path: z.string(), expiresAt: z.string() }),
  },
  'DELETE /api/people/{id}': {
    allow: ['owner'],
    summary: 'Delete an account for good; what it judged stays under its pseudonym, and the deletion is written down',
    body: z.strictObject({
      /** The account’s name once more, typed: this cannot be taken back. */
      confirm: z.string(),
    }),
    response: ok,
  },
  'POST /api/projects/{project}/people': {
    allow: LEADS,
    summary: 'Put somebody who has an account in a project, by name; a lead puts raters and auditors',
    body: z.strictObject({ name }),
    response: z.object({ person: personSchema }),
  },
  'DELETE /api/projects/{project}/people/{id}': {
    allow: LEADS,
    summary: 'Take somebody out of a project; what they judged stays',
    response: ok,
  },
  'GET /api/invites': {
    allow: LEADS,
    summary: 'Open invitations: a lead’s own, an owner’s all',
    response: z.object({
      invites: z.array(
        z.object({
          id: z.string(),
          role: roleSchema,
          projectId: z.string().nullable(),
          expiresAt: z.string(),
          note: z.string(),
        }),
      ),
    }),
  },
  'POST /api/invites': {
    allow: LEADS,
    summary: 'Make an invitation link; a lead invites raters and auditors, an owner anyone',
    body: z.strictObject({
      role: roleSchema,
      projectId: z.string().nullable().default(null),
      /** Whom it is for: tells open invitations apart, and whoever opens it reads it. */
      note: z.string().trim().max(200).default(''),
      hours: z
        .number()
        .positive()
        .max(24 * 90)
        .default(72),
    }),
    response: z.object({ id: z.string(), path: z.string(), expiresAt: z.string() }),
  },
  'DELETE /api/invites/{id}': { allow: LEADS, summary: 'Take an invitation back', response: ok },
  'GET /api/people': {
    allow: LEADS,
    summary: 'People: for an owner all, for a lead those of their projects',
    response: z.object({ people: z.array(personSchema) }),
  },
  'PATCH /api/people/{id}': {
    allow: ['owner'],
    summary: 'Change a role, shut an account out, or set its projects',
    body: z.strictObject({
      role: roleSchema.optional(),
      disabled: z.boolean().optional(),
      projects: z.array(z.string()).optional(),
    }),
    response: z.object({ person: personSchema }),
  },
  'GET /api/keys': {
    allow: LEADS,
    summary: 'Keys for scripts, the own or, for an owner, all; the secret itself is shown once, when it is made',
    response: z.object({ keys: z.array(keySchema) }),
  },
  'POST /api/keys': {
    allow: LEADS,
    summary: 'Make a key for scripts, with a role no higher than the own',
    body: z.strictObject({ name, role: roleSchema, projectId: z.string().nullable().default(null) }),
    response: z.object({ key: keySchema, secret: z.string() }),
  },
  'DELETE /api/keys/{id}': { allow: LEADS, summary: 'Revoke a key', response: ok },
  'GET /api/webhooks': {
    allow: LEADS,
    summary: 'Webhooks (Standard Webhooks): the own or, for an owner, all',
    response: z.object({ webhooks: z.array(webhookSchema) }),
  },
  'POST /api/webhooks': {
    allow: LEADS,
    summary: 'Add a webhook; the signing secret is shown once',
    body: webhookSchema.pick({ url: true, events: true }).extend({ projectId: z.string().nullable().default(null) }),
    response: z.object({ webhook: webhookSchema, secret: z.string() }),
  },
  'DELETE /api/webhooks/{id}': { allow: LEADS, summary: 'Remove a webhook', response: ok },
  'GET /api/roles': {
    allow: READERS,
    summary: 'Every route with the roles that may call it',
    response: z.object({
      routes: z.array(z.object({ route: z.string(), summary: z.string(), allow: z.array(z.string()) })),
    }),
  },
} as const satisfies Record<RouteKey, RouteContract>;
