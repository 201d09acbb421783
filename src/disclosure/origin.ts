import type { Folder, RunRecord } from '../run/index.ts';
import { type Check, ORIGIN, openCheck } from './check.ts';
import { type ClaimSubject, readClaims, rootsNamed, type SignedClaim, subjectOf } from './claims.ts';
import type { Row } from './commitments.ts';
import { signatureOf, timestampsOf } from './dsse.ts';
import type { VerifyingKey } from './keys.ts';
import { CLAIMS, SEAL } from './sealed-files.ts';

/** A key that a reader knows from elsewhere, with the name they know it by. */
export interface KnownKey extends VerifyingKey {
  readonly name: string;
}

/** What a time stamp says. */
export interface Timestamp {
  readonly at: Date;
  /** Distinguished name of the signing certificate. */
  readonly authority: string;
  /** Whether its certificate leads to one that the reader gave. */
  readonly trusted: boolean;
}

/** Reads responses of time-stamping authorities, where there is something that can. */
export interface StampReader {
  /** How many authorities the reader trusts. */
  readonly authorities: number;
  /** @throws DataError where the response is damaged, or about other bytes. */
  read(response: Uint8Array, bytes: Uint8Array): Timestamp;
}

/** What a reader brings: nothing of it is taken from the folder. */
export interface KnownFacts {
  readonly keys?: readonly KnownKey[];
  /** A digest that was published elsewhere: of the seal, or of the list of what is withheld. */
  readonly published?: string | undefined;
  /** Rows that somebody opened to the reader. */
  readonly openings?: readonly Row[];
}

/** A sealed folder, as far as claims are held against it. */
export interface ClaimedFolder {
  readonly folder: Folder;
  readonly records: readonly RunRecord[];
  readonly seal: ClaimSubject;
  /** The list of what is withheld; undefined where nothing is. */
  readonly withheld: ClaimSubject | undefined;
}

type Standing = 'of this seal' | 'of an earlier seal' | { readonly fault: string };

/** What a claim is about: this seal, an earlier one of this run, or something else. */
function standingOf(
  claim: SignedClaim,
  { records, seal, withheld }: ClaimedFolder,
  roots: ReadonlyMap<number, string>,
): Standing {
  const { root, count } = claim.statement.predicate.records;
  const isOfRun = roots.get(count) === root;
  if (subjectOf(claim, SEAL) !== seal.sha256)
    // The log of this run was shorter when the claim was made: it is about an earlier seal of the same run.
    return isOfRun && count > 0 && count < records.length
      ? 'of an earlier seal'
      : { fault: 'is about the seal of another run, or of other files' };
  if (count !== records.length || !isOfRun) return { fault: 'names other records than the seal' };
  const listed = withheld === undefined ? undefined : subjectOf(claim, withheld.name);
  if (listed !== undefined && listed !== withheld!.sha256)
    return { fault: 'is about another list of what is withheld' };
  return 'of this seal';
}

const about = (name: string, ok: boolean, detail: string): Check => ({ name, ok, detail, aspect: 'origin' });
const fingerprintText = ({ fingerprint }: VerifyingKey): string => `key ${fingerprint.slice(0, 16)}…`;

type ReadStamps = readonly (Timestamp | { readonly fault: string })[];

/** Time stamps of one claim, read; a damaged one, or one of another signature, is a fault. */
function stampsOf(claim: SignedClaim, { read }: StampReader): ReadStamps {
  return timestampsOf(claim.bundle).map((response) => {
    try {
      return read(response, signatureOf(claim.bundle));
    } catch (error) {
      return { fault: (error as Error).message };
    }
  });
}

function claimCheck(claim: SignedClaim, standing: Standing, known: KnownKey | undefined): Check {
  const { role, statement } = claim.statement.predicate;
  const name = `${CLAIMS} line ${claim.line}`;
  if (typeof standing === 'object') return about(name, false, standing.fault);
  const said = statement === null ? '' : `: ${JSON.stringify(statement)}`;
  const what = `signed ${standing === 'of this seal' ? '' : 'an earlier seal '}as ${role} with ${fingerprintText(claim.key)}`;
  return known === undefined
    ? openCheck(name, `${what}, which was not given (self-asserted)${said}`, 'origin')
    : about(name, true, `${what} (${known.name})${said}`);
}

/** Whose the run is: a reader's keys, or a digest that was published, tell; the folder alone does not. */
function originChecks(
  current: readonly SignedClaim[],
  at: ClaimedFolder,
  { keys = [], published }: KnownFacts,
): Check[] {
  const { seal, withheld } = at;
  const checks: Check[] = [];
  if (published !== undefined) {
    const found = [withheld, seal].find((subject) => subject?.sha256 === published);
    // Of a redacted folder the digest of the seal says nothing of what is withheld, and why.
    const bare = found === seal && withheld !== undefined && keys.length === 0;
    const detail =
      found === undefined
        ? `is not the digest ${published.slice(0, 16)}… that was published`
        : `${found.name} is what was published`;
    checks.push(about(ORIGIN, found !== undefined, detail));
    if (bare) checks.push(openCheck(ORIGIN, `${withheld.name} is self-asserted: give its digest, or a key`, 'origin'));
  }
  const byKey = (key: VerifyingKey) => current.filter((claim) => claim.key.fingerprint === key.fingerprint);
  for (const key of keys) {
    const own = byKey(key);
    checks.push(
      own.length > 0
        ? about(
            ORIGIN,
            true,
            `signed as ${[...new Set(own.map(({ statement }) => statement.predicate.role))].join(', ')} with ${key.name}`,
          )
        : about(ORIGIN, false, `no claim about this seal is signed with ${key.name} (${fingerprintText(key)})`),
    );
  }
  if (keys.length > 0 && withheld !== undefined && published !== withheld.sha256) {
    const covered = keys.flatMap(byKey).some((claim) => subjectOf(claim, withheld.name) === withheld.sha256);
    const detail = covered ? 'what is withheld is signed' : 'what is withheld is signed with none of the keys given';
    checks.push(about(withheld.name, covered, detail));
  }
  if (keys.length === 0 && published === undefined) {
    const count = current.length === 0 ? 'nobody signed it' : `${current.length} signed, and no key was given`;
    checks.push(openCheck(ORIGIN, `self-asserted: ${count}`, 'origin'));
  }
  return checks;
}

/** When the seal was there at the latest, by an outside clock; without one it is the issuer's word. */
function timeChecks(
  current: readonly SignedClaim[],
  read: { readonly authorities: number; readonly stampsOf: (claim: SignedClaim) => ReadStamps } | undefined,
): Check[] {
  const declared = current.map(({ statement }) => statement.predicate.declaredAt).sort()[0];
  const word = `time declared by issuer${declared === undefined ? '' : `: ${declared}`}`;
  const count = current.flatMap(({ bundle }) => timestampsOf(bundle)).length;
  if (read === undefined)
    return [openCheck('time', count === 0 ? word : `${word}; ${count} time stamps, which are not read here`, 'origin')];
  const stamps = current.flatMap(read.stampsOf).flatMap((stamp) => ('fault' in stamp ? [] : [stamp]));
  const trusted = stamps.filter((stamp) => stamp.trusted).sort((a, b) => a.at.getTime() - b.at.getTime())[0];
  if (trusted !== undefined)
    return [about('time', true, `sealed before ${trusted.at.toISOString()}, says ${trusted.authority}`)];
  if (read.authorities > 0) return [about('time', false, 'no time stamp of an authority that was given')];
  const [first] = stamps;
  if (first !== undefined)
    return [
      openCheck(
        'time',
        `stamped ${first.at.toISOString()} by ${first.authority}, whose certificate was not given`,
        'origin',
      ),
    ];
  return [openCheck('time', word, 'origin')];
}

/** Origin and time of a sealed folder. */
export function originAndTime(at: ClaimedFolder, known: KnownFacts, reader?: StampReader): Check[] {
  const { keys = [] } = known;
  const { claims, faults } = readClaims(at.folder);
  const roots = rootsNamed(claims, at.records);
  const standings = claims.map((claim) => ({ claim, standing: standingOf(claim, at, roots) }));
  const current = standings.filter(({ standing }) => standing === 'of this seal').map(({ claim }) => claim);
  const stamps = reader === undefined ? undefined : new Map(claims.map((claim) => [claim, stampsOf(claim, reader)]));
  const stampFaults = [...(stamps ?? [])].flatMap(([{ line }, read]) =>
    read.flatMap((stamp) => ('fault' in stamp ? [about(`${CLAIMS} line ${line}`, false, stamp.fault)] : [])),
  );
  return [
    ...originChecks(current, at, known),
    ...timeChecks(current, reader && { authorities: reader.authorities, stampsOf: (claim) => stamps!.get(claim)! }),
    ...faults.map(({ line, why }) => about(`${CLAIMS} line ${line}`, false, why)),
    ...standings.map(({ claim, standing }) =>
      claimCheck(
        claim,
        standing,
        keys.find(({ fingerprint }) => fingerprint === claim.key.fingerprint),
      ),
    ),
    ...stampFaults,
  ];
}
