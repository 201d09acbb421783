import { randomBytes } from 'node:crypto';
import { digestBytes } from '../run/index.ts';
import { diskFolder, requireRegularFiles, writeFileAtomic } from '../run/node.ts';
import { commit, readSecret, type Salts, secretFrom } from './commitments.ts';
import { manifestPaths, manifestText, render, requireRun, sealText } from './seal.ts';
import { MANIFEST, SEAL, SECRET } from './sealed-files.ts';

/**
 * Seals a finished run folder; returns the digest to publish elsewhere, which pins everything below it. A run keeps the secret
 * of its first seal: rows that stay the same keep their salts, and public copies from before can still be opened.
 */
export function sealRun(path: string, random: () => Uint8Array = () => randomBytes(32)): string {
  requireRegularFiles(path);
  const folder = diskFolder(path);
  requireRun(folder);
  const known = readSecret(folder);
  const secret = known ?? secretFrom(random());
  const salts: Salts = { of: 'run', secret };
  const manifest = manifestText(manifestPaths(folder).map((file) => commit(folder, file, salts)));
  const seal = sealText(folder, manifest, 'goodhart-seal-2');
  if (known === undefined) writeFileAtomic(`${path}/${SECRET}`, render(secret), { mode: 0o600 });
  writeFileAtomic(`${path}/${MANIFEST}`, manifest);
  writeFileAtomic(`${path}/${SEAL}`, seal);
  return digestBytes(Buffer.from(seal));
}
