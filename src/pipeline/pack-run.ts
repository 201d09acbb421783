import { existsSync } from 'node:fs';
import {
  type AuditPack,
  auditPack,
  PACK_FILES,
  PACK_RUN,
  type PackAbout,
  packDocument,
  type Replication,
  readClaims,
  verdictsOf,
  withheldLines,
} from '../disclosure/index.ts';
import { documentPage } from '../report/index.ts';
import { CheckError, memoryFolder, tarParts, UsageError } from '../run/index.ts';
import { diskFolder, writeArchive } from '../run/node.ts';
import { RUN_FILES, type RunJson, readRunJson } from './run-folder.ts';
import { verifyPipelineRun } from './verify-run.ts';

/** Files that tell of clocks or of what follows: a run that is made again has others. */
const TELLS_TIME = new Set<string>([
  RUN_FILES.run,
  RUN_FILES.records,
  RUN_FILES.metrics,
  RUN_FILES.results,
  RUN_FILES.reportDocument,
  RUN_FILES.report,
]);

/** What it takes besides, which is not in the pack; null where nothing does. */
function needsOf({ data: { layout }, audit }: RunJson['config']): string | null {
  const parts = [
    ...(layout === 'ground'
      ? []
      : [
          `It was made from data outside (${layout}), which is not in the pack: ask for it, and say where it lies with --set data=….`,
        ]),
    ...(audit.attacks === undefined
      ? []
      : ['Attacks were brought along: say with --set audit.attacks=run/evidence/attacks.jsonl where they lie.']),
  ];
  return parts.length === 0 ? null : parts.join(' ');
}

/** How a run is made again, and the digests of what must come out: everything that is shown whole and tells no time. */
function replicationOf(folder: string, { config, versions }: RunJson): Replication {
  const disk = diskFolder(folder);
  const withheld = withheldLines(disk);
  const expected = disk
    .paths()
    .filter((path) => !TELLS_TIME.has(path) && !path.startsWith('disclosure/') && !withheld.has(path))
    .map((path) => ({ path, sha256: disk.digest(path).sha256 }));
  return {
    command: `goodhart run ${PACK_FILES.config} --out again`,
    versions,
    needs: needsOf(config),
    expected,
  };
}

const textFile = (text: string): Uint8Array => new TextEncoder().encode(text);
const jsonFile = (value: unknown): Uint8Array => textFile(`${JSON.stringify(value, null, 2)}\n`);

/**
 * Packs a run, or a public copy of one, for an auditor outside: the sealed folder as it is, and beside it what they ask for, as
 * data and as a page. What does not verify is not packed.
 */
export async function packRun(
  folder: string,
  { about, out }: { readonly about: PackAbout; readonly out: string },
): Promise<{ readonly pack: AuditPack; readonly verdicts: ReturnType<typeof verdictsOf> }> {
  if (existsSync(out)) throw new UsageError('out', `${out}: there is a file already; choose another --out`);
  const checks = await verifyPipelineRun(folder);
  const fault = checks.find(({ ok, aspect }) => !ok && aspect !== 'origin');
  if (fault !== undefined)
    throw new CheckError('sound', `${folder}: ${fault.name}: ${fault.detail}; goodhart verify tells all`);
  const run = readRunJson(folder);
  const disk = diskFolder(folder);
  const { pack, disclosure } = auditPack(disk, { about, replication: replicationOf(folder, run) });
  const expected = pack.replication.expected.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join('');
  const beside = memoryFolder(
    'pack',
    new Map([
      [PACK_FILES.data, jsonFile(pack)],
      [PACK_FILES.page, textFile(documentPage(packDocument(pack, disclosure, readClaims(disk).claims)))],
      [PACK_FILES.expected, textFile(expected)],
      [PACK_FILES.config, jsonFile(run.config)],
    ]),
  );
  await writeArchive(
    out,
    tarParts([
      ['', beside],
      [PACK_RUN, disk],
    ]),
  );
  return { pack, verdicts: verdictsOf(checks) };
}
