import { z } from 'zod';
import type { Accounts } from '../store/index.ts';

/** What was deleted for good: which, by whom, when; of a project the digest of the export that was taken before. */
const deletionSchema = z.strictObject({
  what: z.enum(['account', 'project', 'run']),
  id: z.string(),
  name: z.string(),
  /** Account of who did it. */
  by: z.string(),
  at: z.string(),
  digest: z.string().optional(),
});
export type Deletion = z.infer<typeof deletionSchema>;

const KEY = 'deletions';

/** What was deleted for good, oldest first. */
export const deletions = async (accounts: Pick<Accounts, 'setting'>): Promise<readonly Deletion[]> =>
  z.array(deletionSchema).parse((await accounts.setting(KEY)) ?? []);

/** Writes a deletion down, before it is done: what is gone without a word is worse than a word about what is still there. */
export async function noteDeletion(
  accounts: Pick<Accounts, 'setting' | 'setSetting'>,
  deletion: Deletion,
): Promise<void> {
  await accounts.setSetting(KEY, [...(await deletions(accounts)), deletion]);
}
