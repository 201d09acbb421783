/** One label: rater, item and class as indices from 0. */
export interface Label {
  readonly rater: number;
  readonly item: number;
  readonly label: number;
}

/** The same as columns of one length: entry j of each is one label. */
export interface LabelColumns {
  readonly item: Int32Array;
  readonly rater: Int32Array;
  readonly label: Int32Array;
}

export interface LabelSizes {
  readonly items: number;
  readonly raters: number;
  readonly classes: number;
}

/**
 * Labels sorted by item: those of item i stand at `start[i]` to `start[i + 1] − 1`, in the order given. A rater may label
 * an item more than once, or never.
 */
export interface LabelTable extends LabelSizes {
  /** Number of labels. */
  readonly n: number;
  readonly start: Int32Array;
  readonly rater: Int32Array;
  readonly label: Int32Array;
  /** Labels per rater. */
  readonly perRater: Int32Array;
}

/** What every method of truth inference reads. A table is used as it is; the rest is sorted once. */
export type Labels = Iterable<Label> | LabelColumns | LabelTable;

function columnsOf(labels: Iterable<Label> | LabelColumns): LabelColumns {
  if (!(Symbol.iterator in labels)) return labels;
  const rows = Array.isArray(labels) ? (labels as readonly Label[]) : [...labels];
  const item = new Int32Array(rows.length);
  const rater = new Int32Array(rows.length);
  const label = new Int32Array(rows.length);
  for (let j = 0; j < rows.length; j++) {
    const row = rows[j]!;
    // An Int32Array would truncate 1.5 and wrap 2³²: such an index becomes −1 and is refused with its column's name.
    item[j] = Number.isInteger(row.item) && row.item < 2 ** 31 ? row.item : -1;
    rater[j] = Number.isInteger(row.rater) && row.rater < 2 ** 31 ? row.rater : -1;
    label[j] = Number.isInteger(row.label) && row.label < 2 ** 31 ? row.label : -1;
  }
  return { item, rater, label };
}

function checkColumn(name: string, column: Int32Array, { length, below }: { length: number; below: number }): void {
  if (column.length !== length) {
    throw new RangeError(`expected ${length} entries in column ${name} as in column item, got ${column.length}`);
  }
  for (let j = 0; j < length; j++) {
    const v = column[j]!;
    if (v < 0 || v >= below) {
      const range = below === 0 ? 'none, as its size is 0' : `a whole number from 0 to ${below - 1}`;
      throw new RangeError(
        `expected ${range} as ${name} of label ${j}, got ${v}: number ${name}s from 0, or mend sizes`,
      );
    }
  }
}

/** Sorts labels by item (counting sort, linear). Throws a RangeError that names the first index outside `sizes`. */
export function labelTable(labels: Labels, { items, raters, classes }: LabelSizes): LabelTable {
  if ('start' in labels) {
    if (labels.items !== items || labels.raters !== raters || labels.classes !== classes) {
      const had = `${labels.items} items, ${labels.raters} raters, ${labels.classes} classes`;
      throw new RangeError(`expected sizes equal to those of the table (${had}), got ${items}, ${raters}, ${classes}`);
    }
    return labels;
  }
  const columns = columnsOf(labels);
  const n = columns.item.length;
  checkColumn('item', columns.item, { length: n, below: items });
  checkColumn('rater', columns.rater, { length: n, below: raters });
  checkColumn('label', columns.label, { length: n, below: classes });
  const start = new Int32Array(items + 1);
  const perRater = new Int32Array(raters);
  for (let j = 0; j < n; j++) {
    start[columns.item[j]! + 1]! += 1;
    perRater[columns.rater[j]!]! += 1;
  }
  for (let i = 0; i < items; i++) start[i + 1]! += start[i]!;
  const next = start.slice(0, items);
  const rater = new Int32Array(n);
  const label = new Int32Array(n);
  for (let j = 0; j < n; j++) {
    const at = next[columns.item[j]!]!++;
    rater[at] = columns.rater[j]!;
    label[at] = columns.label[j]!;
  }
  return { items, raters, classes, n, start, rater, label, perRater };
}
