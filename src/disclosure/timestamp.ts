import { createHash, timingSafeEqual, verify, X509Certificate } from 'node:crypto';
import { DataError } from '../run/index.ts';
import { type Der, demand, derFrom, derOf, oidOf, partsOf, TAG } from './der.ts';
import type { StampReader, Timestamp } from './origin.ts';

/**
 * Time stamps of RFC 3161: a time-stamping authority signs that it saw a digest, and when. What is stored is the whole
 * response, as it came.
 */
const OID = {
  signedData: '1.2.840.113549.1.7.2',
  stampInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  timeStamping: '1.3.6.1.5.5.7.3.8',
} as const;
const HASHES: ReadonlyMap<string, string> = new Map([
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);
/** Signature algorithms that are read, with the hash that they name; null where the signer names it beside. */
const SIGNATURES: ReadonlyMap<string, string | null> = new Map([
  ['1.2.840.113549.1.1.1', null],
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
]);
const MOST_CERTIFICATES = 8;

const bad = (why: string): DataError => new DataError('timestamp', `expected a time stamp of RFC 3161, got ${why}`);

const hashNamed = (algorithm: Der | undefined): string => {
  const name = HASHES.get(oidOf(partsOf(demand(algorithm, TAG.sequence, 'algorithm'))[0]));
  if (name === undefined) throw bad('a digest that is none of SHA-256, SHA-384, SHA-512');
  return name;
};
const digest = (name: string, bytes: Uint8Array): Buffer => createHash(name).update(bytes).digest();
const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);

/** The query that asks an authority to stamp bytes: SHA-256, with its certificate in the answer. */
export function timestampQuery(bytes: Uint8Array): Buffer {
  const sha256 = derFrom(
    TAG.sequence,
    Buffer.concat([derFrom(TAG.oid, Buffer.from('608648016503040201', 'hex')), Buffer.from([0x05, 0x00])]),
  );
  const imprint = derFrom(TAG.sequence, Buffer.concat([sha256, derFrom(TAG.octets, digest('sha256', bytes))]));
  const [version, wantCertificate] = [Buffer.from([TAG.integer, 1, 1]), Buffer.from([0x01, 1, 0xff])];
  return derFrom(TAG.sequence, Buffer.concat([version, imprint, wantCertificate]));
}

/** What an authority signed: TSTInfo, its signer, and the certificates that came with it. */
interface Token {
  readonly info: Buffer;
  readonly signer: Der;
  readonly certificates: readonly X509Certificate[];
}

function tokenOf(response: Buffer): Token {
  const [status, token] = partsOf(demand(derOf(response), TAG.sequence, 'response'));
  const code = demand(partsOf(demand(status, TAG.sequence, 'status'))[0], TAG.integer, 'status').content;
  // 0 granted, 1 granted with changes.
  if (code.length !== 1 || code[0]! > 1 || token === undefined) throw bad('a refusal of the authority');
  const [type, content] = partsOf(demand(token, TAG.sequence, 'token'));
  if (oidOf(type) !== OID.signedData) throw bad('a token that is not signed');
  const signedData = demand(partsOf(demand(content, TAG.context(0), 'content'))[0], TAG.sequence, 'signed data');
  const parts = partsOf(signedData);
  const [infoType, infoContent] = partsOf(demand(parts[2], TAG.sequence, 'content'));
  if (oidOf(infoType) !== OID.stampInfo) throw bad('something signed that is no time stamp');
  const info = demand(partsOf(demand(infoContent, TAG.context(0), 'stamp'))[0], TAG.octets, 'stamp').content;
  const certificates = parts
    .filter(({ tag }) => tag === TAG.context(0))
    .flatMap(partsOf)
    .slice(0, MOST_CERTIFICATES)
    .map(({ whole }) => new X509Certificate(whole));
  const signers = partsOf(demand(parts.at(-1), TAG.set, 'signer'));
  if (signers.length !== 1) throw bad('another number of signers than one');
  return { info, signer: signers[0]!, certificates };
}

/** Signed attributes by object identifier; one that stands twice is refused. */
function attributesOf(signed: Der): Map<string, Der> {
  const found = new Map<string, Der>();
  for (const attribute of partsOf(signed)) {
    const [name, values] = partsOf(demand(attribute, TAG.sequence, 'attribute'));
    const each = partsOf(demand(values, TAG.set, 'attribute'));
    if (each.length !== 1 || found.has(oidOf(name))) throw bad('an attribute of several values');
    found.set(oidOf(name), each[0]!);
  }
  return found;
}

/** The digest of its certificate that a signer names (RFC 5035, or RFC 2634 with SHA-1). */
function namedCertificate(attributes: ReadonlyMap<string, Der>): { hash: string; value: Buffer } {
  const [v2, v1] = [attributes.get(OID.signingCertificateV2), attributes.get(OID.signingCertificate)];
  const attribute = v2 ?? v1;
  if (attribute === undefined) throw bad('a signer that does not name its certificate');
  const first = partsOf(partsOf(demand(attribute, TAG.sequence, 'certificate'))[0]!)[0]!;
  const parts = partsOf(demand(first, TAG.sequence, 'certificate'));
  const named = parts[0]?.tag === TAG.sequence ? hashNamed(parts[0]) : v2 === undefined ? 'sha1' : 'sha256';
  const value = demand(
    parts.find(({ tag }) => tag === TAG.octets),
    TAG.octets,
    'certificate digest',
  ).content;
  return { hash: named, value };
}

/** The certificate that signed, once the signature and everything it must say hold. */
function signerOf({ info, signer, certificates }: Token): X509Certificate {
  const parts = partsOf(demand(signer, TAG.sequence, 'signer'));
  const hash = hashNamed(parts[2]);
  const signed = demand(parts[3], TAG.context(0), 'signed attributes');
  const algorithm = oidOf(partsOf(demand(parts[4], TAG.sequence, 'algorithm'))[0]);
  const signature = demand(parts[5], TAG.octets, 'signature').content;
  const attributes = attributesOf(signed);
  if (oidOf(attributes.get(OID.contentType)) !== OID.stampInfo) throw bad('attributes of another content');
  const stated = demand(attributes.get(OID.messageDigest), TAG.octets, 'digest').content;
  if (!same(stated, digest(hash, info))) throw bad('a stamp that its signature is not over');
  const { hash: named, value } = namedCertificate(attributes);
  const certificate = certificates.find(({ raw }) => same(digest(named, raw), value));
  if (certificate === undefined) throw bad('no certificate of its signer; ask the authority to send it (certReq)');
  const own = SIGNATURES.get(algorithm);
  if (own === undefined) throw bad('a signature of an algorithm that is not read here');
  // The set is signed with its own tag, and sent with another (RFC 5652, 5.4).
  const bytes = Buffer.from(signed.whole);
  bytes[0] = TAG.set;
  if (!verify(own ?? hash, bytes, certificate.publicKey, signature)) throw bad('a signature that does not hold');
  if (!(certificate.keyUsage ?? []).includes(OID.timeStamping)) throw bad('a certificate that is not for time stamps');
  return certificate;
}

const validAt = ({ validFrom, validTo }: X509Certificate, at: Date): boolean =>
  new Date(validFrom) <= at && at <= new Date(validTo);

/** Whether a chain of certificates, all valid at the time, leads to one that the reader trusts. */
function isTrusted(
  signer: X509Certificate,
  given: { others: readonly X509Certificate[]; trusted: readonly X509Certificate[]; at: Date },
): boolean {
  const { others, trusted, at } = given;
  const isIssuer = (of: X509Certificate) => (by: X509Certificate) =>
    by.ca && of.checkIssued(by) && of.verify(by.publicKey);
  let here: X509Certificate | undefined = signer;
  for (let steps = 0; here !== undefined && steps <= MOST_CERTIFICATES; steps++) {
    const current: X509Certificate = here;
    if (!validAt(current, at)) return false;
    if (trusted.some(({ raw }) => same(raw, current.raw))) return true;
    const root = trusted.find(isIssuer(current));
    if (root !== undefined) return validAt(root, at);
    here = others.find((other) => !same(other.raw, current.raw) && isIssuer(current)(other));
  }
  return false;
}

/** `YYYYMMDDhhmmss[.f]Z` as ISO 8601. */
function timeOf(value: Der | undefined): Date {
  const text = demand(value, TAG.time, 'time').content.toString('latin1');
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,9})?Z$/.exec(text);
  const [, year, month, day, hour, minute, second] = match ?? [];
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (match === null || Number.isNaN(time.getTime())) throw bad('no time');
  return time;
}

/**
 * Reads a response and holds it against the bytes that it should be about. `trusted` are certificates that the reader gave.
 *
 * @throws DataError where it is damaged, refused, about other bytes, or its signature does not hold.
 */
export function readTimestamp(response: Uint8Array, bytes: Uint8Array, trusted: readonly X509Certificate[]): Timestamp {
  let token: Token;
  let signer: X509Certificate;
  try {
    token = tokenOf(Buffer.from(response));
    signer = signerOf(token);
  } catch (error) {
    // The parser of certificates has its own errors.
    throw error instanceof DataError ? error : bad('damaged certificates');
  }
  const parts = partsOf(demand(derOf(token.info), TAG.sequence, 'stamp'));
  const [algorithm, hashed] = partsOf(demand(parts[2], TAG.sequence, 'imprint'));
  const imprint = demand(hashed, TAG.octets, 'imprint').content;
  if (!same(imprint, digest(hashNamed(algorithm), bytes))) throw bad('one of another signature');
  const at = timeOf(parts[4]);
  if (!validAt(signer, at)) throw bad('a certificate that was not valid at that time');
  return {
    at,
    authority: signer.subject.replaceAll('\n', ', '),
    trusted: isTrusted(signer, { others: token.certificates, trusted, at }),
  };
}

/** Reads time stamps for a reader who trusts some authorities. */
export const stampReader = (authorities: readonly X509Certificate[]): StampReader => ({
  authorities: authorities.length,
  read: (response, bytes) => readTimestamp(response, bytes, authorities),
});
