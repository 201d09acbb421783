import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { sealRun } from '../../../src/disclosure/node.ts';
import { openMetricsLog } from '../../../src/pipeline/metrics-log.ts';
import type { Remember } from '../../../src/pipeline/remember.ts';
import { RUN_FILES, readRunJson } from '../../../src/pipeline/run-folder.ts';
import { recordNow, type StageRecord, type VerifiedPlace } from '../../../src/pipeline/stage.ts';
import { planOf } from '../../../src/pipeline/stages/index.ts';
import { documentPage, documentSchema } from '../../../src/report/index.ts';
import { chainRecord, type RunRecord } from '../../../src/run/index.ts';
import { filesBelow, readRecords } from '../../../src/run/node.ts';

/**
 * What a forger does after altering something: seals the folder anew; or first has the records name the altered files; or first
 * makes everything again that follows from what was altered, by the very code of the run.
 */
export const LEVELS = ['sealed', 'recorded', 'followed'] as const;
export type Level = (typeof LEVELS)[number];

/** An honest run folder in which forgeries are made, one after the other, each taken back. */
export interface Workshop {
  readonly folder: string;
  /** Files of the honest run. */
  readonly files: readonly string[];
  honest(file: string): Buffer;
  /** Puts altered files in place (null removes one), and what belongs to the level. */
  forge(edits: ReadonlyMap<string, Buffer | string | null>, level: Level): Promise<void>;
  restore(): void;
}

const JSON_LINES = /\.jsonl$/;
/** Values as files of a run have them. */
export const linesOf = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
export const prettyOf = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const textOf = (file: string, value: unknown): string =>
  JSON_LINES.test(file) ? linesOf(value as readonly unknown[]) : prettyOf(value);

export function openWorkshop(folder: string, remember: Remember): Workshop {
  const files = filesBelow(folder);
  const honest = new Map(files.map((file) => [file, readFileSync(`${folder}/${file}`)]));
  const touched = new Set<string>();
  const write = (file: string, content: Buffer | string | null) => {
    const path = `${folder}/${file}`;
    touched.add(file);
    if (content === null) rmSync(path, { force: true });
    else {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
  };
  const placeNow = (): VerifiedPlace => {
    const { config } = readRunJson(folder);
    const { records } = readRecords(`${folder}/${RUN_FILES.records}`);
    const log = { records, append: () => records[0]!, close: () => {} };
    const metrics = openMetricsLog(`${folder}/${RUN_FILES.metrics}`);
    return { folder, config, round: config.rounds, log, metrics, remember };
  };

  /** Makes again what follows from the files as they are, but for those that are the forgery. */
  const follow = async (kept: ReadonlySet<string>) => {
    const place = placeNow();
    for (const { stage, place: own } of planOf(place)) {
      for (const { file, again } of (await stage.recompute?.(own)) ?? []) {
        if (kept.has(file)) continue;
        const text = again === null ? null : textOf(file, again);
        const path = `${folder}/${file}`;
        if (text !== (existsSync(path) ? readFileSync(path, 'utf8') : null)) write(file, text);
      }
    }
    if (!kept.has(RUN_FILES.report) && existsSync(`${folder}/${RUN_FILES.reportDocument}`)) {
      const document = documentSchema.parse(JSON.parse(readFileSync(`${folder}/${RUN_FILES.reportDocument}`, 'utf8')));
      write(RUN_FILES.report, documentPage(document));
    }
  };

  /** Has the records tell of the files as they are, chained anew. */
  const record = () => {
    const place = placeNow();
    const digest = (JSON.parse(readFileSync(`${folder}/${RUN_FILES.data}`, 'utf8')) as { digest: string }).digest;
    const now = new Map<string, StageRecord>();
    for (const { stage, place: own } of planOf(place)) {
      const made = recordNow(own, stage, digest);
      now.set(made.name, made);
    }
    const chained: RunRecord[] = [];
    for (const { type, body, at } of place.log.records) {
      const { name } = body as { name?: string };
      const made = name === undefined ? undefined : now.get(name);
      const told =
        type === 'run-started'
          ? { config: JSON.parse(JSON.stringify(place.config)) as unknown }
          : type === 'run-finished'
            ? { findings: (JSON.parse(readFileSync(`${folder}/${RUN_FILES.findings}`, 'utf8')) as unknown[]).length }
            : made === undefined
              ? body
              : type === 'stage'
                ? made
                : { name, inputs: made.inputs };
      chained.push(chainRecord(chained.at(-1), { type, body: told, at }));
    }
    write(RUN_FILES.records, linesOf(chained));
  };

  return {
    folder,
    files,
    honest: (file) => honest.get(file)!,
    async forge(edits, level) {
      for (const [file, content] of edits) write(file, content);
      // A forgery that its forger cannot even read is sealed as it is.
      try {
        if (level === 'followed') await follow(new Set(edits.keys()));
        // Records that are the forgery themselves stay as they are.
        if (level !== 'sealed' && !edits.has(RUN_FILES.records)) record();
      } catch {
        // What was made so far stands.
      }
      for (const file of ['disclosure/manifest.json', 'disclosure/seal.json']) touched.add(file);
      try {
        sealRun(folder);
      } catch {
        // What cannot be sealed at all stays under the seal that was there.
      }
    },
    restore() {
      for (const file of touched) {
        const before = honest.get(file);
        if (before === undefined) rmSync(`${folder}/${file}`, { force: true, recursive: true });
        else {
          mkdirSync(dirname(`${folder}/${file}`), { recursive: true });
          writeFileSync(`${folder}/${file}`, before);
        }
      }
      touched.clear();
    },
  };
}
