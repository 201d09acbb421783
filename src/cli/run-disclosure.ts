import { gzipSync } from 'node:zlib';
import {
  claimsSection,
  comparisonDocument,
  type Disclosure,
  EXPORT_FORMAT_IDS,
  EXPORT_FORMATS,
  NOT_EXCLUDED,
  readClaims,
  SEAL,
  thirdPartySections,
  verdictsSection,
  WITHHELD,
  withheldOf,
  withheldSection,
} from '../disclosure/index.ts';
import { carriedBy, verifyPipelineRun } from '../pipeline/index.ts';
import type { ReportDocument } from '../report/index.ts';
import { DataError, type Folder, tarParts, textIn, UsageError } from '../run/index.ts';
import { diskFolder, requireRegularFiles } from '../run/node.ts';
import { LIMITS, type runContents } from './run-contents.ts';
import type { runPlaces } from './run-files.ts';

/** Who signed a seal, and what is withheld under it. */
const signedDocument = (folder: Folder): ReportDocument => ({
  title: 'Signed and withheld',
  note: 'Whose the keys are, only your own copies of them tell.',
  sections: [
    ...thirdPartySections(folder),
    claimsSection(readClaims(folder).claims),
    ...(folder.has(WITHHELD) ? [withheldSection(withheldOf(folder).list)] : []),
  ],
});

/** What the folder of a run says as a disclosure: verdicts, items, claims, changes, and all of it as one archive. */
export function disclosureReads(
  { place, has }: Pick<ReturnType<typeof runPlaces>, 'place' | 'has'>,
  { disclosureOf, reading }: Pick<ReturnType<typeof runContents>, 'disclosureOf' | 'reading'>,
) {
  return {
    verify: reading(async (run) => {
      if (!has(run, SEAL)) throw new UsageError('verify', 'it is not sealed yet; let it finish first');
      const made = await verifyPipelineRun(place(run));
      const checks = made.map(({ name, ok, open = false, detail }) => ({ name, ok, open, detail }));
      return { checks, document: { title: run, note: NOT_EXCLUDED, sections: [verdictsSection(made)] } };
    }),
    disclosure: reading(async (run) => {
      const disclosure = disclosureOf(run);
      const folder = diskFolder(place(run));
      const isSealed = folder.has(SEAL);
      return {
        disclosure: (disclosure ?? null) as never,
        seal: isSealed ? textIn(folder, SEAL, LIMITS.seal) : null,
        sealDigest: isSealed ? folder.digest(SEAL).sha256 : null,
        signed: isSealed ? signedDocument(folder) : null,
        exports: isSealed ? EXPORT_FORMAT_IDS.map((id) => ({ id, title: EXPORT_FORMATS[id].title })) : [],
        carries: (await carriedBy(place(run))) ?? null,
      };
    }),
    changes: reading((run, since: string) => {
      const [before, after] = [since, run].map((id) => {
        const disclosure = disclosureOf(id);
        if (disclosure === undefined) throw new UsageError('run', `run ${id}: there is no disclosure yet`);
        return { ...disclosure, run: id };
      }) as [Disclosure, Disclosure];
      return comparisonDocument(before, after);
    }),
    archive: reading(async (run) => {
      if (!has(run, SEAL)) return undefined;
      const folder = diskFolder(place(run));
      const size = folder.paths().reduce((sum, path) => sum + folder.size(path), 0);
      if (size > LIMITS.archive)
        throw new DataError('size', `expected at most ${LIMITS.archive} bytes to pack, got ${size}; pack it with tar`);
      // The place of a stranger's run may have links in it: only what a folder holds itself is packed.
      requireRegularFiles(place(run));
      const bytes = gzipSync(Buffer.concat([...tarParts([[`${run}/`, folder]])]));
      return { bytes, type: 'application/gzip' };
    }),
  };
}
