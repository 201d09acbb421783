import {
  claimsSection,
  folderBelow,
  type KnownKey,
  keyFromPem,
  readClaims,
  rowSchema,
  SEAL,
  sealedRootOf,
  thirdPartySections,
  verdictsOf,
  verdictsSection,
  verifyFolder,
  WITHHELD,
  withheldOf,
  withheldSection,
} from '../../disclosure/index.ts';
import type { ReportDocument } from '../../report/index.ts';
import { type Folder, parseJson, UsageError } from '../../run/index.ts';

/** What the reader brings, as they gave it: nothing of it is taken from the folder. */
export interface Given {
  /** Public keys as PEM, with the names of their files. */
  readonly keys: readonly { readonly name: string; readonly pem: string }[];
  readonly published: string;
  /** Rows that were opened to the reader, as JSON. */
  readonly openings: readonly string[];
}

function keyOfReader({ name, pem }: Given['keys'][number]): KnownKey {
  const key = keyFromPem(pem);
  if (key === undefined)
    throw new UsageError('key', `${name}: expected a public key, Ed25519 or P-256, as PEM (goodhart keys make)`);
  return { ...key, name };
}

/** What only the command does. */
const ONLY_COMMAND = [
  'Numbers that a stage of the run works out from other files of it: rewards, evaluations, results, the report. Their bytes are checked here; goodhart verify works them out again.',
  'That the records tell one whole run, stage by stage, with the files that it left.',
  'Time stamps of authorities (RFC 3161): goodhart verify --tsa reads them.',
];

/** Verifies what somebody chose, and says it as a document. */
export async function checkFolder(chosen: Folder, given: Given): Promise<ReportDocument> {
  const published = given.published.trim().toLowerCase();
  if (published !== '' && !/^[0-9a-f]{64}$/.test(published))
    throw new UsageError('published', 'expected a SHA-256 of 64 hex digits for the digest that was published');
  const keys = given.keys.map(keyOfReader);
  const openings = given.openings.map((text) => rowSchema.parse(parseJson(text)));
  const root = sealedRootOf(chosen.paths());
  const folder = folderBelow(chosen, root);
  const checks = await verifyFolder(folder, {
    reader: { keys, openings, ...(published !== '' && { published }) },
    roundsOtherwise: true,
  });
  const beside = chosen.paths().filter((path) => !path.startsWith(root)).length;
  const { claims } = readClaims(folder);
  const fails = verdictsOf(checks).some(({ state }) => state === 'fails');
  const list = folder.has(WITHHELD) && !fails ? [withheldSection(withheldOf(folder).list)] : [];
  return {
    title: folder.name,
    note: fails
      ? 'Something does not hold: do not rely on what this folder says.'
      : 'What this page can check is checked; what it cannot is said below.',
    sections: [
      verdictsSection(checks),
      {
        id: 'digests',
        title: 'Digests to compare with published ones',
        blocks: [
          {
            kind: 'facts',
            name: 'Digests',
            rows: [SEAL, WITHHELD].flatMap((path) =>
              folder.has(path) ? [[path, folder.digest(path).sha256] as const] : [],
            ),
          },
          ...(beside === 0
            ? []
            : [
                { kind: 'text', text: `${beside} files beside the sealed run are under no seal.`, soft: true } as const,
              ]),
        ],
      },
      ...(fails ? [] : thirdPartySections(folder, new Map(keys.map(({ fingerprint, name }) => [fingerprint, name])))),
      claimsSection(claims, new Map(keys.map(({ fingerprint, name }) => [fingerprint, name]))),
      ...list,
      {
        id: 'only-command',
        title: 'What only the command works out again',
        note: 'goodhart verify <folder> does all that this page does, and:',
        blocks: [{ kind: 'list', items: ONLY_COMMAND }],
      },
    ],
  };
}
