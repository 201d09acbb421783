import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalize } from 'json-canonicalize';
import { own } from './own.ts';

/** SHA-256 of bytes, in hex. */
export const digestBytes = (bytes: Uint8Array): string => bytesToHex(sha256(bytes));
/** RFC 8785 canonical JSON: one text per value. */
export const canonicalJson = (value: unknown): string => canonicalize(value);
/** SHA-256 of a value's canonical JSON, in hex. */
export const digestValue = (value: unknown): string => digestBytes(utf8ToBytes(canonicalJson(value)));

const isOpen = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Keys that lead to where two JSON values first differ; a list and what is none differ as wholes. */
export function differenceAt(a: unknown, b: unknown): string[] {
  if (!isOpen(a) || !isOpen(b) || Array.isArray(a) !== Array.isArray(b)) return [];
  const key = [...new Set([...Object.keys(a), ...Object.keys(b)])].find(
    (name) =>
      Object.hasOwn(a, name) !== Object.hasOwn(b, name) ||
      canonicalJson([own(a, name)]) !== canonicalJson([own(b, name)]),
  );
  return key === undefined ? [] : [key, ...differenceAt(own(a, key), own(b, key))];
}

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

/** Hash of one leaf of a Merkle tree (RFC 6962 §2.1), in hex. */
export const merkleLeaf = (leaf: Uint8Array): string => bytesToHex(hashNode(0, leaf));

/** Merkle tree hash over leaves that are hashed already, as whoever withholds some of them has it. */
export function merkleRootOf(leafHashes: readonly string[]): string {
  const hash = (from: number, to: number): Uint8Array => {
    if (to === from) return sha256(new Uint8Array());
    if (to - from === 1) return hexToBytes(leafHashes[from]!);
    let split = 1;
    while (split * 2 < to - from) split *= 2;
    return hashNode(1, hash(from, from + split), hash(from + split, to));
  };
  return bytesToHex(hash(0, leafHashes.length));
}

/** Merkle tree hashes over the first so many of some leaf hashes, for each of some counts: one walk, however many are asked for. */
export function merkleRootsOf(leafHashes: readonly string[], counts: ReadonlySet<number>): ReadonlyMap<number, string> {
  const roots = new Map<number, string>();
  // Whole subtrees to the left, each larger than the next: the digits of the count in base two.
  const left: { readonly size: number; readonly hash: Uint8Array }[] = [];
  for (let count = 0; count <= leafHashes.length; count++) {
    if (counts.has(count)) {
      const last = left.at(-1)?.hash ?? sha256(new Uint8Array());
      roots.set(count, bytesToHex(left.slice(0, -1).reduceRight((right, { hash }) => hashNode(1, hash, right), last)));
    }
    if (count === leafHashes.length) break;
    let whole: (typeof left)[number] = { size: 1, hash: hexToBytes(leafHashes[count]!) };
    for (let before = left.at(-1); before?.size === whole.size; before = left.at(-1)) {
      whole = { size: 2 * whole.size, hash: hashNode(1, before.hash, whole.hash) };
      left.pop();
    }
    left.push(whole);
  }
  return roots;
}

/** Merkle tree hash of leaves (RFC 6962 §2.1), in hex: leaf and node hashes have different prefixes. */
export const merkleRoot = (leaves: readonly Uint8Array[]): string => merkleRootOf(leaves.map(merkleLeaf));
