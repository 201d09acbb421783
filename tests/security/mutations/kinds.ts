import { commit, readSalts, withheldLine } from '../../../src/disclosure/commitments.ts';
import { bundleSchema, payloadOf } from '../../../src/disclosure/dsse.ts';
import { CLAIMS, encodeKey, MANIFEST, OPENINGS, RECORDS, SEAL, WITHHELD } from '../../../src/disclosure/index.ts';
import { signPayload } from '../../../src/disclosure/node.ts';
import { manifestPaths, manifestSchema, manifestText, sealText } from '../../../src/disclosure/seal.ts';
import {
  canonicalJson,
  chainRecord,
  digestBytes,
  memoryFolder,
  type RunRecord,
  recordsRoot,
} from '../../../src/run/index.ts';
import { editJson, pick } from '../forgery/json-edits.ts';
import { archiveOf, type Draw, edited, type Files, headerWith, lined, linesOf, openArchive, textOf } from './mutant.ts';

const JSON_LINES = /\.jsonl$/;
const rowFiles = (files: Files): string[] =>
  [...files.keys()].filter((path) => JSON_LINES.test(path) && linesOf(textOf(files, path)).length > 0);
const one = (files: Files, path: string, content: string | Uint8Array | null, what: string) =>
  edited(files, new Map([[path, content]]), `${path}: ${what}`);

const flip: Draw = ({ files }, rng) => {
  const path = pick(rng, [...files.keys()]);
  const bytes = Uint8Array.from(files.get(path)!);
  if (bytes.length === 0) return undefined;
  const at = rng.integer(bytes.length);
  bytes[at]! ^= 1 << rng.integer(8);
  return one(files, path, bytes, `bit of byte ${at}`);
};

const cutShort: Draw = ({ files }, rng) => {
  const path = pick(rng, [...files.keys()]);
  const bytes = files.get(path)!;
  return bytes.length === 0 ? undefined : one(files, path, bytes.subarray(0, rng.integer(bytes.length)), 'cut short');
};

/** A row of a file of rows, with something done to it. */
const row =
  (what: string, change: (lines: string[], i: number, j: number) => string[]): Draw =>
  ({ files }, rng) => {
    const path = pick(rng, rowFiles(files));
    const lines = linesOf(textOf(files, path));
    const [i, j] = [rng.integer(lines.length), rng.integer(lines.length)];
    return one(files, path, lined(change(lines, i, j)), `row ${i + 1} ${what}`);
  };
const dropped = row('dropped', (lines, i) => lines.toSpliced(i, 1));
const doubled = row('doubled', (lines, i) => lines.toSpliced(i, 0, lines[i]!));
const reordered = row('moved', (lines, i, j) => lines.with(i, lines[j]!).with(j, lines[i]!));
const blanked = row('with a blank line behind it', (lines, i) => lines.toSpliced(i + 1, 0, ''));

const swapped: Draw = ({ files }, rng) => {
  const paths = [...files.keys()];
  const [a, b] = [pick(rng, paths), pick(rng, paths)];
  return edited(
    files,
    new Map([
      [a, files.get(b)!],
      [b, files.get(a)!],
    ]),
    `${a} and ${b} swapped`,
  );
};

const missing: Draw = ({ files }, rng) => {
  // A run without its claims is an unsigned one: the reader's keys tell.
  const path = pick(rng, [...files.keys()]);
  return one(files, path, null, 'dropped');
};

const added: Draw = ({ files }, rng) => {
  const path = pick(rng, [...files.keys()]);
  const name = pick(rng, [
    'evidence/raters.jsonl',
    'NOTES.md',
    `${path}.old`,
    'rounds/9/findings.json',
    '__proto__',
    'disclosure/claims.json',
  ]);
  return files.has(name) ? undefined : one(files, name, files.get(path)!, 'added');
};

/** Paths that lead elsewhere on one system or another. */
const tricks = (path: string): string[] => [
  `../${path}`,
  `/${path}`,
  `./${path}`,
  `x/../${path}`,
  path.replace('/', '//'),
  path.replace('/', '\\'),
  `C:/${path}`,
  `${path}/`,
  `${path}\n`,
  path.toUpperCase(),
  path.normalize('NFD').replace('e', 'e\u0301'),
  '',
  '..',
];

/** A path in a file that names others, led elsewhere. */
const namedPath: Draw = ({ files }, rng) => {
  const path = pick(
    rng,
    [MANIFEST, OPENINGS, WITHHELD, 'disclosure/disclosure.json'].filter((name) => files.has(name)),
  );
  const text = textOf(files, path);
  const key = path === 'disclosure/disclosure.json' ? 'file' : 'path';
  const members = [...text.matchAll(new RegExp(`"${key}": ?"([^"]+)"`, 'g'))];
  if (members.length === 0) return undefined;
  const { 0: all, 1: named, index } = pick(rng, members);
  const made = all.replace(named!, JSON.stringify(pick(rng, tricks(named!))).slice(1, -1));
  return one(
    files,
    path,
    `${text.slice(0, index)}${made}${text.slice(index + all.length)}`,
    `names ${JSON.stringify(made)}`,
  );
};

/** An archive whose headers say something else: a name that leads out, a link, a file twice, an end that is none. */
const archived: Draw = ({ files }, rng) => {
  const path = pick(rng, [...files.keys()]);
  const only = (change: (header: Uint8Array) => Uint8Array) =>
    archiveOf(files, (header, at) => (at === path ? change(header) : header));
  // `./x` is another way to write `x`, and every tool writes it so.
  const named = pick(
    rng,
    tricks(path).filter((name) => !name.startsWith('./')),
  ).slice(0, 99);
  const other = pick(rng, [...files.keys()]);
  const whole = archiveOf(files);
  const at = rng.integer(whole.length);
  const [what, make] = pick(rng, [
    [`named ${JSON.stringify(named)}`, () => only((header) => headerWith(header, 0, `${named}\0`.padEnd(100, '\0')))],
    ['a link', () => only((header) => headerWith(header, 156, pick(rng, ['1', '2', '3', '6', 'x', 'L', 'S'])))],
    [
      'of another size',
      () => only((header) => headerWith(header, 124, `${rng.integer(4096).toString(8).padStart(11, '0')}\0`)),
    ],
    ['twice', () => Buffer.concat([archiveOf(new Map([[path, files.get(path)!]])).subarray(0, -1024), whole])],
    [`called ${other}`, () => only((header) => headerWith(header, 0, `${other}\0`.padEnd(100, '\0').slice(0, 100)))],
    ['cut', () => whole.subarray(0, at)],
    ['a byte of the archive', () => Buffer.from(whole).fill(whole[at]! ^ 0x55, at, at + 1)],
    ['more behind it', () => Buffer.concat([whole, archiveOf(new Map([['run.json', Buffer.from('{}')]]))])],
  ] as const);
  const archive = make();
  return archive.equals(whole) ? undefined : { what: `archive: ${path} ${what}`, open: () => openArchive(archive) };
};

/** Seals edited files of a run anew, as its forger would: with its secret, and without a key. */
function sealedAnew(files: Files, edits: ReadonlyMap<string, string>): Map<string, string> {
  const after = new Map(files);
  for (const [path, content] of edits) after.set(path, Buffer.from(content));
  const folder = memoryFolder('forged', after);
  const salts = readSalts(folder);
  const manifest = manifestText(manifestPaths(folder).map((path) => commit(folder, path, salts)));
  return new Map([...edits, [MANIFEST, manifest], [SEAL, sealText(folder, manifest, 'goodhart-seal-2')]]);
}

/** A value in a row of evidence, or in a file that tells of it, changed; half of the time the run is sealed anew. */
const evidence: Draw = ({ files }, rng) => {
  const path = pick(
    rng,
    [...files.keys()].filter((name) => /^(evidence|feedback)\/.*\.jsonl$|^findings\.json$/.test(name)),
  );
  const isLines = JSON_LINES.test(path);
  const before = isLines
    ? linesOf(textOf(files, path)).map((line) => JSON.parse(line))
    : JSON.parse(textOf(files, path));
  const edit = editJson(rng, before);
  if (edit === undefined) return undefined;
  const content = isLines
    ? lined((edit.value as unknown[]).map((value) => JSON.stringify(value)))
    : `${JSON.stringify(edit.value, null, 2)}\n`;
  const what = `${path}: ${edit.kind} at ${edit.pointer}`;
  if (rng.integer(2) === 0 || files.has(OPENINGS)) return edited(files, new Map([[path, content]]), what);
  return edited(files, sealedAnew(files, new Map([[path, content]])), `${what}, sealed anew`);
};

/** The log cut: in the middle of a line, at its end, or at its end and sealed anew with the counts that fit. */
const log: Draw = ({ files }, rng) => {
  const lines = linesOf(textOf(files, RECORDS));
  const kept = 1 + rng.integer(lines.length - 1);
  const text = lined(lines.slice(0, kept));
  const bytes = files.get(RECORDS)!;
  const how = rng.integer(4);
  if (how === 0) return one(files, RECORDS, bytes.subarray(0, rng.integer(bytes.length)), 'cut in a line');
  if (how === 1) return one(files, RECORDS, text, `cut after ${kept}`);
  if (how === 2) {
    const seal = JSON.parse(textOf(files, SEAL)) as Record<string, unknown>;
    const records = lines.slice(0, kept).map((line) => JSON.parse(line) as RunRecord);
    const made = `${canonicalJson({ ...seal, records: recordsRoot(records), recordCount: kept })}\n`;
    return edited(
      files,
      new Map([
        [RECORDS, text],
        [SEAL, made],
      ]),
      `the log cut after ${kept}, sealed anew`,
    );
  }
  // Chained anew without one of its records.
  const left = lines.toSpliced(rng.integer(lines.length), 1).map((line) => JSON.parse(line) as RunRecord);
  const chained: RunRecord[] = [];
  for (const { type, body, at, salt } of left)
    chained.push(chainRecord(chained.at(-1), { type, body: body ?? null, at, ...(salt !== undefined && { salt }) }));
  return one(files, RECORDS, lined(chained.map((record) => JSON.stringify(record))), 'chained anew without one');
};

/** A claim signed by somebody else: with their key in it, or with the signer's own key named. */
const otherKey: Draw = ({ files, signed: { stranger } }, rng) => {
  const lines = linesOf(textOf(files, CLAIMS));
  const i = rng.integer(lines.length);
  const bundle = bundleSchema.parse(JSON.parse(lines[i]!));
  const statement = JSON.parse(Buffer.from(payloadOf(bundle)).toString('utf8'));
  const names = rng.integer(2) === 0;
  const predicate = names ? { ...statement.predicate, key: encodeKey(stranger) } : statement.predicate;
  const made = signPayload(stranger, Buffer.from(canonicalJson({ ...statement, predicate })));
  const hint = rng.integer(2) === 0 ? bundle.verificationMaterial : made.verificationMaterial;
  const line = canonicalJson({ ...made, verificationMaterial: hint });
  const rest = rng.integer(2) === 0 ? lines.slice(i + 1) : [];
  return one(
    files,
    CLAIMS,
    lined([...lines.slice(0, i), line, ...rest]),
    `line ${i + 1} by a stranger${names ? '' : ', in another’s name'}`,
  );
};

/** A signature of something else: of another run, of another line, or of what this run was before. */
const replayed: Draw = ({ files, signed: { foreign } }, rng) => {
  const lines = linesOf(textOf(files, CLAIMS));
  const others = linesOf(foreign);
  const i = rng.integer(lines.length);
  switch (rng.integer(4)) {
    case 0:
      return one(files, CLAIMS, foreign, 'of another run');
    case 1:
      return one(files, CLAIMS, lined(lines.with(i, others[i % others.length]!)), `line ${i + 1} of another run`);
    case 2: {
      const [mine, theirs] = [lines[i]!, pick(rng, [...others, ...lines])].map((line) =>
        bundleSchema.parse(JSON.parse(line)),
      );
      const made = { ...mine!, dsseEnvelope: { ...mine!.dsseEnvelope, signatures: theirs!.dsseEnvelope.signatures } };
      return one(files, CLAIMS, lined(lines.with(i, canonicalJson(made))), `line ${i + 1} with another signature`);
    }
    default: {
      // The claims stay as they are, and what they were about does not.
      if (files.has(OPENINGS)) return undefined;
      const path = pick(
        rng,
        rowFiles(files).filter((name) => name !== RECORDS && name !== CLAIMS),
      );
      const rows = linesOf(textOf(files, path));
      const made = sealedAnew(files, new Map([[path, lined(rows.toSpliced(rng.integer(rows.length), 1))]]));
      return edited(files, made, `${path} without a row, under the claims of before`);
    }
  }
};

/** What a copy withholds: a row hidden without a word, a leaf or a salt of another, a whole file left out. */
const withheld: Draw = ({ files }, rng) => {
  if (!files.has(OPENINGS)) return undefined;
  const path = pick(
    rng,
    rowFiles(files).filter((name) => name !== RECORDS && name !== CLAIMS),
  );
  const lines = linesOf(textOf(files, path));
  const i = rng.integer(lines.length);
  const leaf = digestBytes(Buffer.from(lines[i]!));
  const openings = JSON.parse(textOf(files, OPENINGS)) as {
    format: string;
    files: { path: string; salts: (string | null)[] }[];
  };
  const how = rng.integer(3);
  const salts = openings.files.map((entry) =>
    entry.path !== path
      ? entry
      : {
          ...entry,
          salts: entry.salts.with(i, how === 0 ? null : (entry.salts[(i + 1) % entry.salts.length] ?? null)),
        },
  );
  const less = openings.files.filter((entry) => entry.path !== path);
  const made = `${canonicalJson({ ...openings, files: how === 2 ? less : salts })}\n`;
  const edits = new Map<string, string | null>([[OPENINGS, made]]);
  if (how === 0) edits.set(path, lined(lines.with(i, withheldLine(leaf))));
  if (how === 2) edits.set(path, null);
  const what = ['a row hidden', 'a salt of another row', 'left out as if withheld'][how];
  return edited(files, edits, `${path}: ${what}`);
};

/** The manifest made to fit what was altered, and nothing else. */
const manifest: Draw = ({ files }, rng) => {
  const { files: entries } = manifestSchema.parse(JSON.parse(textOf(files, MANIFEST)));
  const edit = editJson(rng, entries);
  if (edit === undefined) return undefined;
  const made = `${canonicalJson({ format: 'goodhart-manifest-2', files: edit.value })}\n`;
  const seal = JSON.parse(textOf(files, SEAL)) as Record<string, unknown>;
  const sealed = `${canonicalJson({ ...seal, manifest: digestBytes(Buffer.from(made)) })}\n`;
  return edited(
    files,
    new Map([[MANIFEST, made], ...(rng.integer(2) === 0 ? [] : [[SEAL, sealed] as const])]),
    `manifest: ${edit.kind} at ${edit.pointer}`,
  );
};

/** Kinds of mutations of a sealed folder. */
export const MUTATIONS = {
  'byte flipped': flip,
  'file cut short': cutShort,
  'row dropped': dropped,
  'row doubled': doubled,
  'rows reordered': reordered,
  'blank line added': blanked,
  'files swapped': swapped,
  'file dropped': missing,
  'file added': added,
  'path trick in a list': namedPath,
  'archive trick': archived,
  'evidence forged': evidence,
  'log truncated': log,
  'another key': otherKey,
  'signature replayed': replayed,
  'withheld in silence': withheld,
  'manifest altered': manifest,
} as const satisfies Record<string, Draw>;
export type MutationId = keyof typeof MUTATIONS;
export const MUTATION_IDS = Object.keys(MUTATIONS) as MutationId[];
