/**
 * People's accounts, sessions, invitations, keys and webhooks of the Studio. Passwords, links and keys are stored hashed; what
 * must be read again is encrypted where the store was opened with a key (`secrets.ts`). Roles are texts here: what they allow is the server's.
 */
export interface Account {
  readonly id: string;
  /** Unique, compared without case. */
  readonly name: string;
  readonly role: string;
  /** Pseudonym of this person's judgments; not derived from the name. */
  readonly raterId: string;
  /** Salted password hash with its parameters. */
  readonly passwordHash: string;
  readonly createdAt: string;
  readonly disabled: boolean;
}

export interface Invite {
  readonly id: string;
  readonly tokenHash: string;
  readonly role: string;
  readonly projectId: string | null;
  readonly expiresAt: string;
  readonly createdBy: string;
  /** Whom it is for, in the words of who made it; empty where nothing was said. */
  readonly note: string;
}

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly secretHash: string;
  readonly role: string;
  readonly projectId: string | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
}

/** Who gave an access, as they stand now: what they gave is good only while they could still give it. */
export interface Giver {
  readonly id: string;
  readonly role: string;
  readonly projects: readonly string[];
}

export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly projectId: string | null;
  readonly events: readonly string[];
  /** Needed in the clear to sign deliveries. */
  readonly secret: string;
  /** Account that made it. */
  readonly createdBy: string;
  readonly createdAt: string;
  readonly failures: number;
}

/** Where accounts live. Every call is durable when it returns; times are ISO 8601 in UTC, so that they compare as text. */
export interface Accounts {
  /** Creates an account; a taken name gives undefined and changes nothing. `onlyFirst` also refuses when any account exists. */
  createAccount(account: Account, options?: { readonly onlyFirst?: boolean }): Promise<Account | undefined>;
  accountById(id: string): Promise<Account | undefined>;
  accountByName(name: string): Promise<Account | undefined>;
  accountByRater(raterId: string): Promise<Account | undefined>;
  accounts(): Promise<Account[]>;
  updateAccount(id: string, change: Partial<Pick<Account, 'role' | 'disabled' | 'passwordHash'>>): Promise<void>;
  /** Projects an account belongs to. */
  projectsOf(accountId: string): Promise<string[]>;
  setProjects(accountId: string, projectIds: readonly string[]): Promise<void>;
  /** Puts an account in one project more, or takes it out of one. */
  setMember(accountId: string, projectId: string, member: boolean): Promise<void>;
  /** Takes everybody out of a project that is gone, with keys, invitations and webhooks for it. */
  forgetProject(projectId: string): Promise<void>;
  /**
   * Deletes an account for good, with its sessions and what it gave; its judgments stay under their pseudonym. False where
   * there is none.
   */
  removeAccount(accountId: string): Promise<boolean>;
  /** Accounts by id with the projects they belong to; without those that are shut or not there. */
  givers(accountIds: readonly string[]): Promise<ReadonlyMap<string, Giver>>;
  /** Shuts an account out: its sessions end, and the keys and invitations it gave are gone. */
  shutOut(accountId: string): Promise<void>;
  /** Takes back every key and open invitation that an account gave. */
  takeBackGiven(accountId: string): Promise<void>;

  createSession(session: {
    readonly tokenHash: string;
    readonly accountId: string;
    readonly expiresAt: string;
    /** Sessions that ended before are deleted. */
    readonly now: string;
  }): Promise<void>;
  /** The account of a session that has not expired and whose account is not disabled, with the projects it belongs to. */
  accountOfSession(
    tokenHash: string,
    now: string,
  ): Promise<(Account & { readonly projects: readonly string[] }) | undefined>;
  endSession(tokenHash: string): Promise<void>;
  /** Ends every session of an account except one. */
  endSessions(accountId: string, exceptTokenHash?: string): Promise<void>;

  /** Invitations that expired before `now` are deleted. */
  createInvite(invite: Invite, now: string): Promise<void>;
  inviteByToken(tokenHash: string, now: string): Promise<Invite | undefined>;
  invites(now: string): Promise<Invite[]>;
  removeInvite(id: string): Promise<void>;
  /**
   * Creates an account from an invitation and uses the invitation up, in one transaction, one caller after another: of two
   * at once one gets the account. A name that is `alike` somebody's is taken; that leaves the invitation usable.
   */
  acceptInvite(
    tokenHash: string,
    account: Omit<Account, 'role'>,
    options: { readonly now: string; readonly alike?: (one: string, other: string) => boolean },
  ): Promise<Account | 'no-invite' | 'name-taken'>;

  /** Uses an invitation up for somebody who has an account: puts it in the project. False where the invitation is no longer good. */
  joinByInvite(tokenHash: string, accountId: string, now: string): Promise<boolean>;

  /** A link that sets a new password; those that expired before `now`, and earlier ones of the account, are deleted. */
  createReset(reset: {
    readonly tokenHash: string;
    readonly accountId: string;
    readonly expiresAt: string;
    readonly now: string;
  }): Promise<void>;
  /** The account that a reset is for, unless it expired or the account is shut. */
  accountOfReset(tokenHash: string, now: string): Promise<Account | undefined>;
  /**
   * Sets the password and uses the reset up: every session of the account ends, and the keys and invitations it gave are
   * gone. The account, or undefined where the reset is no longer good.
   */
  resetPassword(tokenHash: string, passwordHash: string, now: string): Promise<Account | undefined>;

  createKey(key: ApiKey): Promise<void>;
  /** The key with a hash, its last use noted. */
  keyBySecret(secretHash: string, now: string): Promise<ApiKey | undefined>;
  keys(): Promise<ApiKey[]>;
  removeKey(id: string): Promise<void>;

  createWebhook(webhook: Webhook): Promise<void>;
  webhooks(): Promise<Webhook[]>;
  removeWebhook(id: string): Promise<void>;
  /** Notes a delivery: failures are counted up, or back to zero. */
  noteDelivery(id: string, delivered: boolean): Promise<void>;

  /** Small JSON values by key: settings of projects, paused raters. */
  setting(key: string): Promise<unknown>;
  /** Several at once, in one read; without those that are not set. */
  settings(keys: readonly string[]): Promise<ReadonlyMap<string, unknown>>;
  setSetting(key: string, value: unknown): Promise<void>;
  /** The value that stands, or `value` when this call is the first to set it: all callers get the same. */
  settingOrFirst(key: string, value: unknown): Promise<unknown>;
}
