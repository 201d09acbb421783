import type { SignedClaim } from '../disclosure/index.ts';
import { type SigningOptions, signClaim } from '../disclosure/node.ts';
import { readRecords } from '../run/node.ts';
import { RUN_FILES } from './run-folder.ts';
import { requireHolds } from './verify-run.ts';

/**
 * Signs the seal of a run in a role, and appends the claim. Nobody signs what does not hold together: a folder that fails its
 * checks is refused. What others claimed before is not this signer's affair.
 */
export async function signRun(folder: string, options: SigningOptions): Promise<SignedClaim> {
  await requireHolds(folder);
  const { records } = readRecords(`${folder}/${RUN_FILES.records}`);
  return signClaim(folder, { ...options, records });
}
