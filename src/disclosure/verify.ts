import {
  EVIDENCE,
  EVIDENCE_KINDS,
  evidenceIn,
  type Finding,
  findingLabel,
  findingsSchema,
  PROBE_IDS,
  runAudit,
} from '../audit/index.ts';
import { documentPage, documentSchema } from '../report/index.ts';
import {
  canonicalJson,
  chainFault,
  DataError,
  type Folder,
  jsonIn,
  jsonOfIn,
  parseJson,
  recordsIn,
  textIn,
} from '../run/index.ts';
import { atPointer, disclosureSchema } from './build.ts';
import { type Check, openCheck } from './check.ts';
import { subjectAt } from './claims.ts';
import { evidenceOf } from './finding-files.ts';
import { DISCLOSURE_IDS } from './items.ts';
import { openingCheck } from './opened-row.ts';
import { type KnownFacts, originAndTime, type StampReader } from './origin.ts';
import { sealSchema, sealText } from './seal.ts';
import { MANIFEST, RECORDS, SEAL, WITHHELD } from './sealed-files.ts';
import { fileChecks, linesWithheld, notRecomputable, type WithheldLines, withheldLines } from './sealed-state.ts';

const FINDINGS = 'findings.json';
const DISCLOSURE = 'disclosure/disclosure.json';
const REPORT = { data: 'report.json', html: 'report.html' } as const;

const complete = (name: string, ok: boolean, detail: string): Check => ({ name, ok, detail, aspect: 'completeness' });

/** The seal's bytes, and its counts against what the folder holds. */
function sealChecks(folder: Folder, manifest: string): Check[] {
  const text = textIn(folder, SEAL);
  const { recordCount, format } = sealSchema.parse(parseJson(text));
  // Each version of the seal has its own manifest: one under the seal of the other is neither.
  const isOld = Array.isArray(parseJson(manifest));
  const ok = isOld === (format === 'goodhart-seal-1') && sealText(folder, manifest, format) === text;
  const { length } = recordsIn(folder, RECORDS);
  return [
    { name: SEAL, ok, detail: ok ? 'exact bytes' : 'differs from manifest and records' },
    complete(`${SEAL} counts`, recordCount === length, `${recordCount} records sealed, ${length} there`),
  ];
}

/** The chain of the log: no record altered, and none left out between the first and the last. */
function recordChecks(folder: Folder): Check[] {
  const records = recordsIn(folder, RECORDS);
  const fault = chainFault(records);
  const gap = records.findIndex(({ seq }, i) => seq !== i);
  return [
    {
      name: 'record chain',
      ok: fault === undefined,
      detail: fault === undefined ? 'unbroken' : `record ${fault.seq}: ${fault.why}`,
    },
    complete(
      `${RECORDS} numbers`,
      gap < 0 && records.length > 0,
      records.length === 0 ? 'no record' : gap < 0 ? `0 to ${records.length - 1} without a gap` : `${gap} is missing`,
    ),
  ];
}

const NEAR = 1e-9;
/** Whether two JSON values differ in nothing but the last digits of numbers. */
function isNear(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number')
    return Math.abs(a - b) <= NEAR * Math.max(1, Math.abs(a), Math.abs(b));
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [own, other] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return (
    Array.isArray(a) === Array.isArray(b) &&
    own.size === other.size &&
    [...own].every(([key, value]) => other.has(key) && isNear(value, other.get(key)))
  );
}

/** How evidence becomes findings; whoever audits the same evidence many times remembers what came of it. */
export type Audit = (...given: Parameters<typeof runAudit>) => Promise<Finding[]>;

/**
 * Audits the stored evidence again, with the seed and the parameters that the findings say they were made with, and compares
 * whole findings. One that is missing fails like one that differs: leaving out a finding is no way to pass.
 */
async function findingChecks(
  folder: Folder,
  { audit, roundsOtherwise }: { readonly audit: Audit; readonly roundsOtherwise: boolean },
  withheld: WithheldLines,
): Promise<Check[]> {
  if (!folder.has(FINDINGS)) return [complete('probes planned', false, `there is no ${FINDINGS}`)];
  const stored = jsonOfIn(folder, FINDINGS, findingsSchema);
  const params = Object.fromEntries(
    PROBE_IDS.map((id) => [id, stored.find(({ probe }) => probe === id)?.params as never]),
  );
  const whole = EVIDENCE_KINDS.filter((id) => !withheld.has(EVIDENCE[id].file));
  const again = await audit(await evidenceIn(folder, whole), { seed: stored[0]?.seed ?? 0, params });
  const byLabel = new Map(again.map((finding) => [findingLabel(finding), finding]));
  const planned = byLabel.size;
  const checks = stored.map((finding): Check => {
    const label = findingLabel(finding);
    const found = byLabel.get(label);
    byLabel.delete(label);
    const hidden = found === undefined ? 0 : linesWithheld(withheld, evidenceOf(finding));
    if (hidden > 0) return openCheck(`finding ${label}`, notRecomputable(hidden));
    const ok = found !== undefined && canonicalJson(found) === canonicalJson(finding);
    if (!ok && roundsOtherwise && found !== undefined && isNear(found, finding))
      return openCheck(`finding ${label}`, 'the same to nine digits; goodhart verify compares every bit');
    const detail = ok
      ? 'recomputed from evidence'
      : found === undefined
        ? 'no such probe, or the finding stands twice'
        : 'recomputation differs';
    return { name: `finding ${label}`, ok, detail };
  });
  const missing = [...byLabel.keys()];
  const told =
    missing.length === 0
      ? `${planned} planned, each with its finding`
      : `${planned} planned, without a finding: ${missing.join(', ')}`;
  return [
    ...checks,
    ...missing.map((label) => complete(`finding ${label}`, false, 'missing')),
    complete('probes planned', missing.length === 0, told),
  ];
}

/** All eleven items are there, once each and in their order. */
function itemsCheck(ids: readonly string[]): Check {
  const [missing, more] = [
    DISCLOSURE_IDS.filter((id) => !ids.includes(id)),
    ids.filter((id, i) => ids.indexOf(id) !== i),
  ];
  const ok = ids.length === DISCLOSURE_IDS.length && DISCLOSURE_IDS.every((id, i) => ids[i] === id);
  const detail = ok
    ? `all ${ids.length} items`
    : missing.length > 0
      ? `left out: ${missing.join(', ')}`
      : more.length > 0
        ? `twice: ${more.join(', ')}`
        : 'in another order';
  return complete(`${DISCLOSURE} items`, ok, detail);
}

function disclosureChecks(folder: Folder, withheld: WithheldLines): Check[] {
  if (!folder.has(DISCLOSURE)) return [complete(`${DISCLOSURE} items`, false, 'there is no disclosure')];
  const { items } = jsonOfIn(folder, DISCLOSURE, disclosureSchema);
  const contents = new Map<string, unknown>();
  const read = (file: string): unknown => {
    // A path of the disclosure is a stranger's: it is read inside the folder or not at all.
    if (!contents.has(file)) contents.set(file, folder.has(file) ? jsonIn(folder, file) : undefined);
    return contents.get(file);
  };
  const stands = items.flatMap(({ id, statements, findings }) =>
    [...statements, ...findings].map(({ label, file, pointer, value }): Check => {
      if (withheld.has(file)) return openCheck(`${id} ${label}`, notRecomputable(linesWithheld(withheld, [file])));
      const found = atPointer(read(file), pointer);
      const ok = found !== undefined && canonicalJson(found) === canonicalJson(value);
      return {
        name: `${id} ${label}`,
        ok,
        detail: ok ? `stands at ${file}#${pointer}` : `differs from ${file}#${pointer}`,
      };
    }),
  );
  return [itemsCheck(items.map(({ id }) => id)), ...stands];
}

function reportChecks(folder: Folder, withheld: WithheldLines): Check[] {
  const hidden = linesWithheld(withheld, Object.values(REPORT));
  if (hidden > 0) return [openCheck('report', notRecomputable(hidden))];
  if (!folder.has(REPORT.data)) return [];
  const ok = documentPage(jsonOfIn(folder, REPORT.data, documentSchema)) === textIn(folder, REPORT.html);
  return [{ name: 'report', ok, detail: ok ? 'renders from its document' : 'differs from its document' }];
}

/** Claims are held against the seal as it lies there; whether that is the folder's is another check. */
function originChecks(folder: Folder, reader: KnownFacts, stamps: StampReader | undefined): Check[] {
  const records = recordsIn(folder, RECORDS);
  return originAndTime(
    { folder, records, seal: subjectAt(folder, SEAL)!, withheld: subjectAt(folder, WITHHELD) },
    reader,
    stamps,
  );
}

/** What is demanded of whoever verifies: how evidence is audited, and what they know from elsewhere. */
export interface FolderOptions {
  readonly audit?: Audit;
  readonly reader?: KnownFacts;
  /** Left out where nothing reads time stamps. */
  readonly stamps?: StampReader;
  /** Set where another engine computes than that of the command: its last bits may be others, and nothing is said to differ for them. */
  readonly roundsOtherwise?: boolean;
}

/**
 * Verifies a sealed folder, wherever it lies: bytes, chain, findings, disclosed numbers, rendered report; whose it is, as far as the reader
 * brings keys; and that nothing is left out of what the seal counts. A damaged file is a failed check, not a crash.
 */
export async function verifyFolder(folder: Folder, options: FolderOptions = {}): Promise<Check[]> {
  const { audit = async (...given) => runAudit(...given), reader = {}, stamps, roundsOtherwise = false } = options;
  const strangers = folder.strangers();
  // Nothing is read of a folder that leads elsewhere, or has something in it that may never end.
  if (strangers.length > 0)
    return strangers.map(({ path, what }) => ({ name: path, ok: false, detail: `${what}; only files are sealed` }));
  if (!folder.has(SEAL) || !folder.has(MANIFEST)) {
    throw new DataError(
      'unsealed',
      `${folder.name}: expected a sealed run (${SEAL}); finish the run, or seal it with goodhart disclose`,
    );
  }
  const manifest = textIn(folder, MANIFEST);
  const withheld = () => withheldLines(folder);
  const parts: readonly (readonly [string, () => Check[] | Promise<Check[]>])[] = [
    [MANIFEST, () => fileChecks(folder, manifest, subjectAt(folder, SEAL)!.sha256)],
    [SEAL, () => sealChecks(folder, manifest)],
    [RECORDS, () => recordChecks(folder)],
    [FINDINGS, () => findingChecks(folder, { audit, roundsOtherwise }, withheld())],
    [DISCLOSURE, () => disclosureChecks(folder, withheld())],
    [REPORT.html, () => reportChecks(folder, withheld())],
    ['origin', () => originChecks(folder, reader, stamps)],
    ...(reader.openings ?? []).map((row) => [row.path, () => [openingCheck(folder, row)]] as const),
  ];
  const checks: Check[] = [];
  for (const [name, part] of parts) {
    try {
      checks.push(...(await part()));
    } catch (error) {
      checks.push({ name, ok: false, detail: (error as Error).message });
    }
  }
  return checks;
}
