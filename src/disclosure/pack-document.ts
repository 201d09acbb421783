import type { Block, Cell, ReportDocument, Section } from '../report/index.ts';
import type { Disclosure } from './build.ts';
import type { SignedClaim } from './claims.ts';
import { disclosureSection } from './document.ts';
import { type AuditPack, PACK_FILES, PACK_RUN } from './pack.ts';
import { ACCESS_LEVELS, ACCESS_OVER } from './review.ts';
import { claimsSection, withheldSection } from './verdict-sections.ts';

const accessSection = ({ access, assurance, salts, contacts, assertions }: AuditPack): Section => ({
  id: 'access',
  title: 'What is given, and what it can assure',
  note: 'Declared by who made the run. Levels of access as in arXiv 2601.11916, of assurance as in arXiv 2601.11699.',
  blocks: [
    {
      kind: 'facts',
      name: 'Access and assurance',
      rows: [
        ...(Object.keys(ACCESS_OVER) as (keyof typeof ACCESS_OVER)[]).map(
          (over) => [`Access to ${ACCESS_OVER[over]}`, `${access[over]}, ${ACCESS_LEVELS[access[over]]}`] as const,
        ),
        ['Assurance', assurance],
        ['Salts in the pack', `of ${salts}`],
      ],
    },
    {
      kind: 'table',
      name: 'Assertions',
      columns: [{ title: 'Assertion' }, { title: 'By' }, { title: 'On' }],
      rows: assertions.map(({ text, author, date }): Cell[] => [text, author, date]),
      none: 'Nothing was asserted besides the disclosure.',
    },
    {
      kind: 'table',
      name: 'Whom to ask',
      columns: [{ title: 'Role' }, { title: 'Name' }, { title: 'Where' }],
      rows: contacts.map(({ role, name, reach }): Cell[] => [role, name, reach]),
      none: 'Nobody is named.',
    },
  ],
});

const evidenceSection = ({ evidence }: AuditPack): Section => ({
  id: 'evidence',
  title: 'Evidence by item',
  note: `Paths lie below ${PACK_RUN}. A file of a run holds what an item says, or what its findings were computed from.`,
  blocks: evidence.flatMap(({ item, title, files }): Block[] => [
    { kind: 'heading', text: `${item} ${title}` },
    {
      kind: 'table',
      name: `Files of ${item}`,
      columns: [
        { title: 'File' },
        { title: 'Rows', number: true },
        { title: 'Withheld', number: true },
        { title: 'Root' },
      ],
      rows: files.map(({ path, rows, withheld, root }): Cell[] => [path, `${rows}`, `${withheld}`, root.slice(0, 16)]),
      none: 'No file: nothing in the run speaks of this item.',
    },
  ]),
});

const replicationSection = ({ replication: { command, needs, versions, expected } }: AuditPack): Section => ({
  id: 'replication',
  title: 'To make it again',
  note: `The same seed, versions and kind of machine give the same bytes. ${PACK_FILES.expected} has the digests of ${expected.length} files.`,
  blocks: [
    { kind: 'code', code: `${command}\ncd again && sha256sum --check ../${PACK_FILES.expected}` },
    ...(needs === null ? [] : [{ kind: 'text', text: needs } as const]),
    { kind: 'facts', name: 'Versions', rows: Object.entries(versions) },
  ],
});

const questionSection = ({ questionnaire }: AuditPack): Section => ({
  id: 'questionnaire',
  title: 'Questionnaire',
  note: 'Filled from what the run and its issuer say. Where nothing is known, it says so.',
  blocks: [
    {
      kind: 'table',
      name: 'Questions and answers',
      columns: [{ title: 'Question' }, { title: 'Answer' }, { title: 'Rests on' }],
      rows: questionnaire.map(({ id, question, answer, basis }): Cell[] => [
        `${id}: ${question}`,
        answer ?? { tone: 'missing', text: 'not known' },
        basis ?? 'nothing',
      ]),
    },
  ],
});

/** The pack as a document to read. */
export const packDocument = (
  pack: AuditPack,
  disclosure: Disclosure,
  claims: readonly SignedClaim[],
): ReportDocument => ({
  title: `Audit pack of ${pack.run}`,
  note: `Seal ${pack.seal}. Verify it before anything else: goodhart verify <this archive>, or the page of goodhart verify --page. This page is under no seal: what counts is what ${PACK_RUN} says.`,
  sections: [
    accessSection(pack),
    disclosureSection(disclosure),
    evidenceSection(pack),
    ...(pack.withheld.length === 0 ? [] : [withheldSection({ entries: pack.withheld })]),
    replicationSection(pack),
    questionSection(pack),
    claimsSection(claims),
  ],
});
