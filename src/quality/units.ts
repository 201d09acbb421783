import { type AnswerKind, type AnswerOf, ratedUnits } from '../feedback/index.ts';
import { answerAt, BOTH_BAD, CANT_JUDGE, type QualityColumns, TIE, WORK } from './columns.ts';
import { GrowingInts, GrowingNumbers } from './growing.ts';

/**
 * The values raters gave to the judged things of one question, in columns sorted by unit. A unit is what two people can
 * agree on: the item for a comparison, a pair of replies of a ranking, a criterion of a reply, a step. Work judgments only.
 */
export interface UnitTable {
  /** Index into the columns' questions. */
  readonly question: number;
  readonly kind: AnswerKind;
  readonly units: number;
  readonly unitItem: Int32Array;
  /** Reply that a unit is about; −1 where it is about all of them, or a part of one. */
  readonly unitReply: Int32Array;
  /** Part of the item's judgment that a unit belongs to: the criterion of a rating, the option of a label; else empty. */
  readonly unitPart: Int32Array;
  readonly parts: readonly string[];
  /** The entries of unit u are starts[u] to starts[u + 1] − 1. */
  readonly starts: Uint32Array;
  /** Judgment of each entry, as a row of the columns. */
  readonly row: Int32Array;
  readonly rater: Int32Array;
  /** A number on the scale, or the index of a category. */
  readonly value: Float64Array;
  /** Names of the categories; null where values are numbers on a scale. */
  readonly categories: readonly string[] | null;
  /** Values left out because the same rater gave the unit a later one. */
  readonly replaced: number;
  /** Judgments of the question without a value (cannot judge). */
  readonly abstained: number;
}

/** Collects values of units; equal keys are one unit. */
class UnitBuilder {
  readonly unitItem: number[] = [];
  readonly unitPart: number[] = [];
  readonly unitReply: number[] = [];
  readonly parts: string[] = [];
  readonly unit: number[] = [];
  readonly row: number[] = [];
  readonly value: number[] = [];
  private readonly keys = new Map<string, number>();
  private readonly partAt = new Map<string, number>();

  /** Names a unit; `key` is unique within the item and part. */
  unitOf(item: number, key: string, { part = '', reply = -1 } = {}): number {
    const full = `${item}/${part}/${key}`;
    let unit = this.keys.get(full);
    if (unit === undefined) {
      unit = this.unitItem.length;
      this.keys.set(full, unit);
      let at = this.partAt.get(part);
      if (at === undefined) {
        at = this.parts.length;
        this.partAt.set(part, at);
        this.parts.push(part);
      }
      this.unitItem.push(item);
      this.unitPart.push(at);
      this.unitReply.push(reply);
    }
    return unit;
  }

  push(unit: number, row: number, value: number): void {
    this.unit.push(unit);
    this.row.push(row);
    this.value.push(value);
  }
}

interface Entries {
  readonly unit: ArrayLike<number>;
  readonly row: ArrayLike<number>;
  readonly value: ArrayLike<number>;
}

/** Sorts entries by unit and keeps the latest value of a rater on a unit. */
function sorted(columns: QualityColumns, { unit, row, value }: Entries, units: number) {
  const n = unit.length;
  const raw = new Uint32Array(units + 1);
  for (let i = 0; i < n; i++) raw[unit[i]! + 1]! += 1;
  for (let u = 0; u < units; u++) raw[u + 1]! += raw[u]!;
  const next = raw.slice(0, units);
  const at = new Uint32Array(n);
  for (let i = 0; i < n; i++) at[next[unit[i]!]!++] = i;
  const starts = new Uint32Array(units + 1);
  const rows = new Int32Array(n);
  const raters = new Int32Array(n);
  const values = new Float64Array(n);
  // Where a rater's entry of the current unit stands, and which unit that was.
  const place = new Int32Array(columns.raterIds.length);
  const seen = new Int32Array(columns.raterIds.length).fill(-1);
  let end = 0;
  for (let u = 0; u < units; u++) {
    for (let i = raw[u]!; i < raw[u + 1]!; i++) {
      const entry = at[i]!;
      const rater = columns.rater[row[entry]!]!;
      let to = end;
      if (seen[rater] === u) to = place[rater]!;
      else {
        seen[rater] = u;
        place[rater] = end;
        end += 1;
      }
      rows[to] = row[entry]!;
      raters[to] = rater;
      values[to] = value[entry]!;
    }
    starts[u + 1] = end;
  }
  return {
    starts,
    row: rows.slice(0, end),
    rater: raters.slice(0, end),
    value: values.slice(0, end),
    replaced: n - end,
  };
}

const isWork = (columns: QualityColumns, row: number, question: number) =>
  columns.question[row] === question && columns.purpose[row] === WORK;

/** Comparisons: the item is the unit; values are reply indices, then the tie, then "none is good" where anybody said so. */
function comparisonUnits(columns: QualityColumns, question: number): UnitTable {
  const { items, n, item, choice } = columns;
  const unitOf = new Int32Array(items.length).fill(-1);
  const unitItem = new GrowingInts();
  const unit = new GrowingInts();
  const row = new GrowingInts();
  const value = new GrowingNumbers();
  let replies = 2;
  for (let r = 0; r < n; r++) {
    if (isWork(columns, r, question)) replies = Math.max(replies, items[item[r]!]!.replies.length);
  }
  let [bad, abstained] = [false, 0];
  for (let r = 0; r < n; r++) {
    if (!isWork(columns, r, question)) continue;
    const code = choice[r]!;
    if (code === CANT_JUDGE) {
      abstained += 1;
      continue;
    }
    bad ||= code === BOTH_BAD;
    const i = item[r]!;
    if (unitOf[i]! < 0) {
      unitOf[i] = unitItem.length;
      unitItem.push(i);
    }
    unit.push(unitOf[i]!);
    row.push(r);
    value.push(code === TIE ? replies : code === BOTH_BAD ? replies + 1 : code);
  }
  const entries = { unit: unit.finish(), row: row.finish(), value: value.finish() };
  const categories = [
    ...Array.from({ length: replies }, (_, i) => `reply ${i + 1}`),
    'tie',
    ...(bad ? ['none is good'] : []),
  ];
  return {
    question,
    kind: 'comparison',
    units: unitItem.length,
    unitItem: unitItem.finish(),
    unitReply: new Int32Array(unitItem.length).fill(-1),
    unitPart: new Int32Array(unitItem.length),
    parts: [''],
    ...sorted(columns, entries, unitItem.length),
    categories,
    abstained,
  };
}

function finish(
  columns: QualityColumns,
  builder: UnitBuilder,
  rest: Pick<UnitTable, 'question' | 'kind' | 'categories' | 'abstained'>,
): UnitTable {
  const units = builder.unitItem.length;
  return {
    ...rest,
    units,
    unitItem: Int32Array.from(builder.unitItem),
    unitReply: Int32Array.from(builder.unitReply),
    unitPart: Int32Array.from(builder.unitPart),
    parts: builder.parts,
    ...sorted(columns, builder, units),
  };
}

/** Values of any other kind whose answers give values to parts of their item (`ratedUnits`). */
function genericUnits(columns: QualityColumns, question: number): UnitTable {
  const { kind } = columns.questions[question]!;
  const builder = new UnitBuilder();
  const categoryAt = new Map<string, number>();
  const names: string[] = [];
  let abstained = 0;
  for (let row = 0; row < columns.n; row++) {
    if (!isWork(columns, row, question)) continue;
    const answer = answerAt(columns, row);
    const item = columns.item[row]!;
    if (answer.kind === 'rating') {
      for (const { reply, criterion, value } of answer.values)
        builder.push(builder.unitOf(item, String(reply), { part: criterion, reply }), row, value);
      continue;
    }
    const place = answer.kind === 'label' ? { reply: answer.reply } : {};
    const rated = ratedUnits(answer);
    if (rated.length === 0) abstained += 1;
    for (const { unit, value } of rated) {
      if (typeof value === 'number') {
        builder.push(builder.unitOf(item, unit), row, value);
        continue;
      }
      let code = categoryAt.get(value);
      if (code === undefined) {
        code = names.length;
        categoryAt.set(value, code);
        names.push(value === '' ? 'no label' : value);
      }
      builder.push(builder.unitOf(item, unit, place), row, code);
    }
  }
  const categories = kind === 'rating' || kind === 'steps' ? null : names;
  return finish(columns, builder, { question, kind, categories, abstained });
}

/** The values of a question; none for kinds whose answers have no common values (texts, spans). */
export function unitTable(columns: QualityColumns, question: number): UnitTable {
  return columns.questions[question]!.kind === 'comparison'
    ? comparisonUnits(columns, question)
    : genericUnits(columns, question);
}

/** Labels one by one: whether each option that anybody used applies to a reply. The options are the parts. */
export function labelOptionUnits(columns: QualityColumns, question: number): UnitTable {
  const options = new Set<string>();
  const rows: number[] = [];
  for (let row = 0; row < columns.n; row++) {
    if (!isWork(columns, row, question)) continue;
    rows.push(row);
    for (const label of (answerAt(columns, row) as AnswerOf<'label'>).labels) options.add(label);
  }
  const builder = new UnitBuilder();
  for (const row of rows) {
    const { reply, labels } = answerAt(columns, row) as AnswerOf<'label'>;
    const given = new Set(labels);
    for (const option of options)
      builder.push(
        builder.unitOf(columns.item[row]!, String(reply), { part: option, reply }),
        row,
        Number(given.has(option)),
      );
  }
  return finish(columns, builder, {
    question,
    kind: 'label',
    categories: ['does not apply', 'applies'],
    abstained: 0,
  });
}
