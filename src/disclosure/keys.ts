import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { digestBytes } from '../run/index.ts';
import { fromBase64, toBase64 } from './base64.ts';

/**
 * Kinds of keys that sign: Ed25519 unless somebody asks for another; P-256 is what OpenSSF model signing accepts. A public key
 * is its SubjectPublicKeyInfo: `head`, which names the kind, and the point.
 */
export const KEY_KINDS = {
  ed25519: {
    hash: null,
    what: 'Ed25519',
    head: '302a300506032b6570032100',
    pointBytes: 32,
    isPoint: (point) => ed25519.utils.isValidPublicKey(point, false),
    // As RFC 8032 has it, and not as ZIP 215 does.
    verify: (point, bytes, signature) => ed25519.verify(signature, bytes, point, { zip215: false }),
  },
  p256: {
    hash: 'sha256',
    what: 'ECDSA on P-256 with SHA-256',
    head: '3059301306072a8648ce3d020106082a8648ce3d030107034200',
    pointBytes: 65,
    isPoint: (point) => p256.utils.isValidPublicKey(point, false),
    verify: (point, bytes, signature) => p256.verify(signature, bytes, point, { format: 'der', lowS: false }),
  },
} as const satisfies Record<
  string,
  {
    readonly hash: string | null;
    readonly what: string;
    readonly head: string;
    readonly pointBytes: number;
    isPoint(point: Uint8Array): boolean;
    verify(point: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean;
  }
>;
export type KeyKind = keyof typeof KEY_KINDS;
const KINDS = Object.keys(KEY_KINDS) as KeyKind[];

/** A public key that a reader trusts, or that a claim names. */
export interface VerifyingKey {
  readonly kind: KeyKind;
  /** SubjectPublicKeyInfo, as DER. */
  readonly spki: Uint8Array;
  /** SHA-256 of the public key as PEM, in hex: how OpenSSF model signing names keys too. */
  readonly fingerprint: string;
}

const pointOf = (kind: KeyKind, spki: Uint8Array): Uint8Array => spki.subarray(KEY_KINDS[kind].head.length / 2);

/** A public key as PEM, in lines of 64 characters. */
export const pemOf = (spki: Uint8Array): string =>
  `-----BEGIN PUBLIC KEY-----\n${toBase64(spki).replaceAll(/.{1,64}/g, '$&\n')}-----END PUBLIC KEY-----\n`;

/** A public key from its SubjectPublicKeyInfo; undefined for a damaged one, or of a kind that signs nothing here. */
export function keyOf(spki: Uint8Array): VerifyingKey | undefined {
  const kind = KINDS.find((id) => {
    const { head, pointBytes } = KEY_KINDS[id];
    const start = hexToBytes(head);
    return spki.length === start.length + pointBytes && start.every((byte, i) => spki[i] === byte);
  });
  if (kind === undefined || !KEY_KINDS[kind].isPoint(pointOf(kind, spki))) return undefined;
  return { kind, spki, fingerprint: digestBytes(utf8ToBytes(pemOf(spki))) };
}

/** Public key as one line: base64 of its SubjectPublicKeyInfo. */
export const encodeKey = ({ spki }: VerifyingKey): string => toBase64(spki);

/** A public key from its one line; undefined for what is none, or of a kind that signs nothing here. */
export function decodeKey(text: string): VerifyingKey | undefined {
  const spki = fromBase64(text);
  return spki === undefined ? undefined : keyOf(spki);
}

const PEM = /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----/;
/** The public key of a PEM text; undefined where it holds none that signs here. */
export function keyFromPem(pem: string): VerifyingKey | undefined {
  const body = PEM.exec(pem)?.[1];
  return body === undefined ? undefined : decodeKey(body.replaceAll(/\s/g, ''));
}

/** Whether a signature is one of these bytes by this key. */
export function isSignature({ kind, spki }: VerifyingKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    return KEY_KINDS[kind].verify(pointOf(kind, spki), bytes, signature);
  } catch {
    return false;
  }
}
