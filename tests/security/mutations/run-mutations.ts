import { runAudit } from '../../../src/audit/index.ts';
import { verdictsOf, verifyFolder } from '../../../src/disclosure/index.ts';
import { createMemory } from '../../../src/pipeline/remember.ts';
import { type Folder, memoryFolder } from '../../../src/run/index.ts';
import { createRng } from '../../../src/stats/index.ts';
import type { SignedRun } from '../forgery/signed-forgeries.ts';
import { MUTATION_IDS, MUTATIONS, type MutationId } from './kinds.ts';
import { filesOf, type Honest } from './mutant.ts';

/** What became of mutations, by kind: how many were told by a check, and how many could not even be opened. */
export interface Told {
  readonly failed: number;
  readonly refused: number;
}
export interface MutationResult {
  readonly told: ReadonlyMap<MutationId, Told>;
  /** Those that passed, and honest folders that did not. */
  readonly faults: readonly string[];
}

/**
 * Mutates an honest signed run and a public copy of it, each time anew, and verifies the mutant by the pure core that the command
 * and the page in the browser share, with the keys of issuer and auditor.
 */
export async function runMutations(
  signed: SignedRun,
  {
    count,
    seed,
    progress = () => {},
  }: { readonly count: number; readonly seed: number; progress?(done: number): void },
): Promise<MutationResult> {
  const remember = createMemory(2000);
  const audit = (...[given, options]: Parameters<typeof runAudit>) =>
    remember(['findings', given, options.seed, options.params], () => runAudit(given, options));
  const { authorities: _, ...reader } = signed.reader;
  const failures = async (folder: Folder) => (await verifyFolder(folder, { audit, reader })).filter(({ ok }) => !ok);
  const subjects = [signed.run, signed.copy].map((path): Honest => ({ files: filesOf(path), signed }));
  const faults: string[] = [];
  for (const { files } of subjects) {
    const checks = await verifyFolder(memoryFolder('honest', files), { audit, reader });
    const states = verdictsOf(checks).map(({ state }) => state);
    if (states.some((state) => state !== 'holds')) faults.push(`an honest folder: ${states.join(', ')}`);
  }
  const told = new Map<MutationId, { failed: number; refused: number }>(
    MUTATION_IDS.map((id) => [id, { failed: 0, refused: 0 }]),
  );
  for (let done = 0, n = 0; done < count; n++) {
    const rng = createRng(`${seed}/mutation/${n}`);
    const id = MUTATION_IDS[n % MUTATION_IDS.length]!;
    const mutant = MUTATIONS[id](subjects[rng.integer(subjects.length)]!, rng);
    if (mutant === undefined) continue;
    try {
      const failed = await failures(mutant.open());
      if (failed.length === 0) faults.push(`${id}: ${mutant.what}: passed`);
      else told.get(id)!.failed += 1;
    } catch (error) {
      // Only what is said to the reader refuses; anything else is a defect of the verifier.
      if ((error as Error).name === 'DataError' || (error as Error).name === 'UsageError') told.get(id)!.refused += 1;
      else faults.push(`${id}: ${mutant.what}: ${(error as Error).stack}`);
    }
    done += 1;
    progress(done);
  }
  return { told, faults };
}
