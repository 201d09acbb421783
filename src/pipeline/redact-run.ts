import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { type Check, requireRun, type WithheldList, withheldOf } from '../disclosure/index.ts';
import { hiddenOf, type Redaction, repeatsIn, writePublicCopy } from '../disclosure/node.ts';
import { CheckError, UsageError } from '../run/index.ts';
import { diskFolder, onPath } from '../run/node.ts';
import { verifyPipelineRun } from './verify-run.ts';

/** Refuses a place that holds something, or lies in the run. */
function requireFree(folder: string, out: string): void {
  if (`${resolve(out)}${sep}`.startsWith(`${resolve(folder)}${sep}`))
    throw new UsageError('out', `${out}: expected a folder outside the run; choose another --out`);
  if (existsSync(out) && onPath(out, () => readdirSync(out)).length > 0)
    throw new UsageError('out', `${out}: expected an empty or new folder; choose another --out`);
}

const firstFault = (checks: readonly Check[]): Check | undefined =>
  checks.find(({ ok, aspect }) => !ok && aspect !== 'origin');

/**
 * Makes a public copy of a run that withholds what its rules say. The run is verified before, and the copy after: both have the
 * same seal. A copy in which withheld text stands all the same is refused, unless the caller allows it.
 */
export async function redactRun(
  folder: string,
  options: { readonly redaction: Redaction; readonly out: string; readonly allowRepeats?: boolean },
): Promise<{ readonly withheld: WithheldList; readonly digest: string; readonly checks: readonly Check[] }> {
  const { redaction, out, allowRepeats = false } = options;
  requireRun(diskFolder(folder));
  requireFree(folder, out);
  const fault = firstFault(await verifyPipelineRun(folder));
  if (fault !== undefined)
    throw new CheckError('sound', `${folder}: ${fault.name}: ${fault.detail}; goodhart verify tells all`);
  const hidden = hiddenOf(folder, redaction);
  const partial = `${resolve(out)}.partial-${process.pid}`;
  try {
    writePublicCopy(folder, partial, hidden);
    const repeats = allowRepeats ? [] : repeatsIn(partial, folder, hidden);
    if (repeats.length > 0) {
      const where = repeats.map(({ path, texts }) => `${path} (${texts})`).join(', ');
      throw new CheckError(
        'repeats',
        `what is withheld stands in the copy all the same: ${where} texts; withhold these too, or say --allow-repeats`,
      );
    }
    const checks = await verifyPipelineRun(partial);
    const wrong = firstFault(checks);
    if (wrong !== undefined) throw new CheckError('copy', `the copy does not verify: ${wrong.name}: ${wrong.detail}`);
    const { list, digest } = withheldOf(diskFolder(partial));
    onPath(out, () => {
      rmSync(out, { recursive: true, force: true });
      renameSync(partial, out);
    });
    return { withheld: list, digest, checks };
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}
