import { existsSync } from 'node:fs';
import {
  EVIDENCE,
  EVIDENCE_KINDS,
  type Finding,
  findingLabel,
  findingsSchema,
  isProbeId,
  PROBE_IDS,
  probeOf,
  runAudit,
} from '../audit/index.ts';
import { loadEvidence } from '../audit/node.ts';
import { documentPage, documentSchema } from '../report/index.ts';
import { canonicalJson, chainFault, DataError, parseJson } from '../run/index.ts';
import { fileOf, readJson, readJsonOf, readRecords, readRegularFile, strangersBelow } from '../run/node.ts';
import { atPointer, disclosureSchema } from './build.ts';
import { type Check, openCheck } from './check.ts';
import { subjectAt } from './claims.ts';
import { DISCLOSURE_IDS } from './items.ts';
import { openingCheck } from './open-row.ts';
import { originAndTime, type Reader } from './origin.ts';
import { sealSchema, sealText } from './seal.ts';
import { MANIFEST, RECORDS, SEAL, WITHHELD } from './sealed-files.ts';
import { fileChecks, linesWithheld, notRecomputable, type WithheldLines, withheldLines } from './sealed-state.ts';

const FINDINGS = 'findings.json';
const DISCLOSURE = 'disclosure/disclosure.json';
const REPORT = { data: 'report.json', html: 'report.html' } as const;

/** The largest text that is compared whole: manifest, seal and rendered report. */
const TEXT_BYTES = 256 * 1024 * 1024;
const textOf = (folder: string, path: string): string =>
  readRegularFile(`${folder}/${path}`, TEXT_BYTES).toString('utf8');

const complete = (name: string, ok: boolean, detail: string): Check => ({ name, ok, detail, aspect: 'completeness' });

/** The seal's bytes, and its counts against what the folder holds. */
function sealChecks(folder: string, manifest: string): Check[] {
  const text = textOf(folder, SEAL);
  const { recordCount, format } = sealSchema.parse(parseJson(text));
  // Each version of the seal has its own manifest: one under the seal of the other is neither.
  const isOld = Array.isArray(parseJson(manifest));
  const ok = isOld === (format === 'goodhart-seal-1') && sealText(folder, manifest, format) === text;
  const { length } = readRecords(`${folder}/${RECORDS}`).records;
  return [
    { name: SEAL, ok, detail: ok ? 'exact bytes' : 'differs from manifest and records' },
    complete(`${SEAL} counts`, recordCount === length, `${recordCount} records sealed, ${length} there`),
  ];
}

/** The chain of the log: no record altered, and none left out between the first and the last. */
function recordChecks(folder: string): Check[] {
  const { records } = readRecords(`${folder}/${RECORDS}`);
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

/** Files of the evidence that a finding rests on. */
function evidenceOf({ probe }: Finding): string[] {
  if (!isProbeId(probe)) return [];
  const { needs, uses } = probeOf(probe);
  return [...needs, ...uses].map((kind) => EVIDENCE[kind].file);
}

/** How evidence becomes findings; whoever audits the same evidence many times remembers what came of it. */
export type Audit = (...given: Parameters<typeof runAudit>) => Promise<Finding[]>;

/**
 * Audits the stored evidence again, with the seed and the parameters that the findings say they were made with, and compares
 * whole findings. One that is missing fails like one that differs: leaving out a finding is no way to pass.
 */
async function findingChecks(folder: string, audit: Audit, withheld: WithheldLines): Promise<Check[]> {
  const path = `${folder}/${FINDINGS}`;
  if (!existsSync(path)) return [complete('probes planned', false, `there is no ${FINDINGS}`)];
  const stored = readJsonOf(path, findingsSchema);
  const params = Object.fromEntries(
    PROBE_IDS.map((id) => [id, stored.find(({ probe }) => probe === id)?.params as never]),
  );
  const whole = EVIDENCE_KINDS.filter((id) => !withheld.has(EVIDENCE[id].file));
  const again = await audit(await loadEvidence(folder, whole), { seed: stored[0]?.seed ?? 0, params });
  const byLabel = new Map(again.map((finding) => [findingLabel(finding), finding]));
  const planned = byLabel.size;
  const checks = stored.map((finding): Check => {
    const label = findingLabel(finding);
    const found = byLabel.get(label);
    byLabel.delete(label);
    const hidden = found === undefined ? 0 : linesWithheld(withheld, evidenceOf(finding));
    if (hidden > 0) return openCheck(`finding ${label}`, notRecomputable(hidden));
    const ok = found !== undefined && canonicalJson(found) === canonicalJson(finding);
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

function disclosureChecks(folder: string, withheld: WithheldLines): Check[] {
  const path = `${folder}/${DISCLOSURE}`;
  if (!existsSync(path)) return [complete(`${DISCLOSURE} items`, false, 'there is no disclosure')];
  const { items } = readJsonOf(path, disclosureSchema);
  const contents = new Map<string, unknown>();
  const read = (file: string): unknown => {
    if (!contents.has(file)) {
      // A path of the disclosure is a stranger's: it is read inside the folder or not at all.
      const within = fileOf(folder, file);
      contents.set(file, within === undefined ? undefined : readJson(within));
    }
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

function reportChecks(folder: string, withheld: WithheldLines): Check[] {
  const hidden = linesWithheld(withheld, Object.values(REPORT));
  if (hidden > 0) return [openCheck('report', notRecomputable(hidden))];
  if (!existsSync(`${folder}/${REPORT.data}`)) return [];
  const ok = documentPage(readJsonOf(`${folder}/${REPORT.data}`, documentSchema)) === textOf(folder, REPORT.html);
  return [{ name: 'report', ok, detail: ok ? 'renders from its document' : 'differs from its document' }];
}

/** Claims are held against the seal as it lies there; whether that is the folder's is another check. */
function originChecks(folder: string, reader: Reader): Check[] {
  const { records } = readRecords(`${folder}/${RECORDS}`);
  return originAndTime(
    { folder, records, seal: subjectAt(folder, SEAL)!, withheld: subjectAt(folder, WITHHELD) },
    reader,
  );
}

/** What is demanded of whoever verifies: how evidence is audited, and what they know from elsewhere. */
export interface VerifyOptions {
  readonly audit?: Audit;
  readonly reader?: Reader;
}

/**
 * Verifies a sealed run offline: bytes, chain, findings, disclosed numbers, rendered report; whose it is, as far as the reader
 * brings keys; and that nothing is left out of what the seal counts. A damaged file is a failed check, not a crash.
 */
export async function verifyRun(folder: string, options: VerifyOptions = {}): Promise<Check[]> {
  const { audit = async (...given) => runAudit(...given), reader = {} } = options;
  const strangers = strangersBelow(folder);
  // Nothing is read of a folder that leads elsewhere, or has something in it that may never end.
  if (strangers.length > 0)
    return strangers.map(({ path, what }) => ({ name: path, ok: false, detail: `${what}; only files are sealed` }));
  if (!existsSync(`${folder}/${SEAL}`) || !existsSync(`${folder}/${MANIFEST}`)) {
    throw new DataError(
      'unsealed',
      `${folder}: expected a sealed run (${SEAL}); finish the run, or seal it with goodhart disclose`,
    );
  }
  const manifest = textOf(folder, MANIFEST);
  const withheld = () => withheldLines(folder);
  const parts: readonly (readonly [string, () => Check[] | Promise<Check[]>])[] = [
    [MANIFEST, () => fileChecks(folder, manifest, subjectAt(folder, SEAL)!.sha256)],
    [SEAL, () => sealChecks(folder, manifest)],
    [RECORDS, () => recordChecks(folder)],
    [FINDINGS, () => findingChecks(folder, audit, withheld())],
    [DISCLOSURE, () => disclosureChecks(folder, withheld())],
    [REPORT.html, () => reportChecks(folder, withheld())],
    ['origin', () => originChecks(folder, reader)],
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
