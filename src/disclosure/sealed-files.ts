/** Files of a sealed folder that say something of all the others. None of them is in the manifest. */
export const MANIFEST = 'disclosure/manifest.json';
export const SEAL = 'disclosure/seal.json';
/** Signed statements about the seal, one a line; whoever has a key may append one, whenever they like. */
export const CLAIMS = 'disclosure/claims.jsonl';
/** The log of the run: the seal has its root. */
export const RECORDS = 'records.jsonl';
