import { utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import { canonicalJson, digestBytes, type Folder, recordsIn, recordsRoot, UsageError } from '../run/index.ts';
import { type Commitment, commitmentSchema } from './commitments.ts';
import { CLAIMS, MANIFEST, OPENINGS, OUTSIDE_MANIFEST, RECORDS, SEAL } from './sealed-files.ts';

/**
 * Sealing a run: a manifest with a commitment to every file, and a seal over the manifest and the record log. Both are written
 * in one canonical form, so a verifier can demand their exact bytes; then no single byte anywhere can change unnoticed. Claims
 * about the seal stand outside: they come later, and from others. A public copy that withholds rows has the same seal.
 */
export const manifestSchema = z.strictObject({
  format: z.literal('goodhart-manifest-2'),
  files: z.array(commitmentSchema),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** The manifest of seals from before salts: digests of whole files. */
export const oldManifestSchema = z.array(z.strictObject({ path: z.string(), bytes: z.number(), sha256: z.string() }));
export type OldManifest = z.infer<typeof oldManifestSchema>;

/** Digests of all files, as the first version of the seal has them: also the log, and nothing salted. */
export function oldManifestOf(folder: Folder): OldManifest {
  const outside = [MANIFEST, SEAL, CLAIMS];
  return folder
    .paths()
    .filter((path) => !outside.includes(path))
    .map((path) => ({ path, ...folder.digest(path) }));
}

/** Files that the manifest is about. */
export const manifestPaths = (folder: Folder): string[] => folder.paths().filter((path) => !OUTSIDE_MANIFEST.has(path));

/** A value in the one form in which it is sealed. */
export const render = (value: unknown): string => `${canonicalJson(value)}\n`;

/** A manifest's text from its commitments. */
export const manifestText = (files: readonly Commitment[]): string =>
  render({
    format: 'goodhart-manifest-2',
    files: files.map(({ path, by, count, root }) => ({ path, by, count, root })),
  } satisfies Manifest);

const SEAL_FORMATS = ['goodhart-seal-1', 'goodhart-seal-2'] as const;
export type SealFormat = (typeof SEAL_FORMATS)[number];
export const sealSchema = z.strictObject({
  format: z.enum(SEAL_FORMATS),
  manifest: z.string(),
  records: z.string(),
  recordCount: z.int(),
});

export function sealText(folder: Folder, manifest: string, format: SealFormat): string {
  const records = recordsIn(folder, RECORDS);
  return render({
    format,
    manifest: digestBytes(utf8ToBytes(manifest)),
    records: recordsRoot(records),
    recordCount: records.length,
  } satisfies z.infer<typeof sealSchema>);
}

/** Whether a folder is a public copy: it shows rows of a run and not what its salts follow from. */
export const isPublicCopy = (folder: Folder): boolean => folder.has(OPENINGS);

/** Refuses a public copy where only the run itself will do. */
export function requireRun(folder: Folder): void {
  if (isPublicCopy(folder))
    throw new UsageError(
      'copy',
      `${folder.name}: expected a run, got a public copy of one; give the run that it was made from`,
    );
}
