import type { LabelTable } from './label-table.ts';

/**
 * A table of labels without the classes that nobody gave. A model with a chance for every wrong class, a pseudo-count for
 * every cell or a share for every class would otherwise find something else because a form offered one more answer.
 */
export interface UsedClasses {
  readonly table: LabelTable;
  /**
   * Declared classes behind each class of the table: one each, and where a single class was given, all others together
   * behind a second one, since a rater who cannot be wrong has no accuracy.
   */
  readonly members: readonly (readonly number[])[];
  /** Rows over declared classes, flat, as rows over the table's classes that sum to 1; uniform where nothing is left. */
  narrow(flat: Float64Array): Float64Array;
  /** Rows over the table's classes, flat, as rows over declared classes, with 0 for those that were left out. */
  widen(flat: Float64Array): Float64Array;
}

/** Which declared classes stand behind each class of the reduced table. */
function membersOf({ classes, label }: LabelTable): number[][] {
  const given = new Set<number>(label);
  const all = Array.from({ length: classes }, (_, k) => k);
  const used = all.filter((k) => given.has(k));
  if (used.length === 0) return all.map((k) => [k]);
  if (used.length > 1 || classes === 1) return used.map((k) => [k]);
  const groups = [used, all.filter((k) => k !== used[0])];
  return used[0] === 0 ? groups : groups.reverse();
}

export function usedClasses(table: LabelTable): UsedClasses {
  const { classes, label } = table;
  const members = membersOf(table);
  const width = members.length;
  if (width === classes) return { table, members, narrow: (flat) => flat, widen: (flat) => flat };
  const at = new Int32Array(classes);
  for (const [c, own] of members.entries()) for (const k of own) at[k] = c;
  return {
    table: { ...table, classes: width, label: label.map((k) => at[k]!) },
    members,
    narrow: (flat) => {
      const rows = flat.length / classes;
      const out = new Float64Array(rows * width);
      for (let i = 0; i < rows; i++) {
        let sum = 0;
        for (const [c, own] of members.entries()) {
          for (const k of own) out[i * width + c]! += flat[i * classes + k]!;
          sum += out[i * width + c]!;
        }
        for (let c = i * width; c < (i + 1) * width; c++) out[c] = sum === 0 ? 1 / width : out[c]! / sum;
      }
      return out;
    },
    widen: (flat) => {
      const rows = flat.length / width;
      const out = new Float64Array(rows * classes);
      for (let i = 0; i < rows; i++) {
        for (const [c, own] of members.entries())
          for (const k of own) out[i * classes + k] = flat[i * width + c]! / own.length;
      }
      return out;
    },
  };
}
