import type { Cell, Section } from '../report/index.ts';
import type { Folder } from '../run/index.ts';
import { type ClaimRole, readClaims, subjectAt, subjectOf } from './claims.ts';
import { DISCLOSURE_IDS, type DisclosureId } from './items.ts';
import type { Access, Review } from './review.ts';
import { SEAL } from './sealed-files.ts';
import { conclusionOf, fingerprintText } from './verdict-sections.ts';

/** What somebody else found of an item or of the whole run, as they signed it. */
export interface ThirdPartyFinding {
  readonly about: DisclosureId | 'run';
  readonly conclusion: Review['findings'][number]['conclusion'];
  readonly text: string;
  /** Line of the claims that it stands in. */
  readonly line: number;
  readonly role: ClaimRole;
  /** Of the key that signed it: a name that only the reader's own copy of the key gives. */
  readonly fingerprint: string;
  readonly declaredAt: string;
  readonly access: Access;
  readonly assurance: Review['assurance'];
  /** Whether it is about the seal that the folder has; an earlier one otherwise. */
  readonly ofThisSeal: boolean;
}

const ORDER = ['run', ...DISCLOSURE_IDS];

/**
 * Findings of third parties beside a sealed disclosure, by item. They are joined when somebody reads: the disclosure was sealed
 * before they were signed, and no byte of it changes. Lines whose signature does not hold tell nothing.
 */
export function thirdPartyFindings(folder: Folder): ThirdPartyFinding[] {
  const seal = subjectAt(folder, SEAL)?.sha256;
  const found = readClaims(folder).claims.flatMap((claim) => {
    const { line, key, statement } = claim;
    const { role, review, declaredAt } = statement.predicate;
    if (review === undefined) return [];
    const { access, assurance } = review;
    const signed = { line, role, fingerprint: key.fingerprint, declaredAt, access, assurance };
    return review.findings.map((finding) => ({
      ...finding,
      ...signed,
      ofThisSeal: seal !== undefined && subjectOf(claim, SEAL) === seal,
    }));
  });
  return found.sort((a, b) => ORDER.indexOf(a.about) - ORDER.indexOf(b.about));
}

/** These findings by item; no section where nobody signed any. */
export function thirdPartySections(folder: Folder, known: ReadonlyMap<string, string> = new Map()): Section[] {
  const findings = thirdPartyFindings(folder);
  if (findings.length === 0) return [];
  return [
    {
      id: 'third-parties',
      title: 'What third parties found, item by item',
      note: 'Signed by others after the disclosure was sealed, and joined here by reading: nothing sealed was changed by it, and none of it is the word of who made the run. Whose a key is, only your own copy of it tells.',
      blocks: [
        {
          kind: 'table',
          name: 'Findings of third parties',
          columns: [
            { title: 'Item' },
            { title: 'Conclusion' },
            { title: 'Finding' },
            { title: 'Signed' },
            { title: 'Access' },
            { title: 'About' },
          ],
          rows: findings.map((one): Cell[] => [
            one.about === 'run' ? 'the run' : one.about,
            conclusionOf(one.conclusion),
            one.text,
            `as ${one.role} with ${fingerprintText(one.fingerprint, known)}, line ${one.line}`,
            `model ${one.access.model}, information ${one.access.information}, time ${one.access.time}; ${one.assurance}`,
            one.ofThisSeal ? 'this seal' : 'an earlier seal',
          ]),
        },
      ],
    },
  ];
}
