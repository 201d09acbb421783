import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { UsageError } from '../../run/index.ts';

const short = (digest: Uint8Array) => `rater-${bytesToHex(digest).slice(0, 12)}`;

/**
 * A stable pseudonym for a rater id of a platform. Without a key it is the SHA-256 of the id, which whoever can list the
 * platform's ids can reverse by trying them all; with a key (HMAC-SHA-256) only who has the key can.
 */
export const pseudonym = (id: string, key?: string): string =>
  short(key === undefined ? sha256(utf8ToBytes(id)) : hmac(sha256, utf8ToBytes(key), utf8ToBytes(id)));

/** A stretch of a text, from its first character to after its last. */
type Stretch = readonly [from: number, to: number];

function* matchesOf(pattern: RegExp, text: string): Generator<Stretch> {
  for (const match of text.matchAll(pattern)) yield [match.index, match.index + match[0].length];
}

const NO_ADDRESS = /[\s@"<>,;:\\]/;
/**
 * E-mail addresses, looked for from each `@` on to both sides and no further than an address is long: time grows with the
 * text, which may be a stranger's, and not with its square.
 */
function* emailsIn(text: string): Generator<Stretch> {
  const [mostBefore, mostAfter] = [64, 255];
  let free = 0;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    let from = at;
    while (from > free && at - from < mostBefore && !NO_ADDRESS.test(text[from - 1]!)) from -= 1;
    let to = at + 1;
    while (to < text.length && to - at <= mostAfter && !NO_ADDRESS.test(text[to]!)) to += 1;
    // A dot with something on both sides of it.
    const dot = text.slice(at + 1, to - 1).indexOf('.', 1);
    if (from === at || dot < 0) continue;
    yield [from, to];
    free = to;
  }
}

/** Ids of a person rather than of a project: where they stand in a text. */
const PLATFORM_IDS: Readonly<Record<string, (text: string) => Iterable<Stretch>>> = {
  Prolific: (text) => matchesOf(/\b[0-9a-f]{24}\b/gi, text),
  'Mechanical Turk': (text) => matchesOf(/\bA(?=[A-Z]{0,19}\d)[0-9A-Z]{11,20}\b/g, text),
  'e-mail': emailsIn,
};

/** Whether a rater id looks like a platform's worker id, an e-mail address, or a person's name. */
export const looksLikePlatformId = (id: string): boolean =>
  /\s/.test(id.trim()) || Object.values(PLATFORM_IDS).some((findIn) => [...findIn(id)].length > 0);

/** A raw text with everything that looks like a platform id put under its pseudonym; names cannot be told from other text. */
export const redactIds = (text: string, key?: string): string =>
  Object.values(PLATFORM_IDS).reduce((rest, findIn) => {
    const parts: string[] = [];
    let done = 0;
    for (const [from, to] of findIn(rest)) {
      parts.push(rest.slice(done, from), pseudonym(rest.slice(from, to), key));
      done = to;
    }
    return parts.join('') + rest.slice(done);
  }, text);

/** Gives rater ids their pseudonyms, and counts. */
export interface Pseudonymiser {
  readonly keyed: boolean;
  rater(id: string, options?: { readonly platform?: boolean }): string;
  redact(text: string): string;
  /** What was replaced: id → pseudonym. Whoever keeps this can undo the pseudonyms. */
  readonly given: ReadonlyMap<string, string>;
}

const MIN_KEY = 16;

/** Ids that look like a platform's, or are said to be one's, go under pseudonyms; others stay. */
export function createPseudonymiser(key?: string): Pseudonymiser {
  if (key !== undefined && key.length < MIN_KEY) {
    const want = `expected a pseudonym key of at least ${MIN_KEY} characters`;
    throw new UsageError('pseudonym-key', `${want}, got ${key.length}; a short key can be guessed`);
  }
  const given = new Map<string, string>();
  return {
    keyed: key !== undefined,
    given,
    rater(id, { platform = false } = {}) {
      if (!platform && !looksLikePlatformId(id)) return id;
      let name = given.get(id);
      if (name === undefined) {
        name = pseudonym(id, key);
        given.set(id, name);
      }
      return name;
    },
    redact: (text) => redactIds(text, key),
  };
}
