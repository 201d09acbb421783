import type { Block, Cell, Section, Tone, Verdict } from '../report/index.ts';
import { type AspectState, type Check, NOT_EXCLUDED, verdictsOf } from './check.ts';
import type { SignedClaim } from './claims.ts';
import type { VerifyingKey } from './keys.ts';
import { ACCESS_LEVELS, ACCESS_OVER, type Review } from './review.ts';
import type { WithheldList } from './withheld.ts';

const TONES: Readonly<Record<AspectState, Tone>> = {
  holds: 'clear',
  fails: 'failure',
  'cannot be checked': 'not-assessed',
};

const line = ({ name, detail }: Check): string => `${name}: ${detail}`;
const fold = (summary: string, checks: readonly Check[], open?: true): Block[] =>
  checks.length === 0
    ? []
    : [{ kind: 'fold', summary, blocks: [{ kind: 'list', items: checks.map(line) }], ...(open && { open }) }];

/** The three answers, with every check behind them. */
export function verdictsSection(checks: readonly Check[]): Section {
  const failed = checks.filter(({ ok }) => !ok);
  const open = checks.filter((check) => check.open === true);
  const held = checks.filter((check) => check.ok && check.open === undefined);
  return {
    id: 'verdicts',
    title: 'What verifying says',
    note: NOT_EXCLUDED,
    blocks: [
      ...verdictsOf(checks).map(
        ({ title, state, detail }): Block => ({
          kind: 'verdict',
          verdict: { tone: TONES[state], text: `${title}: ${state}` },
          text: detail,
        }),
      ),
      ...fold(`${failed.length} failed`, failed, true),
      ...fold(`${open.length} cannot be checked`, open),
      ...fold(`${held.length} hold`, held),
    ],
  };
}

/** How much of a key's fingerprint is shown. */
const SHOWN_DIGITS = 16;

const CONCLUSION_TONES = {
  confirmed: 'clear',
  qualified: 'concern',
  contradicted: 'failure',
  'not-examined': 'not-assessed',
} as const satisfies Record<Review['findings'][number]['conclusion'], Tone>;

/** A conclusion by colour and word. */
export const conclusionOf = (conclusion: keyof typeof CONCLUSION_TONES): Verdict => ({
  tone: CONCLUSION_TONES[conclusion],
  text: conclusion.replace('-', ' '),
});

/** What a third party found, with the access they had and whom they depend on. */
function reviewBlocks(
  { line: number, key, statement: { predicate } }: SignedClaim,
  known: ReadonlyMap<string, string>,
): Block[] {
  const { review, role } = predicate;
  if (review === undefined) return [];
  const { access, assurance, independence, findings } = review;
  return [
    {
      kind: 'heading',
      text: `Line ${number}: findings of a third party, signed as ${role} with ${keyText(key, known)}`,
    },
    {
      kind: 'facts',
      name: `Access and independence, line ${number}`,
      rows: [
        ...(Object.keys(ACCESS_OVER) as (keyof typeof ACCESS_OVER)[]).map(
          (over) => [`Access to ${ACCESS_OVER[over]}`, `${access[over]}, ${ACCESS_LEVELS[access[over]]}`] as const,
        ),
        ['Assurance', assurance],
        ['Paid by', independence.funding],
        ['May not tell', independence.confidentiality],
        ['May change or hold back the text', independence.veto],
      ],
    },
    {
      kind: 'table',
      name: `Findings of line ${number}`,
      columns: [{ title: 'About' }, { title: 'Conclusion' }, { title: 'Finding' }],
      rows: findings.map(({ about, conclusion, text }): Cell[] => [
        about === 'run' ? 'the run' : about,
        conclusionOf(conclusion),
        text,
      ]),
    },
  ];
}

/** A key by the name that the reader gave it, and by its fingerprint. */
export const fingerprintText = (fingerprint: string, known: ReadonlyMap<string, string>): string =>
  `${known.get(fingerprint) ?? 'a key that was not given'} (${fingerprint.slice(0, SHOWN_DIGITS)}…)`;

const keyText = ({ fingerprint }: VerifyingKey, known: ReadonlyMap<string, string>): string =>
  fingerprintText(fingerprint, known);

/** Who signed what. Whether a key is whose it says, only the reader's own copy of it tells. */
export function claimsSection(claims: readonly SignedClaim[], known: ReadonlyMap<string, string> = new Map()): Section {
  return {
    id: 'claims',
    title: 'Who signed',
    note: 'Each line is a statement about the seal. A role is what the signer says of themselves; only a key that you have from elsewhere tells who it is.',
    blocks: [
      {
        kind: 'table',
        name: 'Claims about the seal',
        columns: [
          { title: 'Line' },
          { title: 'Role' },
          { title: 'Key' },
          { title: 'Says' },
          { title: 'By its own clock' },
        ],
        rows: claims.map(({ line: number, key, statement: { predicate } }): Cell[] => [
          String(number),
          predicate.role,
          keyText(key, known),
          predicate.statement ?? (predicate.review === undefined ? 'nothing besides' : 'findings, below'),
          predicate.declaredAt,
        ]),
        none: 'Nobody signed this seal.',
      },
      ...claims.flatMap((claim) => reviewBlocks(claim, known)),
    ],
  };
}

const linesText = (lines: readonly (readonly [number, number])[]): string =>
  lines.map(([from, to]) => (from === 0 ? 'whole file' : from === to ? `${from}` : `${from}–${to}`)).join(', ');

/** What a public copy withholds, and why. */
export const withheldSection = ({ entries }: Pick<WithheldList, 'entries'>): Section => ({
  id: 'withheld',
  title: 'What is withheld',
  note: 'Withheld, never absent: every row that is not shown is counted here, with its grounds.',
  blocks: [
    {
      kind: 'table',
      name: 'Withheld rows',
      columns: [
        { title: 'File' },
        { title: 'Rows', number: true },
        { title: 'Which' },
        { title: 'Reason' },
        { title: 'Justification' },
        { title: 'Kept by' },
        { title: 'Bears on a conclusion' },
        { title: 'Reviewed by' },
      ],
      rows: entries.map((entry): Cell[] => [
        entry.path,
        String(entry.count),
        linesText(entry.lines),
        entry.reason,
        entry.justification,
        `${entry.custodian}, until ${entry.retainUntil}`,
        entry.materialToConclusion ? { tone: 'concern', text: 'yes' } : 'no',
        entry.reviewedBy ?? 'nobody',
      ]),
    },
  ],
});
