/** Files of a sealed folder that say something of all the others. None of them is in the manifest. */
export const MANIFEST = 'disclosure/manifest.json';
export const SEAL = 'disclosure/seal.json';
/** Signed statements about the seal, one a line; whoever has a key may append one, whenever they like. */
export const CLAIMS = 'disclosure/claims.jsonl';
/** The log of the run: the seal has its root. */
export const RECORDS = 'records.jsonl';
/** Of a run: the secret that all its salts follow from. A public copy has none. */
export const SECRET = 'disclosure/secret.json';
/** Of a public copy: the salts of the rows that it shows. */
export const OPENINGS = 'disclosure/openings.json';
/** Of a public copy: what it withholds, and why. */
export const WITHHELD = 'disclosure/withheld.json';

/** Files outside the manifest: they are the seal, come after it, or differ between a run and its public copy. */
export const OUTSIDE_MANIFEST: ReadonlySet<string> = new Set([
  MANIFEST,
  SEAL,
  CLAIMS,
  RECORDS,
  SECRET,
  OPENINGS,
  WITHHELD,
]);
