import { join } from 'node:path';
import { rowWriter } from '../exchange/node.ts';
import { recordKey } from '../feedback/index.ts';
import { canonicalJson } from '../run/index.ts';
import type { ProjectTable, ResponseOf, TableFormat } from './contract/index.ts';
import type { MadeFile } from './file-answer.ts';
import { listed, PAGES, type PageContext } from './project-pages.ts';
import { type ProjectState, recordText, shownRecord } from './project-state.ts';

type Column = Parameters<typeof rowWriter>[2]['columns'][number];
/** Cells of a row by column; nested values are JSON text in every format, so that all formats say the same. */
type Row = Readonly<Record<string, string | number | boolean | null>>;
export interface Table {
  readonly columns: readonly Column[];
  readonly rows: Iterable<Row>;
}

const text = (...names: string[]) => names.map((name): Column => ({ name, type: 'text' }));
const number = (...names: string[]) => names.map((name): Column => ({ name, type: 'number' }));
const boolean = (...names: string[]) => names.map((name): Column => ({ name, type: 'boolean' }));

/** Writes a table into a file of a folder. */
export async function writeTable(
  folder: string,
  name: string,
  { table: { columns, rows }, format }: { readonly table: Table; readonly format: TableFormat },
): Promise<Omit<MadeFile, 'folder'>> {
  const path = join(folder, `table.${format}`);
  const writer = rowWriter(path, format, { columns, durable: false });
  try {
    for (const row of rows) writer.write(row);
    await writer.close();
  } catch (error) {
    writer.abandon();
    throw error;
  }
  return { path, name: `${name}.${format}` };
}

const itemTable = (state: ProjectState, show: 'all' | 'disagreement'): Table => {
  const rows = listed(state, { show, sort: 'added' });
  return {
    columns: [
      ...text('id', 'prompt'),
      ...number('judgments', 'wanted'),
      ...boolean('open', 'flagged'),
      ...number('agreement'),
      ...boolean('adjudicated', 'archived'),
      ...number('brought'),
      ...text('import', 'lastAt'),
    ],
    rows: rows.map((row) => ({ ...row })),
  };
};

const ESTIMATES = ['accuracy', 'agreement', 'firstShown', 'longer'] as const;
const PARTS = ['', 'Low', 'High', 'N'] as const;

async function raterTable(state: ProjectState, names: boolean, context: PageContext): Promise<Table> {
  const { raters } = await PAGES.raters(state, { names }, context);
  const cells = (name: string, estimate: (typeof raters)[number]['accuracy']): Row => {
    const { value, interval, n } = 'value' in estimate ? estimate : { value: null, interval: null, n: null };
    return {
      [name]: value,
      [`${name}Low`]: interval?.low ?? null,
      [`${name}High`]: interval?.high ?? null,
      [`${name}N`]: n,
    };
  };
  return {
    columns: [
      ...text('raterId', 'name'),
      ...number('judgments', 'activeHours', 'medianActiveMs'),
      ...text('lastAt'),
      ...ESTIMATES.flatMap((name) => number(...PARTS.map((part) => `${name}${part}`))),
      ...boolean('paused'),
      ...text('flags'),
    ],
    rows: raters.map(({ raterId, name, judgments, activeHours, medianActiveMs, lastAt, paused, flags, ...rest }) => ({
      raterId,
      name,
      judgments,
      activeHours,
      medianActiveMs,
      lastAt,
      ...Object.assign({}, ...ESTIMATES.map((estimate) => cells(estimate, rest[estimate]))),
      paused,
      flags: canonicalJson(flags),
    })),
  };
}

function* recordRows({ records, state }: ProjectState): Generator<Row> {
  for (const [i, record] of records.entries()) {
    if (record.type === 'draft') continue;
    const { seq, standing, text: said } = shownRecord(i + 1, record, state);
    const { id, raterId, itemId, at } = recordKey(record);
    yield { seq, type: record.type, id, raterId, itemId, at, standing, text: said, record: canonicalJson(record) };
  }
}

const adjudicationTable = ({ state: { adjudications } }: ProjectState): Table => ({
  columns: [...text('id', 'itemId', 'questionId', 'raterId', 'at', 'text', 'reason', 'note'), ...number('considered')],
  rows: adjudications.map((record) => ({
    id: record.id,
    itemId: record.itemId,
    questionId: record.questionId ?? null,
    raterId: record.raterId,
    at: record.at,
    text: recordText(record),
    reason: record.reason,
    note: record.note ?? null,
    considered: record.considered.length,
  })),
});

type Made = (state: ProjectState, context: PageContext & { readonly names: boolean }) => Promise<Table> | Table;
/** Tables of a project. Drafts are nobody's but their rater's, and in none. */
export const PROJECT_TABLE: Readonly<Record<ProjectTable, Made>> = {
  items: (state) => itemTable(state, 'all'),
  disagreements: (state) => itemTable(state, 'disagreement'),
  raters: (state, { names, ...context }) => raterTable(state, names, context),
  records: (state) => ({
    columns: [
      ...number('seq'),
      ...text('type', 'id', 'raterId', 'itemId', 'at'),
      ...boolean('standing'),
      ...text('text', 'record'),
    ],
    rows: recordRows(state),
  }),
  adjudications: adjudicationTable,
};

/** Every number of a run's metrics, a row each. */
export function metricsTable(series: ResponseOf<'GET /api/runs/{run}/series'>['series']): Table {
  function* rows(): Generator<Row> {
    for (const [stage, metrics] of Object.entries(series))
      for (const [metric, points] of Object.entries(metrics))
        for (const [step, value] of points) yield { stage, metric, step, value };
  }
  return { columns: [...text('stage', 'metric'), ...number('step', 'value')], rows: rows() };
}

export function findingsTable(findings: ResponseOf<'GET /api/runs/{run}/findings'>['findings']): Table {
  return {
    columns: [
      ...text('challenge', 'probe', 'verdict'),
      ...number('estimate', 'low', 'high', 'level', 'n', 'unscored', 'seed'),
      ...text('estimand', 'because', 'params', 'details', 'planted', 'clean', 'lookAlike'),
    ],
    rows: findings.map(
      ({ interval, params, details, planted, clean, lookAlike, evidence: _, reason: __, ...finding }) => ({
        ...finding,
        params: canonicalJson(params),
        details: canonicalJson(details),
        low: interval?.low ?? null,
        high: interval?.high ?? null,
        level: interval?.level ?? null,
        planted: planted === null ? null : canonicalJson(planted),
        clean: clean === null ? null : canonicalJson(clean),
        lookAlike: lookAlike === null ? null : canonicalJson(lookAlike),
      }),
    ),
  };
}

export const samplesTable = (samples: ResponseOf<'GET /api/runs/{run}/samples'>['samples']): Table => ({
  columns: text('prompt', 'before', 'after', 'note'),
  rows: samples,
});
