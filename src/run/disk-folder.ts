import { statSync } from 'node:fs';
import { filesBelow } from './files.ts';
import type { Folder } from './folder.ts';
import { digestFile, fileOf, readRegularFile, strangersBelow } from './regular-file.ts';

/** A folder on the disk, read anew each time. */
export const diskFolder = (folder: string): Folder => ({
  name: folder,
  paths: () => filesBelow(folder),
  strangers: () => strangersBelow(folder),
  has: (path) => fileOf(folder, path) !== undefined,
  size: (path) => statSync(`${folder}/${path}`).size,
  read: (path, limit) => readRegularFile(`${folder}/${path}`, limit),
  digest: (path) => digestFile(`${folder}/${path}`),
});
