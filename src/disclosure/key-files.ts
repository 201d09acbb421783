import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from '../run/index.ts';
import { entryAt, onPath, readRegularFile, writeFileAtomic } from '../run/node.ts';
import { KEY_KINDS, type KeyKind, keyOf, pemOf, type VerifyingKey } from './keys.ts';

const KEY_BYTES = 64 * 1024;
/** Nobody opens or writes a key of others: the passphrase stands in the environment, never on a command line. */
export const PASSPHRASE_VARIABLE = 'GOODHART_KEY_PASSPHRASE';

const spkiOf = (key: KeyObject): Uint8Array => new Uint8Array(key.export({ type: 'spki', format: 'der' }));

/** A private key, opened. */
export interface SigningKey extends VerifyingKey {
  readonly privateKey: KeyObject;
}

/** A new pair as PEM; the private one is encrypted where there is a passphrase. */
export function makeKeyPair(
  kind: KeyKind,
  passphrase?: string,
): { readonly privatePem: string; readonly publicPem: string } {
  const { privateKey, publicKey } =
    kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const locked = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem', ...locked }).toString(),
    publicPem: pemOf(spkiOf(publicKey)),
  };
}

/** The run folder that a path lies in; undefined where it lies in none. */
function runAbove(path: string): string | undefined {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'run.json'))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Where the public half of a key lies. */
export const publicPathOf = (path: string): string => `${path.replace(/\.pem$/, '')}.pub.pem`;

/**
 * Makes a pair and writes it: the private key for its owner alone, the public one beside it. Refuses a place that is taken,
 * and any place inside a run folder, which people copy and publish.
 */
export function writeKeyPair(
  path: string,
  options: { readonly kind: KeyKind; readonly passphrase?: string | undefined },
): VerifyingKey {
  const { kind, passphrase } = options;
  const run = runAbove(path);
  if (run !== undefined)
    throw new UsageError('key', `${path}: a private key has no place in a run folder (${run}); choose another place`);
  for (const taken of [path, publicPathOf(path)])
    if (entryAt(taken) !== undefined)
      throw new UsageError('key', `${taken}: there is a file already; choose another name, or move it away`);
  const { privatePem, publicPem } = makeKeyPair(kind, passphrase);
  writeFileAtomic(path, privatePem, { mode: 0o600 });
  writeFileAtomic(publicPathOf(path), publicPem);
  return readPublicKey(publicPathOf(path));
}

const readPem = (path: string): string => onPath(path, () => readRegularFile(path, KEY_BYTES).toString('utf8'));
const LABEL = /-----BEGIN ([A-Z ]+)-----/;

/** What a key file holds, as far as it can be told without opening it. */
export function labelOf(path: string): 'public' | 'private' | 'encrypted private' | undefined {
  const label = LABEL.exec(readPem(path))?.[1];
  if (label === 'PUBLIC KEY') return 'public';
  if (label === 'ENCRYPTED PRIVATE KEY') return 'encrypted private';
  return label?.endsWith('PRIVATE KEY') === true ? 'private' : undefined;
}

const refused = (path: string, want: string, got: string): UsageError =>
  new UsageError('key', `${path}: expected ${want}, got ${got}; goodhart keys make makes one`);

/** A public key from its PEM file. */
export function readPublicKey(path: string): VerifyingKey {
  const pem = readPem(path);
  const want = 'a public key, Ed25519 or P-256, as PEM';
  if (LABEL.exec(pem)?.[1] !== 'PUBLIC KEY')
    throw refused(path, want, LABEL.test(pem) ? 'another kind of PEM' : 'something else');
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw refused(path, want, 'a damaged one');
  }
  const found = keyOf(spkiOf(key));
  if (found === undefined) throw refused(path, want, `a key of type ${key.asymmetricKeyType}`);
  return found;
}

/** A private key from its PEM file, opened with the passphrase where it is encrypted. */
export function readPrivateKey(path: string, passphrase: string | undefined): SigningKey {
  const pem = readPem(path);
  const want = 'a private key, Ed25519 or P-256, as PEM';
  const label = LABEL.exec(pem)?.[1];
  if (label?.endsWith('PRIVATE KEY') !== true)
    throw refused(path, want, label === undefined ? 'something else' : `a ${label.toLowerCase()}`);
  const isLocked = label === 'ENCRYPTED PRIVATE KEY';
  if (isLocked && passphrase === undefined)
    throw new UsageError('key', `${path}: the key is encrypted; give its passphrase in ${PASSPHRASE_VARIABLE}`);
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key: pem, ...(isLocked && { passphrase: passphrase! }) });
  } catch {
    const why = isLocked ? `it does not open with the passphrase in ${PASSPHRASE_VARIABLE}` : 'it is damaged';
    throw new UsageError('key', `${path}: expected ${want}, but ${why}`);
  }
  const found = keyOf(spkiOf(createPublicKey(privateKey)));
  if (found === undefined) throw refused(path, want, `a key of type ${privateKey.asymmetricKeyType}`);
  return { ...found, privateKey };
}

/** Signature of bytes: 64 bytes of Ed25519, or DER of ECDSA. */
export const signBytes = ({ privateKey, kind }: SigningKey, bytes: Uint8Array): Buffer =>
  sign(KEY_KINDS[kind].hash, bytes, privateKey);
