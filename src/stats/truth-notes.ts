import type { LabelTable } from './label-table.ts';

export type TruthNoteCode =
  | 'no-labels'
  | 'unlabelled-items'
  | 'unlabelled-raters'
  | 'single-label-raters'
  | 'no-overlap'
  | 'two-raters'
  | 'separate-groups'
  | 'unanimous'
  | 'one-class'
  | 'unused-classes'
  | 'not-converged';

/** A degenerate trait of the labels: how many, the first hundred of them by index, and what follows. */
export interface TruthNote {
  readonly code: TruthNoteCode;
  readonly count: number;
  readonly ids: readonly number[];
  readonly because: string;
}

const BECAUSE: Record<TruthNoteCode, (count: number) => string> = {
  'no-labels': () => 'there are no labels: every posterior is the uniform prior',
  'unlabelled-items': (n) => `${n} items have no label: their posterior is the prior`,
  'unlabelled-raters': (n) => `${n} raters gave no label: nothing is known of them`,
  'single-label-raters': (n) => `${n} raters gave one label: their accuracy only repeats what others say of that item`,
  'no-overlap': () =>
    'no item has labels of two raters: posteriors repeat the labels, and accuracies are not identified',
  'two-raters': () => 'only two raters share items: where they differ, nothing says which of them errs',
  'separate-groups': (n) =>
    `raters fall into ${n} groups without a common item: accuracies do not compare across groups`,
  unanimous: () =>
    'raters never differ: posteriors of 0 and 1 follow from that alone, whatever the truth; compare the smoothed fit',
  'one-class': () => 'only one class was ever given: accuracy on the other classes cannot be estimated',
  'unused-classes': (n) => `${n} classes were never given`,
  'not-converged': (n) => `the objective was still rising after ${n} iterations`,
};

export interface LabelGroups {
  /** Labels of a rater on items that another rater labelled too. */
  readonly overlap: Int32Array;
  /** Group of raters connected by common items, per rater. */
  readonly group: Int32Array;
  /** Raters per group that share an item with another rater. */
  readonly groupRaters: readonly number[];
}

/** Raters connected by common items (union–find), and how much each shares with others. */
export function labelGroups({ items, raters, start, rater }: LabelTable): LabelGroups {
  const parent = Int32Array.from({ length: raters }, (_, r) => r);
  const find = (r: number): number => {
    let root = r;
    while (parent[root] !== root) {
      parent[root] = parent[parent[root]!]!;
      root = parent[root]!;
    }
    return root;
  };
  const overlap = new Int32Array(raters);
  for (let i = 0; i < items; i++) {
    const [from, to] = [start[i]!, start[i + 1]!];
    const first = rater[from]!;
    let shared = false;
    for (let j = from + 1; j < to; j++) {
      if (rater[j] === first) continue;
      shared = true;
      parent[find(rater[j]!)] = find(first);
    }
    if (shared) for (let j = from; j < to; j++) overlap[rater[j]!]! += 1;
  }
  const numbers = new Map<number, number>();
  const groupRaters: number[] = [];
  const group = new Int32Array(raters);
  for (let r = 0; r < raters; r++) {
    const root = find(r);
    let number = numbers.get(root);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(root, number);
      groupRaters.push(0);
    }
    group[r] = number;
    if (overlap[r]! > 0) groupRaters[number]! += 1;
  }
  return { overlap, group, groupRaters };
}

const indicesWhere = (length: number, holds: (index: number) => boolean): number[] => {
  const found: number[] = [];
  for (let i = 0; i < length; i++) if (holds(i)) found.push(i);
  return found;
};

/** What is degenerate about a table of labels, and what that does to every method. */
export function truthNotes(
  table: LabelTable,
  { overlap, group, groupRaters }: LabelGroups,
  fit: { converged: boolean; iterations: number },
): TruthNote[] {
  const { items, raters, classes, n, start, rater, label, perRater } = table;
  const notes: TruthNote[] = [];
  const say = (code: TruthNoteCode, count: number, ids: readonly number[] = []) =>
    notes.push({ code, count, ids: ids.slice(0, 100), because: BECAUSE[code](count) });
  const sayAll = (code: TruthNoteCode, ids: readonly number[]) => {
    if (ids.length > 0) say(code, ids.length, ids);
  };
  if (n === 0) {
    say('no-labels', 0);
    return notes;
  }
  sayAll(
    'unlabelled-items',
    indicesWhere(items, (i) => start[i] === start[i + 1]),
  );
  sayAll(
    'unlabelled-raters',
    indicesWhere(raters, (r) => perRater[r] === 0),
  );
  sayAll(
    'single-label-raters',
    indicesWhere(raters, (r) => perRater[r] === 1),
  );
  const perClass = new Float64Array(classes);
  for (let j = 0; j < n; j++) perClass[label[j]!]! += 1;
  const unused = indicesWhere(classes, (k) => perClass[k] === 0);
  if (unused.length === classes - 1) say('one-class', 1, [label[0]!]);
  else sayAll('unused-classes', unused);
  const linked = groupRaters.filter((count) => count > 0);
  if (linked.length === 0) say('no-overlap', items);
  if (linked.length > 0 && linked.every((count) => count === 2)) say('two-raters', 2 * linked.length);
  const groups = new Set(Array.from(group).filter((_, r) => perRater[r]! > 0));
  if (linked.length > 0 && groups.size > 1) say('separate-groups', groups.size);
  let differ = false;
  for (let i = 0; i < items && !differ; i++) {
    for (let j = start[i]! + 1; j < start[i + 1]!; j++) {
      if (rater[j] !== rater[start[i]!] && label[j] !== label[start[i]!]) differ = true;
    }
  }
  if (!differ && overlap.some((count) => count > 0)) say('unanimous', items);
  if (!fit.converged && fit.iterations > 0) say('not-converged', fit.iterations);
  return notes;
}
