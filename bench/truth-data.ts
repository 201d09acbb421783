/** Generated crowds for timing, and the public ones for accuracy against gold. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  createRng,
  type LabelSizes,
  type Labels,
  type LabelTable,
  labelTable,
  randomDesign,
} from '../src/stats/index.ts';

export interface GeneratedCrowd {
  readonly table: LabelTable;
  readonly truth: Int32Array;
}

/** n labels: n / 5 items of five different raters each, n / 50 raters whose accuracies spread evenly over 0.55 to 0.95. */
export function generateCrowd(n: number, classes: number): GeneratedCrowd {
  const rng = createRng(`truth bench ${n} ${classes}`);
  const design = randomDesign({ items: n / 5, raters: Math.max(5, n / 50), classes, perItem: 5 }, rng);
  const accuracy = Float64Array.from({ length: design.raters }, () => 0.55 + 0.4 * rng.uniform());
  const truth = Int32Array.from({ length: design.items }, () => rng.integer(classes));
  const label = new Int32Array(design.n);
  for (let i = 0; i < design.items; i++) {
    for (let j = design.start[i]!; j < design.start[i + 1]!; j++) {
      const right = rng.uniform() < accuracy[design.rater[j]!]!;
      label[j] = right ? truth[i]! : (truth[i]! + 1 + rng.integer(classes - 1)) % classes;
    }
  }
  return { table: { ...design, label }, truth };
}

/** The item of each label of a table. */
export function itemColumn({ items, start, n }: LabelTable): Int32Array {
  const item = new Int32Array(n);
  for (let i = 0; i < items; i++) item.fill(i, start[i]!, start[i + 1]!);
  return item;
}

export interface GoldCrowd {
  readonly name: string;
  readonly labels: Labels;
  readonly sizes: LabelSizes;
  readonly gold: (number | null)[];
}

class Names {
  readonly #index = new Map<string, number>();
  of(name: string): number {
    if (!this.#index.has(name)) this.#index.set(name, this.#index.size);
    return this.#index.get(name)!;
  }
  get size(): number {
    return this.#index.size;
  }
}

/** Binary labels of a crowd (tab-separated rater, item, label) with gold. */
export function barzan(folder: string): GoldCrowd {
  const lines = (file: string) =>
    readFileSync(join(folder, 'barzan', file), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split('\t'));
  const [raters, items] = [new Names(), new Names()];
  const labels = lines('labels.txt').map(([rater, item, label]) => ({
    rater: raters.of(rater!),
    item: items.of(item!),
    label: Number(label),
  }));
  const gold = new Map(lines('evaluation.txt').map(([item, label]) => [items.of(item!), Number(label)]));
  const sizes = { items: items.size, raters: raters.size, classes: 2 };
  return { name: 'barzan', labels, sizes, gold: Array.from({ length: items.size }, (_, i) => gold.get(i) ?? null) };
}

/** UKPConvArg1: which argument convinces more (a1, a2, equal), with the crowd's gold where it has one. */
export function ukp(folder: string): GoldCrowd {
  const classes = ['a1', 'a2', 'equal'];
  const raters = new Names();
  const labels: { rater: number; item: number; label: number }[] = [];
  const gold: (number | null)[] = [];
  const text = gunzipSync(readFileSync(join(folder, 'ukp', 'pairs.jsonl.gz'))).toString('utf8');
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const pair = JSON.parse(line) as { gold: string | null; assignments: { worker: string; value: string }[] };
    const item = gold.length;
    gold.push(pair.gold === null ? null : classes.indexOf(pair.gold));
    for (const { worker, value } of pair.assignments) {
      const label = classes.indexOf(value);
      if (label >= 0) labels.push({ rater: raters.of(worker), item, label });
    }
  }
  const sizes = { items: gold.length, raters: raters.size, classes: 3 };
  return { name: 'ukp', labels: labelTable(labels, sizes), sizes, gold };
}
