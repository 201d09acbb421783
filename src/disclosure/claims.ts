import { z } from 'zod';
import {
  canonicalJson,
  DataError,
  type Folder,
  linesOfText,
  parseJson,
  placeIn,
  type RunRecord,
  recordsRoots,
  textIn,
} from '../run/index.ts';
import {
  type Bundle,
  bundleSchema,
  isSignedBy,
  payloadDigest,
  payloadOf,
  STATEMENT_TYPE,
  signatureOf,
} from './dsse.ts';
import { decodeKey, type VerifyingKey } from './keys.ts';
import { reviewSchema } from './review.ts';
import { CLAIMS, SEAL, WITHHELD } from './sealed-files.ts';

/**
 * Claims: signed statements about a sealed run. Each is a line of its own that names the line before it, so that one which is
 * dropped, moved or altered shows; whoever signs says in which role.
 */
export const CLAIM_ROLES = ['issuer', 'auditor', 'reviewer'] as const;
export type ClaimRole = (typeof CLAIM_ROLES)[number];
export const CLAIM_PREDICATE = 'urn:goodhart:claim:v1';

/** The largest file of claims that is read. */
export const CLAIMS_BYTES = 64 * 1024 * 1024;
/** Each costs a signature and its time stamps to check. */
const MOST_CLAIMS = 1000;
const hexSchema = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hex');

const statementSchema = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(z.strictObject({ name: z.string(), digest: z.strictObject({ sha256: hexSchema }) })).min(1),
  predicateType: z.literal(CLAIM_PREDICATE),
  predicate: z.strictObject({
    role: z.enum(CLAIM_ROLES),
    /** In the signer's words. */
    statement: z.string().nullable(),
    /** What an auditor or reviewer found, item by item. */
    review: reviewSchema.exactOptional(),
    /** By the signer's own clock. */
    declaredAt: z.iso.datetime(),
    /** Records of the run when it was signed: whoever has the log can tell an earlier seal of this run from another run. */
    records: z.strictObject({ root: hexSchema, count: z.int().nonnegative() }),
    /** Public key that it is signed with, as base64 of its SubjectPublicKeyInfo. */
    key: z.string(),
    /** Number of its line, from 1, and the digest of the payload of the line before. */
    line: z.int().positive(),
    previous: hexSchema.nullable(),
  }),
});
export type ClaimStatement = Readonly<z.infer<typeof statementSchema>>;

/** A line of claims, read. What is wrong with it is told, not thrown: the others are still read. */
export interface SignedClaim {
  readonly line: number;
  readonly bundle: Bundle;
  readonly statement: ClaimStatement;
  /** The key that it names; its signature was found to be by this key. */
  readonly key: VerifyingKey;
}
export interface ReadClaims {
  readonly claims: readonly SignedClaim[];
  readonly faults: readonly { readonly line: number; readonly why: string }[];
}

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });
const payloadText = (bundle: Bundle): string => UTF8.decode(payloadOf(bundle));

/** One line, or why it is none. */
function readClaim(text: string, line: number, before: Bundle | undefined): SignedClaim | string {
  let bundle: Bundle;
  let statement: ClaimStatement;
  try {
    bundle = bundleSchema.parse(parseJson(text));
    statement = statementSchema.parse(parseJson(payloadText(bundle)));
  } catch {
    return 'expected a signed statement about a seal';
  }
  if (text !== canonicalJson(bundle) || payloadText(bundle) !== canonicalJson(statement))
    return 'differs from its canonical form';
  const { predicate } = statement;
  const previous = before === undefined ? null : payloadDigest(before);
  if (predicate.line !== line || predicate.previous !== previous)
    return 'does not follow the line before it: one was dropped, added or moved';
  const key = decodeKey(predicate.key);
  if (key === undefined) return 'names no key that signs here';
  if (!isSignedBy(bundle, key)) return 'its signature does not hold';
  return { line, bundle, statement, key };
}

/** All claims of a folder. */
export function readClaims(folder: Folder): ReadClaims {
  if (!folder.has(CLAIMS)) return { claims: [], faults: [] };
  const place = placeIn(folder, CLAIMS);
  const lines = linesOfText(place, textIn(folder, CLAIMS, CLAIMS_BYTES));
  const faults: { line: number; why: string }[] = [];
  if (lines.pop() !== '') faults.push({ line: lines.length + 1, why: 'the file ends in the middle of a line' });
  if (lines.length > MOST_CLAIMS)
    throw new DataError('claims', `${place}: expected at most ${MOST_CLAIMS} claims, got ${lines.length}; remove some`);
  const claims: SignedClaim[] = [];
  let before: Bundle | undefined;
  for (const [i, text] of lines.entries()) {
    const claim = readClaim(text, i + 1, before);
    if (typeof claim === 'string') faults.push({ line: i + 1, why: claim });
    else claims.push(claim);
    before = typeof claim === 'string' ? undefined : claim.bundle;
  }
  return { claims, faults };
}

/** What a claim can be about: files of the folder that hold all the others. */
export interface ClaimSubject {
  readonly name: string;
  readonly sha256: string;
}

/** A file of a folder that holds others, as what a claim is about; undefined where it is not there. */
export const subjectAt = (folder: Folder, name: string): ClaimSubject | undefined =>
  folder.has(name) ? { name, sha256: folder.digest(name).sha256 } : undefined;

/** What a claim about a folder is about: its seal, and of a public copy also what it withholds. */
export const subjectsOf = (folder: Folder): ClaimSubject[] =>
  [SEAL, WITHHELD].flatMap((name) => subjectAt(folder, name) ?? []);

/** Digest that a claim names for a file; undefined where it is not about it. */
export const subjectOf = ({ statement }: SignedClaim, name: string): string | undefined =>
  statement.subject.find((subject) => subject.name === name)?.digest.sha256;

/** Roots of the log as it was when each claim was made, by the number of records that it names. */
export const rootsNamed = (
  claims: readonly SignedClaim[],
  records: readonly RunRecord[],
): ReadonlyMap<number, string> =>
  recordsRoots(records, new Set(claims.map(({ statement }) => statement.predicate.records.count)));

/** The signature of a claim: what an outside time is asked for. */
export const signedBytes = ({ bundle }: SignedClaim): Uint8Array => signatureOf(bundle);
