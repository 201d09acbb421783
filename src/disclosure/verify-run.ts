import type { X509Certificate } from 'node:crypto';
import { diskFolder } from '../run/node.ts';
import type { Check } from './check.ts';
import type { KnownFacts } from './origin.ts';
import { stampReader } from './timestamp.ts';
import { type Audit, verifyFolder } from './verify.ts';

/** What a reader of the command brings: besides what any reader may know, certificates of time-stamping authorities. */
export interface Reader extends KnownFacts {
  readonly authorities?: readonly X509Certificate[];
}

/** What is demanded of whoever verifies: how evidence is audited, and what they know from elsewhere. */
export interface VerifyOptions {
  readonly audit?: Audit;
  readonly reader?: Reader;
}

/** Verifies a sealed run on the disk, offline, with its time stamps. */
export function verifyRun(folder: string, { reader = {}, ...rest }: VerifyOptions = {}): Promise<Check[]> {
  const { authorities = [], ...known } = reader;
  return verifyFolder(diskFolder(folder), { ...rest, reader: known, stamps: stampReader(authorities) });
}
