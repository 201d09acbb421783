import { utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson, DataError, type RunRecord, recordsRoot, UsageError } from '../run/index.ts';
import { diskFolder, writeFileAtomic } from '../run/node.ts';
import {
  CLAIM_PREDICATE,
  type ClaimRole,
  type ClaimStatement,
  readClaims,
  type SignedClaim,
  subjectsOf,
} from './claims.ts';
import {
  type Bundle,
  bundleOf,
  PAYLOAD_TYPE,
  payloadDigest,
  preAuthEncoding,
  STATEMENT_TYPE,
  signatureOf,
  withTimestamp,
} from './dsse.ts';
import { type SigningKey, signBytes } from './key-files.ts';
import { encodeKey } from './keys.ts';
import type { Review } from './review.ts';
import { CLAIMS } from './sealed-files.ts';
import { readTimestamp } from './timestamp.ts';

/** Signs a payload. */
export const signPayload = (key: SigningKey, payload: Uint8Array): Bundle =>
  bundleOf(key, payload, signBytes(key, preAuthEncoding(PAYLOAD_TYPE, payload)));

const write = (folder: string, bundles: readonly Bundle[]): void =>
  writeFileAtomic(`${folder}/${CLAIMS}`, bundles.map((bundle) => `${canonicalJson(bundle)}\n`).join(''));

/** The claims of a folder, refused where one of them is damaged: nobody builds on these. */
function soundClaims(folder: string): readonly SignedClaim[] {
  const { claims, faults } = readClaims(diskFolder(folder));
  const [fault] = faults;
  if (fault !== undefined)
    throw new DataError('claims', `${folder}/${CLAIMS}:${fault.line}: ${fault.why}; fetch the file again`);
  return claims;
}

/** Who signs, as what, and what they say. */
export interface SigningOptions {
  readonly key: SigningKey;
  readonly role: ClaimRole;
  readonly statement?: string | undefined;
  readonly review?: Review | undefined;
  readonly now: () => string;
}

/** Signs the seal of a folder as it is, and appends the claim. */
export function signClaim(
  folder: string,
  options: SigningOptions & { readonly records: readonly RunRecord[] },
): SignedClaim {
  const { key, role, now, records } = options;
  const before = soundClaims(folder);
  const last = before.at(-1);
  const line = before.length + 1;
  const statement: ClaimStatement = {
    _type: STATEMENT_TYPE,
    subject: subjectsOf(diskFolder(folder)).map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: CLAIM_PREDICATE,
    predicate: {
      role,
      statement: options.statement ?? null,
      ...(options.review !== undefined && { review: options.review }),
      declaredAt: now(),
      records: { root: recordsRoot(records), count: records.length },
      key: encodeKey(key),
      line,
      previous: last === undefined ? null : payloadDigest(last.bundle),
    },
  };
  const bundle = signPayload(key, utf8ToBytes(canonicalJson(statement)));
  write(folder, [...before.map((claim) => claim.bundle), bundle]);
  return { line, bundle, statement, key };
}

/** One claim by its line; the last one where none is named. */
export function claimAt(folder: string, line?: number): SignedClaim {
  const claims = soundClaims(folder);
  const claim = line === undefined ? claims.at(-1) : claims[line - 1];
  if (claim !== undefined) return claim;
  const got = claims.length === 0 ? 'none' : `${claims.length}`;
  throw new UsageError(
    'claim',
    `${folder}/${CLAIMS}: expected a claim${line === undefined ? '' : ` on line ${line}`}, got ${got}; goodhart disclose sign makes one`,
  );
}

/** Stores the response of a time-stamping authority about the signature of a claim, once it was found to be that. */
export function stampClaim(folder: string, line: number, response: Buffer): Date {
  const claims = soundClaims(folder);
  const { at } = readTimestamp(response, signatureOf(claimAt(folder, line).bundle), []);
  write(
    folder,
    claims.map((claim) => (claim.line === line ? withTimestamp(claim.bundle, response) : claim.bundle)),
  );
  return at;
}
