import { renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type Details,
  type DisclosureExport,
  type ExportFormatId,
  type ExportPlace,
  exportDisclosure,
} from '../disclosure/index.ts';
import { onPath, writeFileAtomic } from '../run/node.ts';
import { disclosedRun } from './disclosed-run.ts';
import { requireFree, requireOutside } from './out-place.ts';
import { requireHolds } from './verify-run.ts';

/** Writes several files into a folder, all or none. */
function writeFolder(out: string, files: DisclosureExport['files']): void {
  const partial = `${resolve(out)}.partial-${process.pid}`;
  try {
    for (const { path, content } of files) writeFileAtomic(join(partial, path), content);
    onPath(out, () => {
      rmSync(out, { recursive: true, force: true });
      renameSync(partial, out);
    });
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Writes the disclosure of a sealed folder in a form that others read. A folder that does not hold together is refused. */
export async function exportRun(
  folder: string,
  options: ExportPlace & { readonly format: ExportFormatId; readonly details?: Details | undefined },
): Promise<DisclosureExport> {
  const { format, out, as, details } = options;
  requireOutside(folder, out);
  await requireHolds(folder);
  const made = await exportDisclosure(format, disclosedRun(folder), { out, as, details });
  if (made.as === 'folder') {
    requireFree(folder, out);
    writeFolder(out, made.files);
  } else writeFileAtomic(out, made.files[0]!.content);
  return made;
}
