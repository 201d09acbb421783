/** Columns that grow by doubling: a million numbers cost four or eight bytes each, with no boxing and no copy at the end. */

export class GrowingInts {
  private values = new Int32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Int32Array(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  /** The values, or those of the given rows. */
  finish(rows?: readonly number[]): Int32Array {
    return rows === undefined
      ? this.values.subarray(0, this.length)
      : Int32Array.from(rows, (row) => this.values[row]!);
  }
}

export class GrowingNumbers {
  private values = new Float64Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Float64Array(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  /** The values, or those of the given rows. */
  finish(rows?: readonly number[]): Float64Array {
    return rows === undefined
      ? this.values.subarray(0, this.length)
      : Float64Array.from(rows, (row) => this.values[row]!);
  }
}
