import type { Accounts } from '../../store/index.ts';
import { hashSecret, newSecret } from './secrets.ts';

/** Makes a link, as a path of the Studio, by which somebody sets a new password; it works once, and so long. */
export async function resetLink(
  accounts: Pick<Accounts, 'createReset'>,
  accountId: string,
  { now, hours }: { readonly now: string; readonly hours: number },
): Promise<{ readonly path: string; readonly expiresAt: string }> {
  const secret = newSecret();
  const expiresAt = new Date(Date.parse(now) + hours * 3_600_000).toISOString();
  await accounts.createReset({ tokenHash: hashSecret(secret), accountId, expiresAt, now });
  return { path: `/reset/${secret}`, expiresAt };
}
