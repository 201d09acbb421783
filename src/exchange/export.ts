import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { z } from 'zod';
import {
  ANSWER_CHOICE_TEXT,
  type AnswerChoice,
  answerChooser,
  type RankingExpansion,
  type RaterProfile,
  raterProfileSchema,
} from '../feedback/index.ts';
import { addTo, DataError, digestValue, ignoreProgress, type Progress, UsageError } from '../run/index.ts';
import { writeJson } from '../run/node.ts';
import { type CardInput, datasetCard } from './card.ts';
import { itemGroups, judgmentsByItem } from './groups.ts';
import {
  ASPECTS,
  type Aspect,
  type Column,
  type Layout,
  type LayoutId,
  type ReadContext,
  type Writer,
} from './layouts/layout.ts';
import { findLayout } from './layouts/registry.ts';
import { createRoles } from './layouts/roles.ts';
import { readProjectFile, readUnique, requireProject } from './project-reader.ts';
import { containerFor, ENCODING_FORMATS, extensionOf, rowWriter, utf8Problem } from './row-writer.ts';
import { type Container, folderRows, layoutFiles } from './rows.ts';
import { checkedSink, folderOutput } from './sink.ts';
import { stage } from './staging.ts';
import { createTally, type Tally } from './tally.ts';

/** What to export, as what, and what its card says beside the counts. */
export interface ExportOptions {
  readonly project: string;
  readonly layout: string;
  /** A file by its extension, or a folder, which gets one file named after the layout. */
  readonly out: string;
  readonly expansion?: RankingExpansion;
  /** Which answers are written; `decided` by default. A project folder holds every record, whatever was decided. */
  readonly answers?: AnswerChoice;
  readonly messages?: boolean;
  /** Seed of the intervals on the card. */
  readonly seed?: number;
  readonly now: () => string;
  readonly declared?: CardInput['declared'] & { readonly name?: string };
  readonly progress?: Progress;
  readonly durable?: boolean;
}

/** What an export did and could not do: plain data. */
export interface ExportSummary {
  readonly layout: LayoutId;
  readonly out: string;
  readonly card: string;
  readonly rows: number;
  readonly items: number;
  readonly judgments: number;
  /** Judgments, or pairs of them, that are not in the rows, by reason. */
  readonly omitted: Readonly<Record<string, number>>;
  /** Judgments that are in the rows with a loss, by what was lost. */
  readonly altered: Readonly<Record<string, number>>;
  /** What the layout cannot hold at all. */
  readonly notHeld: readonly { readonly aspect: Aspect; readonly because: string }[];
  readonly expansion: RankingExpansion;
  readonly answers: AnswerChoice;
  readonly weights: Writer['weights'] | 'no rankings';
  readonly digest: string;
  readonly agreement: CardInput['agreement'];
}

const CARD = 'croissant.json';
const KB = 1000;
const REASON = /^(kind|purpose)-(.+)$/;
/** A reason as a person reads it. */
const readable = (reason: string) =>
  reason.replace(REASON, (_, what: string, name: string) =>
    what === 'kind' ? `answers of kind ${name}` : `judgments with the purpose ${name}`,
  );

/** What a layout cannot hold, with the reasons. */
export const notHeld = (layout: Layout): { aspect: Aspect; because: string }[] =>
  ASPECTS.flatMap((aspect) => {
    const held = layout.aspects[aspect];
    return held === 'held' ? [] : [{ aspect, because: held.not }];
  });

/** One card a folder: another export’s card is not overwritten. */
function checkCard(folder: string): void {
  if (existsSync(join(folder, CARD)))
    throw new UsageError('out', `${folder}: holds the card of another export; choose another folder for --out`);
}

async function ratersOf(project: string): Promise<RaterProfile[]> {
  const path = join(project, 'raters.jsonl');
  if (!existsSync(path)) return [];
  const rows = await readUnique(path, raterProfileSchema as z.ZodType<RaterProfile>, (rater) => rater.id);
  return [...rows.values()].map(({ row }) => row);
}

async function cardOf(
  options: ExportOptions,
  layout: Layout,
  made: {
    readonly tally: Tally;
    readonly files: CardInput['files'];
    readonly rows: number;
    readonly omitted: Record<string, number>;
    readonly altered: Record<string, number>;
    readonly answers: AnswerChoice;
  },
): Promise<{ card: object; digest: string; agreement: CardInput['agreement'] }> {
  const { tally, files, omitted, altered } = made;
  const { name, ...declared } = options.declared ?? {};
  const digest = digestValue(files.map((file) => [file.name, file.sha256]));
  const agreement = tally.agreement(options.seed ?? 1);
  const pairs = typeof layout.kinds.ranking === 'object' && 'as' in layout.kinds.ranking;
  const card = datasetCard({
    name: name ?? (basename(options.project) || 'feedback'),
    files,
    digest,
    publishedAt: options.now(),
    declared,
    layout,
    counts: { items: tally.items, judgments: tally.judgments, raters: tally.raters.size, rows: made.rows },
    kinds: tally.kinds,
    perItem: tally.perItem,
    sources: tally.sources,
    origins: tally.origins,
    instructions: tally.instructions,
    timeframe: tally.timeframe,
    raters: await ratersOf(options.project),
    agreement,
    measuredBiases: tally.biases(),
    notHeld: notHeld(layout),
    omitted,
    altered,
    answers: { choice: made.answers, text: ANSWER_CHOICE_TEXT[made.answers] },
    ...(pairs &&
      tally.kinds.ranking !== undefined &&
      !('not' in layout.write) && {
        expansion: { how: HOW[options.expansion ?? 'all'], weights: layout.write.weights },
      }),
  });
  return { card, digest, agreement };
}

const HOW: Readonly<Record<RankingExpansion, string>> = {
  all: 'every pair of ranked replies',
  adjacent: 'neighbouring ranks only',
  'best-rest': 'the best against each of the rest',
};

/** The most replies of an item, for the columns of a table. */
async function maxReplies(project: string): Promise<number> {
  let most = 0;
  const none = { of: () => [], decisions: () => [], isArchived: () => false, unused: () => undefined, close: () => {} };
  for await (const { item } of itemGroups(project, none)) most = Math.max(most, item.replies.length);
  return most;
}

async function exportRows(options: ExportOptions, layout: Layout & { readonly write: Writer }): Promise<ExportSummary> {
  const { project, out, expansion = 'all', answers = 'decided', messages = false, durable = true } = options;
  const progress = options.progress ?? ignoreProgress;
  const named = containerFor(out, layout);
  const container: Container = named ?? layout.write.container;
  const folder = named === undefined ? out : dirname(out);
  const path = named === undefined ? join(out, layout.id + extensionOf(container)) : out;
  checkCard(folder);
  const flat = container === 'csv' || container === 'parquet';
  if (flat && messages)
    throw new UsageError(
      'messages',
      `${out}: messages are lists, which ${container} columns do not hold; write .jsonl`,
    );
  const { columns: columnsOf } = layout.write;
  const columns: readonly Column[] =
    typeof columnsOf === 'function' ? columnsOf(flat ? await maxReplies(project) : 2) : [];
  const chooser = answerChooser(readProjectFile(project)?.questions ?? [], answers);
  const judgments = await judgmentsByItem(project, chooser.hear);
  const staging = stage(path, 'file', { durable });
  const tally = createTally();
  const omitted: Record<string, number> = {};
  const altered: Record<string, number> = {};
  const count = (counts: Record<string, number>, reason: string) => addTo(counts, readable(reason));
  const total = Math.max(1, Math.ceil(statSync(join(project, 'items.jsonl')).size / KB));
  let [rows, done] = [0, 0];
  const report = () => progress({ stage: 'export', done, total, unit: 'kB', metrics: { rows } });
  const writer = rowWriter(staging.path, container, { columns, durable });
  try {
    for await (const group of itemGroups(project, judgments, (bytes) => {
      done = Math.min(total - 1, Math.floor(bytes / KB));
    })) {
      tally.add(group);
      const chosen = chooser.of(group.judgments, judgments.decisions(group.item.id));
      for (const reason of chosen.left) count(omitted, reason);
      const written = layout.write.rows({ ...group, judgments: chosen.judgments }, { expansion, messages });
      for (const row of written.rows) {
        const problem = flat ? utf8Problem(row) : undefined;
        if (problem !== undefined) {
          count(omitted, problem);
          continue;
        }
        writer.write(row);
        rows += 1;
      }
      for (const reason of written.omitted) count(omitted, reason);
      for (const reason of written.altered) count(altered, reason);
      if (tally.items % 1000 === 0) report();
    }
    const { bytes, sha256 } = await writer.close();
    const file = {
      name: basename(path),
      bytes,
      sha256,
      records: rows,
      encodingFormat: ENCODING_FORMATS[container],
      ...(columns.length > 0 && { columns }),
    };
    const { card, digest, agreement } = await cardOf(options, layout, {
      tally,
      files: [file],
      rows,
      omitted,
      altered,
      answers,
    });
    if (rows === 0) {
      const why = Object.entries(omitted).map(([reason, n]) => `${reason}: ${n}`);
      throw new DataError(
        'nothing',
        `${project}: nothing can be written as ${layout.id} (${why.join('; ') || 'no items'})`,
      );
    }
    staging.commit();
    writeJson(join(folder, CARD), card);
    done = total;
    report();
    return {
      layout: layout.id,
      out: path,
      card: join(folder, CARD),
      rows,
      items: tally.items,
      judgments: tally.judgments,
      omitted,
      altered,
      notHeld: notHeld(layout),
      expansion,
      answers,
      weights: tally.kinds.ranking === undefined ? 'no rankings' : layout.write.weights,
      digest,
      agreement,
    };
  } catch (error) {
    writer.abandon();
    staging.discard();
    throw error;
  } finally {
    judgments.close();
  }
}

/** A project folder as it is, checked record by record; two exports of one project have equal files. */
async function exportProject(options: ExportOptions, layout: Layout): Promise<ExportSummary> {
  const { project, out, expansion = 'all', durable = true } = options;
  const judgments = await judgmentsByItem(project);
  const tally = createTally();
  try {
    for await (const group of itemGroups(project, judgments)) tally.add(group);
  } finally {
    judgments.close();
  }
  const staging = stage(out, 'folder', { durable });
  const output = folderOutput(staging.path, { durable });
  const sink = checkedSink(output);
  const context: ReadContext = {
    projectId: '',
    rater: (id: string) => id,
    lookup: () => undefined,
    note: () => {},
    lost: () => {},
    unread: () => {},
    roles: createRoles(),
  };
  try {
    for await (const row of folderRows(layoutFiles(project, layout), {})) {
      if (!('row' in row)) throw new DataError('row', `${row.file}:${row.line}: ${row.field}: ${row.reason}`);
      try {
        sink.put(layout.read(row.row, context), row.row.line);
      } catch (error) {
        if (error instanceof DataError) throw new DataError('row', `${row.file}:${row.row.line}: ${error.message}`);
        throw error;
      }
    }
    const files = output.close().map((file) => ({ ...file, encodingFormat: ENCODING_FORMATS.jsonl }));
    const rows = files.reduce((sum, file) => sum + file.records, 0);
    const answers = 'all' as const;
    const made = { tally, files, rows, omitted: {}, altered: {}, answers };
    const { card, digest, agreement } = await cardOf(options, layout, made);
    writeJson(join(staging.path, CARD), card);
    staging.commit();
    const { items, judgments: standing } = tally;
    const weights = 'no rankings' as const;
    const held = { omitted: {}, altered: {}, notHeld: [], expansion, answers, weights };
    return {
      layout: layout.id,
      out,
      card: join(out, CARD),
      rows,
      items,
      judgments: standing,
      ...held,
      digest,
      agreement,
    };
  } catch (error) {
    output.abandon();
    staging.discard();
    throw error;
  }
}

/**
 * Exports a project folder in a layout, with a dataset card (`croissant.json`) beside it. Items stream with their
 * judgments; what the layout cannot hold is counted by reason, in the summary and on the card. The file appears whole at
 * the end or not at all.
 * @throws DataError, UsageError, with one line that says what to do
 */
export async function exportLayout(options: ExportOptions): Promise<ExportSummary> {
  const layout = findLayout(options.layout);
  requireProject(options.project);
  if (!existsSync(join(options.project, 'items.jsonl')))
    throw new UsageError('file', `${options.project}: expected a project folder with items.jsonl; check the path`);
  if (layout.id === 'project') {
    if (options.answers !== undefined && options.answers !== 'all')
      throw new UsageError(
        'answers',
        `answers ${options.answers}: a project folder holds every record; leave it out, or choose another layout`,
      );
    return exportProject(options, layout);
  }
  if ('not' in layout.write) throw new UsageError('layout', `${layout.id} is not written: ${layout.write.not}`);
  return exportRows(options, layout as Layout & { readonly write: Writer });
}
