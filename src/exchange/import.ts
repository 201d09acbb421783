import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { addTo, DataError, ignoreProgress, type Progress, UsageError } from '../run/index.ts';
import { writeFileAtomic } from '../run/node.ts';
import type { LayoutId } from './layouts/layout.ts';
import { createPseudonymiser } from './layouts/pseudonym.ts';
import type { WrittenFile } from './line-writer.ts';
import { rejectsFile, rejectText } from './rejects.ts';
import { checkedSink, folderOutput } from './sink.ts';
import { openSource, readSource, type SourceOptions } from './source.ts';
import { stage } from './staging.ts';

/** What to import, where to, and how strictly. */
export interface ImportOptions extends SourceOptions {
  /** Project folder to write; new, or empty. */
  readonly out: string;
  /** Stop at the first row that cannot be read, and write nothing. */
  readonly strict?: boolean;
  /** Key of the pseudonyms; without one they are plain hashes. */
  readonly pseudonymKey?: string;
  /** Where to write which id got which pseudonym; nowhere unless asked. */
  readonly pseudonymMap?: string;
  readonly progress?: Progress;
  /** Hears of each judgment that was read, with the line it stood on. */
  readonly onJudgment?: (id: string, line: number) => void;
  /** Wait until the disk has everything; off only where speed matters more than a power cut. */
  readonly durable?: boolean;
}

/** What an import did: plain data. */
export interface ImportSummary {
  readonly layout: LayoutId;
  readonly path: string;
  readonly out: string;
  readonly rows: number;
  readonly items: number;
  readonly judgments: number;
  readonly raters: number;
  readonly records: number;
  readonly rejected: number;
  /** The first rejected row, as one line. */
  readonly firstRejected?: string;
  /** What was left behind or changed, counted. */
  readonly notes: Readonly<Record<string, number>>;
  readonly pseudonyms: { readonly given: number; readonly keyed: boolean };
  readonly files: readonly WrittenFile[];
}

const KB = 1000;
const REPORT_ROWS = 1000;

/**
 * Imports a file or folder of a layout as a project folder: `items.jsonl`, `judgments.jsonl` and what else the source
 * has. Rows stream; a row that cannot be read goes to `rejected.jsonl` beside them. The folder appears whole at the end
 * or not at all; when no row could be read, it holds the side file alone.
 * @throws DataError, UsageError, with one line that says what to do
 */
export async function importLayout(options: ImportOptions): Promise<ImportSummary> {
  const { path, out, strict = false, durable = true } = options;
  const progress = options.progress ?? ignoreProgress;
  checkMapPlace(options);
  const people = createPseudonymiser(options.pseudonymKey);
  const source = await openSource(options);
  const staging = stage(out, 'folder', { durable });
  const output = folderOutput(staging.path, { durable });
  const rejects = rejectsFile(staging.path, people.redact, { durable });
  const sink = checkedSink(output, options.onJudgment);
  const notes: Record<string, number> = {};
  const total = Math.max(1, Math.ceil(source.bytes / KB));
  const report = (done: number, rows: number) =>
    progress({ stage: 'import', done, total, unit: 'kB', metrics: { rows, rejected: rejects.count } });
  try {
    const rows = await readSource(source, options, {
      sink,
      people,
      note: (what) => addTo(notes, what),
      reject: ({ raw, ...place }) => {
        if (strict)
          throw new DataError('row', `${rejectText(place)}; mend or drop the row, or import without --strict`);
        rejects.put(place, raw());
      },
      onRow: (n, bytes) => {
        if (n % REPORT_ROWS === 0) report(Math.min(total - 1, Math.floor(bytes / KB)), n);
      },
    });
    const files = output.close();
    rejects.close();
    if (sink.counts.items === 0) {
      keepOnlyRejects(staging.path);
      if (rejects.count > 0) staging.commit();
      const where = rejects.count > 0 ? `; all of them are in ${join(out, 'rejected.jsonl')}` : '';
      const why = rejects.first === undefined ? 'it holds no row' : `the first: ${rejects.first}`;
      throw new DataError(
        'nothing',
        `${path}: expected rows of ${source.layout.id}, none could be read (${why})${where}`,
      );
    }
    if (options.pseudonymMap !== undefined) writeMap(options.pseudonymMap, people.given);
    staging.commit();
    report(total, rows);
    return {
      layout: source.layout.id,
      path,
      out,
      rows,
      ...sink.counts,
      rejected: rejects.count,
      ...(rejects.first !== undefined && { firstRejected: rejects.first }),
      notes,
      pseudonyms: { given: people.given.size, keyed: people.keyed },
      files,
    };
  } catch (error) {
    output.abandon();
    rejects.abandon();
    staging.discard();
    throw error;
  }
}

function keepOnlyRejects(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name !== 'rejected.jsonl') rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** The map undoes the pseudonyms: it must not lie in the folder that is handed on. */
function checkMapPlace({ pseudonymMap, out }: ImportOptions): void {
  if (pseudonymMap === undefined) return;
  if (resolve(pseudonymMap).startsWith(`${resolve(out)}/`))
    throw new UsageError('pseudonym-map', `${pseudonymMap}: expected a place outside ${out}, which others will see`);
  if (existsSync(pseudonymMap))
    throw new UsageError('pseudonym-map', `${pseudonymMap}: exists already; choose another`);
}

function writeMap(path: string, given: ReadonlyMap<string, string>): void {
  writeFileAtomic(path, [...given].map(([id, pseudonym]) => `${JSON.stringify({ id, pseudonym })}\n`).join(''));
}
