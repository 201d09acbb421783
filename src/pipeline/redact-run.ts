import { renameSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Check, requireRun, type WithheldList, withheldOf } from '../disclosure/index.ts';
import { hiddenOf, type Redaction, repeatsIn, writePublicCopy } from '../disclosure/node.ts';
import { CheckError } from '../run/index.ts';
import { diskFolder, onPath } from '../run/node.ts';
import { requireFree } from './out-place.ts';
import { faultOf, requireHolds, verifyPipelineRun } from './verify-run.ts';

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
  await requireHolds(folder);
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
    const wrong = faultOf(checks);
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
