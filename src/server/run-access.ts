import { z } from 'zod';
import type { Accounts } from '../store/index.ts';
import type { Caller } from './caller.ts';
import type { RunService } from './runs.ts';
import { mayEnter } from './services.ts';

/**
 * Whose a run is. A run that reads a project's judgments belongs to that project, and whoever belongs to it sees the run.
 * Any other is its starter's; auditors read it too. Runs that were started in a terminal have no starter. Owners, and keys
 * for all projects, which only owners make, see every run.
 */
const startSchema = z.object({ startedBy: z.string() });
const keyOf = (run: string) => `run/${run}`;

/** Writes down who started a run. */
export const noteStart = (accounts: Accounts, run: string, startedBy: string): Promise<void> =>
  accounts.setSetting(keyOf(run), { startedBy });

const starterIn = (value: unknown): string | null => startSchema.safeParse(value).data?.startedBy ?? null;

/** Whether an account started a run. */
export const isStarter = async (accounts: Accounts, run: string, account: string): Promise<boolean> =>
  starterIn(await accounts.setting(keyOf(run))) === account;

/** Whether a caller reaches every project, and so every run. */
const reachesAll = ({ role, via, projectId }: Caller) => role === 'owner' || (via === 'key' && projectId === null);

/** Those of some runs that a caller may know of. */
export async function seenRuns(
  { accounts, runs }: { readonly accounts: Accounts; readonly runs: Pick<RunService, 'projectOf'> },
  caller: Caller,
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  if (reachesAll(caller)) return new Set(names);
  const starts = await accounts.settings(names.map(keyOf));
  const seen = new Set<string>();
  for (const run of names) {
    const project = await runs.projectOf(run);
    const own = caller.account !== null && starterIn(starts.get(keyOf(run))) === caller.account;
    if (project === null ? own || caller.role === 'auditor' : mayEnter(caller, project)) seen.add(run);
  }
  return seen;
}
