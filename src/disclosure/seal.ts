import { existsSync } from 'node:fs';
import { z } from 'zod';
import { type Finding, findingLabel, findingsSchema, PROBE_IDS, runAudit } from '../audit/index.ts';
import { loadEvidence } from '../audit/node.ts';
import { documentPage, documentSchema } from '../report/index.ts';
import { canonicalJson, chainFault, DataError, digestBytes, parseJson, recordsRoot } from '../run/index.ts';
import {
  digestFile,
  fileOf,
  filesBelow,
  readJson,
  readJsonOf,
  readRecords,
  readRegularFile,
  requireRegularFiles,
  strangersBelow,
  writeFileAtomic,
} from '../run/node.ts';
import { atPointer, disclosureSchema } from './build.ts';

/**
 * Sealing a run: a manifest of every file, and a seal over the manifest and the record log. Both are written in one
 * canonical form, so a verifier can demand their exact bytes; then no single byte anywhere can change unnoticed.
 */
export const MANIFEST = 'disclosure/manifest.json';
export const SEAL = 'disclosure/seal.json';
const RECORDS = 'records.jsonl';
const REPORT = { data: 'report.json', html: 'report.html' } as const;

const manifestSchema = z.array(z.strictObject({ path: z.string(), bytes: z.number(), sha256: z.string() }));
type ManifestEntry = z.infer<typeof manifestSchema>[number];

const manifestOf = (folder: string): ManifestEntry[] =>
  filesBelow(folder)
    .filter((path) => path !== MANIFEST && path !== SEAL)
    .map((path) => ({ path, ...digestFile(`${folder}/${path}`) }));

const render = (value: unknown): string => `${canonicalJson(value)}\n`;

function sealText(folder: string, manifest: string): string {
  const { records } = readRecords(`${folder}/${RECORDS}`);
  return render({
    format: 'goodhart-seal-1',
    manifest: digestBytes(Buffer.from(manifest)),
    records: recordsRoot(records),
    recordCount: records.length,
  });
}

/** Seals a finished run folder; returns the digest to publish elsewhere, which pins everything below it. */
export function sealRun(folder: string): string {
  requireRegularFiles(folder);
  const manifest = render(manifestOf(folder));
  const seal = sealText(folder, manifest);
  writeFileAtomic(`${folder}/${MANIFEST}`, manifest);
  writeFileAtomic(`${folder}/${SEAL}`, seal);
  return digestBytes(Buffer.from(seal));
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Differences between the files of a folder and its manifest, as checks: one per file, and one per missing or extra one. */
function fileChecks(folder: string, text: string): Check[] {
  const listed = manifestSchema.parse(parseJson(text));
  const actual = manifestOf(folder);
  const byPath = new Map(actual.map((entry) => [entry.path, entry]));
  const checks = listed.map(({ path, sha256 }): Check => {
    const found = byPath.get(path);
    byPath.delete(path);
    const detail = found === undefined ? 'missing' : found.sha256 === sha256 ? 'digest agrees' : 'digest differs';
    return { name: path, ok: found?.sha256 === sha256, detail };
  });
  for (const path of byPath.keys()) checks.push({ name: path, ok: false, detail: 'not in the manifest' });
  const exact = render(actual) === text;
  return [...checks, { name: MANIFEST, ok: exact, detail: exact ? 'exact bytes' : 'differs from the folder' }];
}

/** How evidence becomes findings; whoever audits the same evidence many times remembers what came of it. */
export type Audit = (...given: Parameters<typeof runAudit>) => Promise<Finding[]>;

/**
 * Audits the stored evidence again, with the seed and the parameters that the findings say they were made with, and compares
 * whole findings. One that is missing fails like one that differs: leaving out a finding is no way to pass.
 */
async function findingChecks(folder: string, audit: Audit): Promise<Check[]> {
  const path = `${folder}/findings.json`;
  if (!existsSync(path)) return [];
  const stored = readJsonOf(path, findingsSchema);
  const params = Object.fromEntries(
    PROBE_IDS.map((id) => [id, stored.find(({ probe }) => probe === id)?.params as never]),
  );
  const again = await audit(await loadEvidence(folder), { seed: stored[0]?.seed ?? 0, params });
  const byLabel = new Map(again.map((finding) => [findingLabel(finding), finding]));
  const checks = stored.map((finding): Check => {
    const label = findingLabel(finding);
    const found = byLabel.get(label);
    byLabel.delete(label);
    const ok = found !== undefined && canonicalJson(found) === canonicalJson(finding);
    const detail = ok
      ? 'recomputed from evidence'
      : found === undefined
        ? 'no such probe, or the finding stands twice'
        : 'recomputation differs';
    return { name: `finding ${label}`, ok, detail };
  });
  const missing = [...byLabel.keys()].map((label) => ({ name: `finding ${label}`, ok: false, detail: 'missing' }));
  return [...checks, ...missing];
}

function disclosureChecks(folder: string): Check[] {
  const path = `${folder}/disclosure/disclosure.json`;
  if (!existsSync(path)) return [];
  const { items } = readJsonOf(path, disclosureSchema);
  const contents = new Map<string, unknown>();
  const read = (file: string): unknown => {
    if (!contents.has(file)) {
      const within = fileOf(folder, file);
      contents.set(file, within === undefined ? undefined : readJson(within));
    }
    return contents.get(file);
  };
  return items.flatMap(({ id, statements, findings }) =>
    [...statements, ...findings].map(({ label, file, pointer, value }): Check => {
      const found = atPointer(read(file), pointer);
      const ok = found !== undefined && canonicalJson(found) === canonicalJson(value);
      return {
        name: `${id} ${label}`,
        ok,
        detail: ok ? `stands at ${file}#${pointer}` : `differs from ${file}#${pointer}`,
      };
    }),
  );
}

/** The largest text that is compared whole: manifest, seal and rendered report. */
const TEXT_BYTES = 256 * 1024 * 1024;

/** Verifies a sealed run offline: bytes, chain, findings, disclosed numbers, rendered report. A damaged file is a failed check, not a crash. */
export async function verifyRun(
  folder: string,
  audit: Audit = async (...given) => runAudit(...given),
): Promise<Check[]> {
  const read = (path: string) => readRegularFile(`${folder}/${path}`, TEXT_BYTES).toString('utf8');
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
  const attempt = async (name: string, run: () => Check[] | Promise<Check[]>): Promise<Check[]> => {
    try {
      return await run();
    } catch (error) {
      return [{ name, ok: false, detail: (error as Error).message }];
    }
  };
  const manifest = read(MANIFEST);
  const checks = await attempt(MANIFEST, () => fileChecks(folder, manifest));
  checks.push(
    ...(await attempt(SEAL, () => {
      const ok = sealText(folder, manifest) === read(SEAL);
      return [{ name: SEAL, ok, detail: ok ? 'exact bytes' : 'differs from manifest and records' }];
    })),
    ...(await attempt(RECORDS, () => {
      const fault = chainFault(readRecords(`${folder}/${RECORDS}`).records);
      return [
        {
          name: 'record chain',
          ok: fault === undefined,
          detail: fault === undefined ? 'unbroken' : `record ${fault.seq}: ${fault.why}`,
        },
      ];
    })),
    ...(await attempt('findings', () => findingChecks(folder, audit))),
    ...(await attempt('disclosure', () => disclosureChecks(folder))),
  );
  if (existsSync(`${folder}/${REPORT.data}`)) {
    checks.push(
      ...(await attempt(REPORT.html, () => {
        const ok = documentPage(readJsonOf(`${folder}/${REPORT.data}`, documentSchema)) === read(REPORT.html);
        return [{ name: 'report', ok, detail: ok ? 'renders from its document' : 'differs from its document' }];
      })),
    );
  }
  return checks;
}
