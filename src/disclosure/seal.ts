import { z } from 'zod';
import { canonicalJson, digestBytes, recordsRoot } from '../run/index.ts';
import { digestFile, filesBelow, readRecords, requireRegularFiles, writeFileAtomic } from '../run/node.ts';
import { CLAIMS, MANIFEST, RECORDS, SEAL } from './sealed-files.ts';

/**
 * Sealing a run: a manifest of every file, and a seal over the manifest and the record log. Both are written in one
 * canonical form, so a verifier can demand their exact bytes; then no single byte anywhere can change unnoticed. Claims about
 * the seal stand outside: they come later, and from others.
 */
export const manifestSchema = z.array(z.strictObject({ path: z.string(), bytes: z.number(), sha256: z.string() }));
export type ManifestEntry = z.infer<typeof manifestSchema>[number];

const OUTSIDE: ReadonlySet<string> = new Set([MANIFEST, SEAL, CLAIMS]);

export const manifestOf = (folder: string): ManifestEntry[] =>
  filesBelow(folder)
    .filter((path) => !OUTSIDE.has(path))
    .map((path) => ({ path, ...digestFile(`${folder}/${path}`) }));

/** A value in the one form in which it is sealed. */
export const render = (value: unknown): string => `${canonicalJson(value)}\n`;

export const sealSchema = z.strictObject({
  format: z.literal('goodhart-seal-1'),
  manifest: z.string(),
  records: z.string(),
  recordCount: z.int(),
});

export function sealText(folder: string, manifest: string): string {
  const { records } = readRecords(`${folder}/${RECORDS}`);
  return render({
    format: 'goodhart-seal-1',
    manifest: digestBytes(Buffer.from(manifest)),
    records: recordsRoot(records),
    recordCount: records.length,
  } satisfies z.infer<typeof sealSchema>);
}

/** Seals a finished run folder; returns the digest to publish elsewhere, which pins everything below it. */
export function sealRun(folder: string): string {
  requireRegularFiles(folder);
  const manifest = render(manifestOf(folder));
  const seal = sealText(folder, manifest);
  writeFileAtomic(`${folder}/${MANIFEST}`, manifest);
  writeFileAtomic(`${folder}/${SEAL}`, seal);
  return digestBytes(Buffer.from(seal));
}
