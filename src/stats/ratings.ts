/**
 * The table that every agreement coefficient reads: units (things rated) × raters, values missing at will. Two forms:
 * `Ratings` keeps who gave which value; `Tally` keeps per unit how many values fell on each point of the scale, equal
 * rows stored once, so that a coefficient of a million values costs as much as its distinct rows.
 */

/** Values given to one unit by its raters; fewer than two cannot be paired and do not count. */
export type Unit = readonly number[];

/** Ratings in columns, sorted by unit. Labels that are not numbers are given as indices into a list of the caller's. */
export interface Ratings {
  readonly units: number;
  readonly raters: number;
  /** The points of the scale, ascending: those that occur, or the declared ones. */
  readonly scale: Float64Array;
  /** The entries of unit u are starts[u] to starts[u + 1] − 1. */
  readonly starts: Uint32Array;
  /** Rater of each entry. */
  readonly rater: Uint32Array;
  /** Value of each entry, as an index into the scale. */
  readonly code: Uint32Array;
}

/** Distinct rows of the unit × scale table of counts, sparse, and the row of each unit. */
export interface Tally {
  readonly units: number;
  readonly scale: Float64Array;
  readonly rows: number;
  /** Row of each unit. */
  readonly rowOf: Uint32Array;
  /** Number of units that have this row. */
  readonly multiplicity: Float64Array;
  /** Values in the row. */
  readonly sizes: Uint32Array;
  /** The cells of row r are starts[r] to starts[r + 1] − 1. */
  readonly starts: Uint32Array;
  /** Index into the scale, ascending within a row, and the count there, never zero. */
  readonly code: Uint32Array;
  readonly count: Uint32Array;
}

export interface ScaleOptions {
  /** All points of the scale, those nobody used included. Gwet's chance agreement depends on them. */
  readonly scale?: readonly number[];
}

/** Anything a coefficient that ignores who rated can be computed from. */
export type UnitValues = readonly Unit[] | Ratings | Tally;

/** Past this many distinct values a sort and binary searches are faster than a hash map. */
const MANY = 2048;

/** Place of a value in an ascending scale, or −1. */
function placeOf(value: number, scale: Float64Array): number {
  let [low, high] = [0, scale.length - 1];
  while (low <= high) {
    const middle = (low + high) >>> 1;
    if (scale[middle]! < value) low = middle + 1;
    else if (scale[middle]! > value) high = middle - 1;
    else return middle;
  }
  return -1;
}

/** Distinct values, ascending. */
function distinct(values: Float64Array): Float64Array {
  const few = new Set<number>();
  for (let i = 0; i < values.length && few.size <= MANY; i++) few.add(values[i]!);
  if (few.size <= MANY) return Float64Array.from(few).sort();
  const sorted = values.slice().sort();
  let length = 1;
  for (let i = 1; i < sorted.length; i++) if (sorted[i] !== sorted[i - 1]) sorted[length++] = sorted[i]!;
  return sorted.slice(0, length);
}

/** Indices of values in the sorted scale; a value off a declared scale or not a finite number is refused. */
function encode(values: Float64Array, declared?: readonly number[]): { scale: Float64Array; code: Uint32Array } {
  const scale = declared === undefined ? distinct(values) : distinct(Float64Array.from(declared));
  const places = scale.length <= MANY ? new Map(Array.from(scale, (point, k) => [point, k])) : null;
  const code = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const place = places === null ? placeOf(value, scale) : (places.get(value) ?? -1);
    if (place < 0 || !Number.isFinite(value)) {
      const expected = declared === undefined ? 'finite numbers' : `values of the scale ${declared.join(', ')}`;
      throw new RangeError(`ratings: expected ${expected}, got ${value}: leave missing values out, or mend the scale`);
    }
    code[i] = place;
  }
  return { scale, code };
}

/** Collects rows of cells and keeps equal ones once, by an open hash table over their contents. */
class RowStore {
  readonly starts: Uint32Array;
  readonly code: Uint32Array;
  readonly count: Uint32Array;
  rows = 0;
  private end = 0;
  private readonly slots: Int32Array;

  constructor(units: number, cells: number) {
    this.starts = new Uint32Array(units + 1);
    this.code = new Uint32Array(cells);
    this.count = new Uint32Array(cells);
    let size = 16;
    while (size < 2 * units) size *= 2;
    this.slots = new Int32Array(size).fill(-1);
  }

  /** Adds a cell to the row being written. */
  push(code: number, count: number): void {
    this.code[this.end] = code;
    this.count[this.end] = count;
    this.end += 1;
  }

  /** Closes the row being written; its index, an old one when the row was seen before. */
  close(): number {
    const { starts, code, count, slots } = this;
    const start = starts[this.rows]!;
    let hash = 0;
    for (let i = start; i < this.end; i++) {
      hash = Math.imul(hash ^ code[i]!, 0x9e3779b1) ^ count[i]!;
      hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca77);
    }
    const mask = slots.length - 1;
    for (let slot = (hash ^ (hash >>> 13)) & mask; ; slot = (slot + 1) & mask) {
      const row = slots[slot]!;
      if (row < 0) {
        slots[slot] = this.rows;
        this.rows += 1;
        starts[this.rows] = this.end;
        return this.rows - 1;
      }
      const from = starts[row]!;
      let same = starts[row + 1]! - from === this.end - start;
      for (let i = 0; same && i < this.end - start; i++) {
        same = code[from + i] === code[start + i] && count[from + i] === count[start + i];
      }
      if (same) {
        this.end = start;
        return row;
      }
    }
  }

  tally(scale: Float64Array, rowOf: Uint32Array): Tally {
    const { rows } = this;
    const starts = this.starts.slice(0, rows + 1);
    const [code, count] = [this.code.slice(0, this.end), this.count.slice(0, this.end)];
    const multiplicity = new Float64Array(rows);
    for (let u = 0; u < rowOf.length; u++) multiplicity[rowOf[u]!]! += 1;
    const sizes = new Uint32Array(rows);
    for (let r = 0; r < rows; r++) for (let i = starts[r]!; i < starts[r + 1]!; i++) sizes[r]! += count[i]!;
    return { units: rowOf.length, scale, rows, rowOf, multiplicity, sizes, starts, code, count };
  }
}

/** Insertion sort of a short stretch; long ones go to the typed array's own sort. */
function sortCodes(codes: Uint32Array, length: number): void {
  if (length > 24) {
    codes.subarray(0, length).sort();
    return;
  }
  for (let i = 1; i < length; i++) {
    const value = codes[i]!;
    let j = i - 1;
    for (; j >= 0 && codes[j]! > value; j--) codes[j + 1] = codes[j]!;
    codes[j + 1] = value;
  }
}

function tallySorted(starts: Uint32Array, { scale, code }: { scale: Float64Array; code: Uint32Array }): Tally {
  const units = starts.length - 1;
  const store = new RowStore(units, code.length);
  const rowOf = new Uint32Array(units);
  let longest = 0;
  for (let u = 0; u < units; u++) longest = Math.max(longest, starts[u + 1]! - starts[u]!);
  const scratch = new Uint32Array(longest);
  for (let u = 0; u < units; u++) {
    const size = starts[u + 1]! - starts[u]!;
    for (let i = 0; i < size; i++) scratch[i] = code[starts[u]! + i]!;
    sortCodes(scratch, size);
    for (let i = 0; i < size; ) {
      const from = i;
      while (i < size && scratch[i] === scratch[from]) i++;
      store.push(scratch[from]!, i - from);
    }
    rowOf[u] = store.close();
  }
  return store.tally(scale, rowOf);
}

/** The tally of units whose raters are not told apart. */
export function tallyUnits(units: readonly Unit[], { scale }: ScaleOptions = {}): Tally {
  const starts = new Uint32Array(units.length + 1);
  for (let u = 0; u < units.length; u++) starts[u + 1] = starts[u]! + units[u]!.length;
  const values = new Float64Array(starts[units.length]!);
  let at = 0;
  for (const unit of units) for (let i = 0; i < unit.length; i++) values[at++] = unit[i]!;
  return tallySorted(starts, encode(values, scale));
}

/** The tally of whatever was given; a tally is returned as it is. */
export function tallyOf(data: UnitValues): Tally {
  if ('rowOf' in data) return data;
  return 'rater' in data ? tallySorted(data.starts, data) : tallyUnits(data);
}
