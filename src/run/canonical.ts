import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalize } from 'json-canonicalize';

/** SHA-256 of bytes, in hex. */
export const digestBytes = (bytes: Uint8Array): string => bytesToHex(sha256(bytes));
/** RFC 8785 canonical JSON: one text per value. */
export const canonicalJson = (value: unknown): string => canonicalize(value);
/** SHA-256 of a value's canonical JSON, in hex. */
export const digestValue = (value: unknown): string => digestBytes(utf8ToBytes(canonicalJson(value)));

const hashNode = (prefix: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const total = new Uint8Array(1 + parts.reduce((sum, part) => sum + part.length, 0));
  total[0] = prefix;
  let at = 1;
  for (const part of parts) {
    total.set(part, at);
    at += part.length;
  }
  return sha256(total);
};

/** Merkle tree hash of leaves (RFC 6962 §2.1), in hex: leaf and node hashes have different prefixes. */
export function merkleRoot(leaves: readonly Uint8Array[]): string {
  const hash = (from: number, to: number): Uint8Array => {
    if (to === from) return sha256(new Uint8Array());
    if (to - from === 1) return hashNode(0, leaves[from]!);
    let split = 1;
    while (split * 2 < to - from) split *= 2;
    return hashNode(1, hash(from, from + split), hash(from + split, to));
  };
  return bytesToHex(hash(0, leaves.length));
}
