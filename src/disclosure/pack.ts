import { z } from 'zod';
import { type Finding, findingLabel, findingsSchema } from '../audit/index.ts';
import { type Folder, jsonOfIn } from '../run/index.ts';
import { type Disclosure, type DisclosureItem, disclosureSchema } from './build.ts';
import { evidenceOf } from './finding-files.ts';
import type { DisclosureId } from './items.ts';
import { type Answered, ASKED_IDS, type AskedId, questionnaire } from './questionnaire.ts';
import { type Access, accessSchema, assuranceSchema } from './review.ts';
import { isPublicCopy, manifestSchema } from './seal.ts';
import { MANIFEST, SEAL, WITHHELD } from './sealed-files.ts';
import { withheldLines } from './sealed-state.ts';
import { readWithheld, type WithheldList } from './withheld.ts';

/** Where the sealed run lies in a pack. */
export const PACK_RUN = 'run/';
/** Other files of a pack; none of them is under the seal. */
export const PACK_FILES = {
  data: 'pack.json',
  page: 'pack.html',
  expected: 'replicate/expected.sha256',
  config: 'replicate/config.json',
} as const;

const words = z.string().min(1);
const answersSchema = z.strictObject(
  Object.fromEntries(ASKED_IDS.map((id) => [id, words.optional()])) as Record<AskedId, z.ZodOptional<typeof words>>,
);

/** What the issuer says when packing: what is given, what it assures, what they assert, and whom to ask. */
export const packAboutSchema = z.strictObject({
  access: accessSchema,
  assurance: assuranceSchema,
  assertions: z.array(z.strictObject({ text: words, author: words, date: z.iso.date() })).default([]),
  contacts: z.array(z.strictObject({ role: words, name: words, reach: words })).default([]),
  answers: answersSchema.prefault({}),
});
export type PackAbout = Readonly<z.infer<typeof packAboutSchema>>;

/** A file that an item rests on. */
interface PackedFile {
  readonly path: string;
  readonly rows: number;
  readonly withheld: number;
  /** Merkle root in the manifest. */
  readonly root: string;
}

/** How the run is made again, and what must come out. */
export interface Replication {
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  /** What it takes that is not in the pack; null for nothing. */
  readonly needs: string | null;
  readonly expected: readonly { readonly path: string; readonly sha256: string }[];
}

/** What a pack says of itself. */
export interface AuditPack {
  readonly format: 'goodhart-audit-pack-1';
  readonly run: string;
  readonly seal: string;
  readonly withheldDigest: string | null;
  /** Salts that are in the pack: of all rows, or of those that are shown. */
  readonly salts: 'all rows' | 'rows that are shown';
  readonly access: Access;
  readonly assurance: PackAbout['assurance'];
  readonly assertions: PackAbout['assertions'];
  readonly contacts: PackAbout['contacts'];
  readonly evidence: readonly {
    readonly item: DisclosureId;
    readonly title: string;
    readonly status: DisclosureItem['status'];
    readonly files: readonly PackedFile[];
  }[];
  readonly withheld: WithheldList['entries'];
  readonly replication: Replication;
  readonly questionnaire: readonly Answered[];
}

/** Files that an item names, and the evidence of its findings. */
function filesOfItem({ statements, findings }: DisclosureItem, all: readonly Finding[]): string[] {
  const labels = new Set(findings.map(({ label }) => label));
  const evidence = all.filter((finding) => labels.has(findingLabel(finding))).flatMap(evidenceOf);
  return [...new Set([...statements, ...findings].map(({ file }) => file).concat(evidence))].sort();
}

/** Everything a pack says, from a sealed folder and what the issuer adds. */
export function auditPack(
  folder: Folder,
  { about, replication }: { readonly about: PackAbout; readonly replication: Replication },
): { readonly pack: AuditPack; readonly disclosure: Disclosure } {
  const disclosure = jsonOfIn(folder, 'disclosure/disclosure.json', disclosureSchema);
  const findings = jsonOfIn(folder, 'findings.json', findingsSchema);
  const manifest = new Map(jsonOfIn(folder, MANIFEST, manifestSchema).files.map((entry) => [entry.path, entry]));
  const hidden = withheldLines(folder);
  const packed = (path: string): PackedFile[] => {
    const entry = manifest.get(path);
    return entry === undefined
      ? []
      : [{ path, rows: entry.count, withheld: hidden.get(path)?.length ?? 0, root: entry.root }];
  };
  const pack: AuditPack = {
    format: 'goodhart-audit-pack-1',
    run: disclosure.run,
    seal: folder.digest(SEAL).sha256,
    withheldDigest: folder.has(WITHHELD) ? folder.digest(WITHHELD).sha256 : null,
    salts: isPublicCopy(folder) ? 'rows that are shown' : 'all rows',
    access: about.access,
    assurance: about.assurance,
    assertions: about.assertions,
    contacts: about.contacts,
    evidence: disclosure.items.map((item) => ({
      item: item.id,
      title: item.title,
      status: item.status,
      files: filesOfItem(item, findings).flatMap(packed),
    })),
    withheld: readWithheld(folder)?.entries ?? [],
    replication,
    questionnaire: questionnaire(disclosure, about.answers),
  };
  return { pack, disclosure };
}
