import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commit, leafOf, readSalts, withheldLine } from '../../../src/disclosure/commitments.ts';
import { bundleSchema, payloadOf } from '../../../src/disclosure/dsse.ts';
import {
  CLAIMS,
  encodeKey,
  MANIFEST,
  OPENINGS,
  RECORDS,
  SEAL,
  verdictsOf,
  WITHHELD,
} from '../../../src/disclosure/index.ts';
import {
  openRow,
  type Reader,
  readPrivateKey,
  redactionSchema,
  sealRun,
  signClaim,
  signPayload,
  writeKeyPair,
} from '../../../src/disclosure/node.ts';
import { manifestSchema, manifestText, render, sealText } from '../../../src/disclosure/seal.ts';
import { withheldList } from '../../../src/disclosure/withheld.ts';
import { redactRun, verifyPipelineRun } from '../../../src/pipeline/index.ts';
import { createMemory } from '../../../src/pipeline/remember.ts';
import { canonicalJson, digestBytes } from '../../../src/run/index.ts';
import { diskFolder, filesBelow, readRecords } from '../../../src/run/node.ts';
import { createRng, type Rng } from '../../../src/stats/index.ts';
import { editJson, pick } from './json-edits.ts';

/**
 * Forgeries of what is signed and of what is withheld. The reader has the keys of issuer and auditor from elsewhere; the forger
 * has this code, the folder, and keys of their own.
 */
const ROWS = 'feedback/judgments.jsonl';
const now = () => '2026-02-03T04:05:06.000Z';

/** An honest run, signed by issuer and auditor, and a public copy of it that the issuer signed too. */
export interface SignedRun {
  readonly run: string;
  readonly copy: string;
  readonly reader: Reader;
  readonly stranger: ReturnType<typeof readPrivateKey>;
  /** Claims of another run by the same people. */
  readonly foreign: string;
}

export async function signedRun(place: string, honest: string): Promise<SignedRun> {
  const [run, copy, other] = ['run', 'copy', 'other'].map((name) => join(place, name)) as [string, string, string];
  const keyOf = (name: string) => {
    const path = join(place, `${name}.pem`);
    writeKeyPair(path, { kind: name === 'auditor' ? 'p256' : 'ed25519' });
    return { ...readPrivateKey(path, undefined), name };
  };
  const [issuer, auditor, stranger] = [keyOf('issuer'), keyOf('auditor'), keyOf('stranger')];
  const sign = (folder: string, key: typeof issuer, role: 'issuer' | 'auditor', statement?: string) =>
    signClaim(folder, { key, role, statement, now, records: readRecords(join(folder, RECORDS)).records });
  for (const folder of [run, other]) cpSync(honest, folder, { recursive: true });
  writeFileSync(join(other, 'notes.txt'), 'another run');
  sealRun(other);
  for (const folder of [run, other]) {
    sign(folder, issuer, 'issuer');
    sign(folder, auditor, 'auditor', 'ran every probe again: sound');
  }
  const grounds = {
    reason: 'personal-data',
    justification: 'asked for by whom it names',
    custodian: 'the laboratory',
    retainUntil: '2031-01-01',
    materialToConclusion: true,
  };
  const redaction = redactionSchema.parse({ rules: [{ file: ROWS, lines: [2, 3, 7], ...grounds }] });
  await redactRun(run, { redaction, out: copy, allowRepeats: true });
  sign(copy, issuer, 'issuer', 'shown with three judgments withheld');
  const foreign = readFileSync(join(other, CLAIMS), 'utf8');
  return { run, copy, reader: { keys: [issuer, auditor] }, stranger, foreign };
}

/** Seals a public copy anew as it lies there, as its issuer could who has altered it: salts, list and form are what they should be. */
export function resealCopy(folder: string): void {
  const disk = diskFolder(folder);
  const salts = readSalts(disk);
  const { files } = manifestSchema.parse(JSON.parse(read(folder, MANIFEST)));
  const there = new Set(filesBelow(folder));
  const manifest = manifestText(files.map((file) => (there.has(file.path) ? commit(disk, file.path, salts) : file)));
  const seal = sealText(disk, manifest, 'goodhart-seal-2');
  writeFileSync(join(folder, MANIFEST), manifest);
  writeFileSync(join(folder, SEAL), seal);
  const { entries } = JSON.parse(read(folder, WITHHELD)) as ReturnType<typeof withheldList>;
  writeFileSync(join(folder, WITHHELD), render(withheldList(digestBytes(Buffer.from(seal)), entries)));
}

interface Draw {
  readonly what: string;
  readonly edits: ReadonlyMap<string, string | null>;
}
type DrawSigned = (given: SignedRun & { readonly folder: string }, rng: Rng) => Draw | undefined;

const read = (folder: string, file: string) => readFileSync(join(folder, file), 'utf8');
const one = (file: string, content: string | null, what: string): Draw => ({ what, edits: new Map([[file, content]]) });
const unlined = (text: string) => text.split('\n').slice(0, -1);
const lined = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

/** A claim with its statement altered; signed anew with the forger's key, or with the old signature. */
function altered(line: string, rng: Rng, key?: SignedRun['stranger']): string | undefined {
  const bundle = bundleSchema.parse(JSON.parse(line));
  const statement = JSON.parse(Buffer.from(payloadOf(bundle)).toString('utf8'));
  if (key !== undefined) {
    const predicate = { ...statement.predicate, key: encodeKey(key) };
    return canonicalJson(signPayload(key, Buffer.from(canonicalJson({ ...statement, predicate }))));
  }
  const edit = editJson(rng, statement);
  if (edit === undefined || canonicalJson(edit.value) === canonicalJson(statement)) return undefined;
  const payload = Buffer.from(canonicalJson(edit.value)).toString('base64');
  return canonicalJson({ ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, payload } });
}

const claims: DrawSigned = ({ folder, stranger, foreign }, rng) => {
  const text = read(folder, CLAIMS);
  const lines = unlined(text);
  const i = rng.integer(lines.length);
  const put = (line: string | undefined) => (line === undefined ? undefined : lined(lines.with(i, line)));
  switch (rng.integer(7)) {
    case 0: {
      const content = put(altered(lines[i]!, rng, stranger));
      return content === undefined ? undefined : one(CLAIMS, content, `line ${i + 1} signed with another key`);
    }
    case 1:
      return one(CLAIMS, foreign, 'replayed from another run');
    case 2: {
      const content = put(altered(lines[i]!, rng));
      return content === undefined ? undefined : one(CLAIMS, content, `statement of line ${i + 1} altered`);
    }
    case 3:
      return one(CLAIMS, lined(lines.toSpliced(i, 1)), `line ${i + 1} dropped`);
    case 4:
      return one(CLAIMS, lined(lines.toSpliced(i, 0, lines[i]!)), `line ${i + 1} doubled`);
    case 5:
      return one(CLAIMS, null, 'no claims');
    default: {
      const bytes = Buffer.from(text);
      const at = rng.integer(bytes.length);
      bytes[at]! ^= 1 << rng.integer(7);
      return one(CLAIMS, bytes.toString('latin1'), `bit of byte ${at} of the claims`);
    }
  }
};

/** The list of what is withheld altered anywhere; half of the time with its digest made anew. */
const list: DrawSigned = ({ folder }, rng) => {
  const whole = JSON.parse(read(folder, WITHHELD)) as ReturnType<typeof withheldList>;
  const edit = editJson(rng, whole.entries);
  if (edit === undefined || canonicalJson(edit.value) === canonicalJson(whole.entries)) return undefined;
  const entries = edit.value as typeof whole.entries;
  const made = rng.integer(2) === 0 ? { ...whole, entries } : withheldList(whole.seal, entries);
  return one(WITHHELD, `${canonicalJson(made)}\n`, `${edit.kind} at ${edit.pointer} of the list`);
};

/** A row that was shown withheld, as its issuer would have done it: silently, or with the list made anew. */
const hide: DrawSigned = ({ folder, run }, rng) => {
  const lines = unlined(read(folder, ROWS));
  const i = rng.integer(lines.length);
  if (lines[i]!.startsWith('{"withheld"')) return undefined;
  const row = openRow(run, `${ROWS}:${i + 1}`);
  const leaf = leafOf(row);
  const edits = new Map([
    [ROWS, lined(lines.with(i, withheldLine(leaf)))],
    [OPENINGS, read(folder, OPENINGS).replace(`"${row.salt}"`, 'null')],
  ]);
  if (rng.integer(2) === 0) return { what: `line ${i + 1} withheld silently`, edits };
  const { seal, entries } = JSON.parse(read(folder, WITHHELD)) as ReturnType<typeof withheldList>;
  const more = { ...entries[0]!, lines: [[i + 1, i + 1] as [number, number]], count: 1, digest: leaf };
  edits.set(WITHHELD, `${canonicalJson(withheldList(seal, [...entries, more]))}\n`);
  return { what: `line ${i + 1} withheld and listed`, edits };
};

/** What is shown altered: a row, a salt, a leaf that stands for a row. */
const shown: DrawSigned = ({ folder }, rng) => {
  const file = pick(rng, [ROWS, OPENINGS, RECORDS]);
  const text = read(folder, file);
  const digits = [...text.matchAll(/[0-9a-f]/g)];
  const { index, 0: digit } = pick(rng, digits);
  const other = digit === '0' ? '1' : '0';
  return one(file, `${text.slice(0, index)}${other}${text.slice(index + 1)}`, `a digit of ${file}`);
};

/** Kinds of such forgeries, with the folder that each is made in. */
export const SIGNED_KINDS = {
  'claims of a run': { at: 'run', draw: claims },
  'claims of a public copy': { at: 'copy', draw: claims },
  'the list of what is withheld': { at: 'copy', draw: list },
  'a row withheld later': { at: 'copy', draw: hide },
  'what a copy shows': { at: 'copy', draw: shown },
} as const satisfies Record<string, { readonly at: 'run' | 'copy'; readonly draw: DrawSigned }>;
export type SignedKindId = keyof typeof SIGNED_KINDS;
const IDS = Object.keys(SIGNED_KINDS) as SignedKindId[];

/** Draws so many forgeries from a seed and verifies each; those that pass are faults. */
export async function runSignedForgeries(
  given: SignedRun,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<{ readonly refused: ReadonlyMap<SignedKindId, number>; readonly faults: readonly string[] }> {
  const remember = createMemory(2000);
  const refused = new Map<SignedKindId, number>();
  const faults: string[] = [];
  const verify = (folder: string) => verifyPipelineRun(folder, { remember, reader: given.reader });
  for (const folder of [given.run, given.copy]) {
    const states = verdictsOf(await verify(folder)).map(({ state }) => state);
    if (states.some((state) => state !== 'holds')) faults.push(`${folder}: honest, and ${states.join(', ')}`);
  }
  for (let done = 0, n = 0; done < count; n++) {
    const rng = createRng(`${seed}/signed/${n}`);
    const id = IDS[n % IDS.length]!;
    const { at, draw } = SIGNED_KINDS[id];
    const folder = given[at];
    const drawn = draw({ ...given, folder }, rng);
    if (drawn === undefined) continue;
    const before = new Map([...drawn.edits.keys()].map((file) => [file, readFileSync(join(folder, file))]));
    if (
      [...drawn.edits].every(
        ([file, content]) => content !== null && before.get(file)!.equals(Buffer.from(content, 'latin1')),
      )
    )
      continue;
    for (const [file, content] of drawn.edits) {
      if (content === null) rmSync(join(folder, file));
      else writeFileSync(join(folder, file), content, file === CLAIMS ? 'latin1' : 'utf8');
    }
    try {
      const failed = (await verify(folder)).filter(({ ok }) => !ok);
      if (failed.length === 0) faults.push(`${id}: ${drawn.what}: passed`);
      else refused.set(id, (refused.get(id) ?? 0) + 1);
    } catch (error) {
      faults.push(`${id}: ${drawn.what}: ${(error as Error).message}`);
    } finally {
      for (const [file, content] of before) writeFileSync(join(folder, file), content);
    }
    done += 1;
  }
  return { refused, faults };
}
