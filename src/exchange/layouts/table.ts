import { z } from 'zod';
import {
  type Answer,
  answerSchema,
  goldAnswerSchema,
  type Item,
  type Judgment,
  purposeSchema,
  softComparison,
} from '../../feedback/index.ts';
import {
  type Column,
  type Entry,
  EVERY_KIND,
  hasKeys,
  holding,
  type ItemGroup,
  type Layout,
  NOT_RELEASED,
  parseRow,
  type ReadContext,
  RowError,
  type Written,
} from './layout.ts';
import { checkShape, contentId } from './values.ts';

/**
 * The flat table of CSV and Parquet: one row for each judgment, one without an answer for an item that has none. Replies
 * are named by letters. Values of more than one part (spans, scales, strata) are JSON in their column.
 */
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const SPECIAL = ['tie', 'both-bad', 'cant-judge'] as const;

const text = z
  .union([z.string(), z.number(), z.boolean()])
  .transform(String)
  .nullish()
  .transform((value) => (value === null || value === undefined || value === '' ? undefined : value));
/** A text that may be empty and is then empty. */
const whole = z.union([z.string(), z.number(), z.boolean()]).transform(String).nullish();
const json = text.transform((value, context) => {
  if (value === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    checkShape(parsed);
    return parsed;
  } catch (error) {
    if (error instanceof RowError) throw error;
    context.addIssue({ code: 'custom', message: 'expected JSON' });
    return z.NEVER;
  }
});
const number = text.transform((value, context) => {
  // How pandas writes a missing number.
  if (value === undefined || /^nan$/i.test(value.trim())) return undefined;
  const parsed = Number(value);
  if (Number.isFinite(parsed) && value.trim() !== '') return parsed;
  context.addIssue({ code: 'custom', message: `expected a number, got ${JSON.stringify(value)}` });
  return z.NEVER;
});

const COLUMNS = {
  item_id: text,
  prompt: whole,
  reply_ids: json.pipe(z.array(z.string()).optional()),
  reply_models: json.pipe(z.array(z.string().nullable()).optional()),
  choice: text,
  strength: number,
  shares: json.pipe(z.array(z.number()).optional()),
  votes: number,
  ranking: text,
  answer: json.pipe(answerSchema.optional()),
  rater: text,
  judgment_id: text,
  submitted_at: text,
  shown_at: text,
  active_ms: number,
  order: text,
  view: text,
  instructions: text,
  purpose: text.pipe(purposeSchema.optional()),
  repeats: text,
  suggestion: json.pipe(z.strictObject({ by: z.string(), answer: answerSchema }).optional()),
  question: text,
  reason: whole,
  confidence: number,
  source: text,
  supersedes: text,
  gold: text,
  gold_answers: json.pipe(z.array(goldAnswerSchema).min(1).optional()),
  strata: json.pipe(z.record(z.string(), z.string()).optional()),
  metadata: json.pipe(z.record(z.string(), z.string()).optional()),
  role: text.pipe(z.enum(['work', 'gold', 'training', 'qualification']).optional()),
  facts: json.pipe(z.array(z.string()).optional()),
  origin: whole,
  selection: whole,
  sampling: json.pipe(z.record(z.string(), z.union([z.string(), z.number()])).optional()),
} as const;
const rowSchema = z.object(COLUMNS).partial();
type Row = z.infer<typeof rowSchema>;
const NUMBERS: readonly string[] = ['strength', 'votes', 'active_ms', 'confidence'];

/** The columns of the table for items of up to so many replies. */
export const tableColumns = (maxReplies: number): Column[] => [
  ...(['item_id', 'prompt'] as const).map((name) => ({ name, type: 'text' as const })),
  ...Array.from({ length: Math.min(maxReplies, LETTERS.length) }, (_, i) => ({
    name: `reply_${LETTERS[i]}`,
    type: 'text' as const,
  })),
  ...Object.keys(COLUMNS)
    .filter((name) => name !== 'item_id' && name !== 'prompt')
    .map((name) => ({ name, type: NUMBERS.includes(name) ? ('number' as const) : ('text' as const) })),
];

/** The reply a name means: its letter, or the name of its column. */
function replyOf(name: string, replies: number, field: string): number {
  const index = LETTERS.indexOf(
    name
      .trim()
      .toLowerCase()
      .replace(/^reply_/, '') || '?',
  );
  if (index >= 0 && index < replies) return index;
  const known = LETTERS.slice(0, replies).split('').join(', ');
  throw new RowError(field, `expected ${known || 'nothing, for an item without replies'}, got ${JSON.stringify(name)}`);
}

function repliesOf(value: object, { reply_ids: ids, reply_models: models }: Row, itemId: string): Item['replies'] {
  const cells = LETTERS.split('').map((letter) => (value as Record<string, unknown>)[`reply_${letter}`]);
  const given = cells.map((cell) => (cell === null || cell === undefined ? undefined : String(cell)));
  // Without ids an empty cell is no reply: the last filled one ends the list.
  const count = ids?.length ?? given.findLastIndex((cell) => cell !== undefined && cell !== '') + 1;
  return Array.from({ length: count }, (_, i) => {
    const cell = given[i];
    if (cell === undefined || (ids === undefined && cell === ''))
      throw new RowError(`reply_${LETTERS[i] ?? '?'}`, `expected ${count} replies, got an empty cell`);
    const model = models?.[i] ?? undefined;
    return { id: ids?.[i] ?? `${itemId}/${i}`, text: cell, ...(model !== undefined && { model }) };
  });
}

function answerOf(row: Row, replies: number): Answer | undefined {
  const given = (['choice', 'ranking', 'answer'] as const).filter((name) => row[name] !== undefined);
  if (given.length > 1) throw new RowError(given[1]!, `expected one answer a row, got ${given.join(' and ')}`);
  if (row.shares !== undefined) {
    if (row.ranking !== undefined || row.answer !== undefined)
      throw new RowError('shares', `expected shares beside a choice or alone, got them beside ${given[0]!}`);
    const soft = softComparison(row.shares, row.votes);
    return row.strength === undefined ? soft : { ...soft, strength: row.strength };
  }
  if (row.choice !== undefined) {
    const special = SPECIAL.find((name) => name === row.choice!.trim().toLowerCase().replaceAll(/[_ ]/g, '-'));
    const outcome = special ?? replyOf(row.choice, replies, 'choice');
    return { kind: 'comparison', outcome, ...(row.strength !== undefined && { strength: row.strength }) };
  }
  if (row.ranking !== undefined) {
    const groups = row.ranking
      .split('>')
      .map((group) => group.split('=').map((name) => replyOf(name, replies, 'ranking')));
    return { kind: 'ranking', groups };
  }
  return row.answer;
}

function goldOf(gold: string | undefined, replies: number): Item['gold'] {
  if (gold === undefined) return undefined;
  return gold === 'tie' ? 'tie' : replyOf(gold, replies, 'gold');
}

/** The id of an item that has none: rows of one pair are judgments of one item. */
const unnamedId = (prompt: string, value: object) => {
  const cells: unknown[] = LETTERS.split('').map(
    (letter) => (value as Record<string, unknown>)[`reply_${letter}`] ?? null,
  );
  // Rows of equal texts by other models are other items.
  const models = (value as { readonly reply_models?: unknown }).reply_models;
  if (typeof models === 'string' && models !== '') cells.push(models);
  return contentId('item', [prompt, cells]);
};

/** Columns `strata_topic` are strata too, for tables made elsewhere. */
const strataOf = (value: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([key, cell]) =>
        key.startsWith('strata_') && cell !== null && cell !== undefined && cell !== ''
          ? [[key.slice('strata_'.length), String(cell)]]
          : [],
      ),
  );

function readTableRow(value: unknown, n: number, context: ReadContext, layout: string): Entry {
  if (typeof value !== 'object' || value === null || !hasKeys(value, 'prompt'))
    throw new RowError('prompt', 'no such column; name it with --column prompt=<its name>');
  const row = parseRow(rowSchema, value);
  const { projectId } = context;
  const prompt = row.prompt ?? '';
  const itemId = row.item_id ?? unnamedId(prompt, value);
  const replies = repliesOf(value, row, itemId);
  const gold = goldOf(row.gold, replies.length);
  const strata = { ...row.strata, ...strataOf(value) };
  const item: Item = {
    id: itemId,
    projectId,
    prompt,
    replies,
    source: {
      origin: row.origin || layout,
      selection: row.selection || 'not released',
      ...(row.sampling !== undefined && { sampling: row.sampling }),
    },
    ...(row.role !== undefined && { role: row.role }),
    ...(row.facts !== undefined && { facts: row.facts }),
    ...(gold !== undefined && { gold }),
    ...(row.gold_answers !== undefined && { goldAnswers: row.gold_answers }),
    ...(Object.keys(strata).length > 0 && { strata }),
  };
  const answer = answerOf(row, replies.length);
  if (answer === undefined) return { items: [item], shared: true };
  const order = (row.order ?? '').split(/\s+/).filter((name) => name !== '');
  const judgment: Judgment = {
    id: row.judgment_id ?? `${itemId}/${n}`,
    projectId,
    itemId,
    raterId: row.rater === undefined ? NOT_RELEASED : context.rater(row.rater),
    presentation: {
      order: order.map((name) => replyOf(name, replies.length, 'order')),
      view: row.view ?? 'full',
      instructionsVersion: row.instructions ?? 'original',
      shownAt: row.shown_at ?? NOT_RELEASED,
      ...(row.purpose !== undefined && { purpose: row.purpose }),
      ...(row.repeats !== undefined && { repeats: row.repeats }),
      ...(row.suggestion !== undefined && { suggestion: row.suggestion }),
    },
    ...(row.question !== undefined && { questionId: row.question }),
    answer,
    activeMs: row.active_ms ?? null,
    submittedAt: row.submitted_at ?? NOT_RELEASED,
    source: row.source ?? `import:${layout}`,
    ...(row.supersedes !== undefined && { supersedes: row.supersedes }),
    ...(row.reason !== null && row.reason !== undefined && row.reason !== '' && { reason: row.reason }),
    ...(row.confidence !== undefined && { confidence: row.confidence }),
    ...(row.metadata !== undefined && { metadata: row.metadata }),
  };
  return { items: [item], judgments: [judgment], shared: true };
}

const asJson = (value: unknown) => (value === undefined ? undefined : JSON.stringify(value));
const letter = (reply: number) => LETTERS[reply]!;

function answerCells(answer: Answer): object {
  if (answer.kind === 'comparison') {
    const { outcome, strength, shares, votes } = answer;
    const choice = typeof outcome === 'number' ? letter(outcome) : outcome;
    return { choice, strength, shares: asJson(shares), votes };
  }
  if (answer.kind === 'ranking')
    return { ranking: answer.groups.map((group) => group.map(letter).join(' = ')).join(' > ') };
  return { answer: JSON.stringify(answer) };
}

function tableRows({ item, judgments }: ItemGroup): Written {
  if (item.replies.length > LETTERS.length) {
    const why = `items of more than ${LETTERS.length} replies`;
    return { rows: [], omitted: judgments.length === 0 ? [why] : judgments.map(() => why), altered: [] };
  }
  const cells = {
    item_id: item.id,
    prompt: item.prompt,
    ...Object.fromEntries(item.replies.map((reply, i) => [`reply_${letter(i)}`, reply.text])),
    reply_ids: JSON.stringify(item.replies.map((reply) => reply.id)),
    reply_models: item.replies.some(({ model }) => model !== undefined)
      ? JSON.stringify(item.replies.map(({ model }) => model ?? null))
      : undefined,
    gold: typeof item.gold === 'number' ? letter(item.gold) : item.gold,
    gold_answers: asJson(item.goldAnswers),
    strata: asJson(item.strata),
    role: item.role,
    facts: asJson(item.facts),
    origin: item.source.origin,
    selection: item.source.selection,
    sampling: asJson(item.source.sampling),
  };
  if (judgments.length === 0) return { rows: [cells], omitted: [], altered: [] };
  const altered: string[] = [];
  const rows = judgments.map(({ presentation, answer, ...judgment }) => {
    const { order, view, instructionsVersion, shownAt, purpose, repeats, suggestion } = presentation;
    const texts = [judgment.reason, view, instructionsVersion, shownAt, judgment.submittedAt, judgment.source];
    if (texts.includes('')) altered.push('an empty text is written as none');
    const known = order.every((reply) => reply < item.replies.length);
    if (!known) altered.push('an order that names replies the item does not have is left off');
    return {
      ...cells,
      ...answerCells(answer),
      rater: judgment.raterId,
      judgment_id: judgment.id,
      submitted_at: judgment.submittedAt,
      shown_at: shownAt,
      active_ms: judgment.activeMs ?? undefined,
      order: known ? order.map(letter).join(' ') : undefined,
      view,
      instructions: instructionsVersion,
      purpose,
      repeats,
      suggestion: asJson(suggestion),
      question: judgment.questionId,
      reason: judgment.reason,
      confidence: judgment.confidence,
      source: judgment.source,
      supersedes: judgment.supersedes,
      metadata: asJson(judgment.metadata),
    };
  });
  return { rows, omitted: [], altered };
}

function tableLayout(id: 'csv' | 'parquet', title: string, description: string): Layout {
  return {
    id,
    aliases: id === 'csv' ? ['table'] : [],
    title,
    description,
    source: 'file',
    kinds: EVERY_KIND,
    aspects: {
      ...holding(
        ['ids', 'rater', 'order', 'view', 'suggestion', 'time', 'when', 'purpose', 'question', 'reason', 'confidence'],
        'a row is one judgment',
      ),
      shares: 'held',
      models: 'held',
      metadata: 'held',
      gold: 'held',
      strata: 'held',
      provenance: 'held',
      people: { not: 'a row holds the id of its rater only; profiles stay in raters.jsonl' },
      history: { not: 'a row is a judgment that stands; drafts, skips, undo and decisions stay in records.jsonl' },
    },
    detect: (row) =>
      hasKeys(row, 'prompt') && !Object.hasOwn(row, 'projectId') && (hasKeys(row, 'reply_a') || hasKeys(row, 'answer')),
    reads: { schema: rowSchema, also: /^(reply_[a-z]|strata_.+)$/ },
    read: ({ value, n }, context) => readTableRow(value, n, context, id),
    write: {
      container: id,
      columns: tableColumns,
      weights: { not: 'rankings are written as they are' },
      rows: tableRows,
    },
  };
}

const TABLE =
  'one row for each judgment: prompt, reply_a, reply_b, …, choice (a, b, tie, both-bad, cant-judge) or ranking (b > a = c) or shares ([0.7, 0.3]) with votes or answer (JSON), rater, and the rest of what was recorded. Only prompt and the replies are needed; rows of equal texts without item_id are one item. Offsets of spans count UTF-16 code units. Cells are data as they stand, also where a spreadsheet would read a formula.';

export const csv = tableLayout('csv', 'CSV table', `Comma-separated values with a header, ${TABLE}`);
export const parquet = tableLayout('parquet', 'Parquet table', `Parquet, ${TABLE}`);
