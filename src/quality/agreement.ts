import { ANSWER_KINDS, type AnswerKind, type AnswerOf } from '../feedback/index.ts';
import {
  alphaInterval,
  type BootstrapOptions,
  clusterShare,
  type Estimate,
  gwetAgreement,
  type Interval,
  icc,
  kendallW,
  krippendorffAlpha,
  pairCounts,
  pairwiseAgreement,
  type Ratings,
  type Rng,
  type Tally,
  tallyOf,
} from '../stats/index.ts';
import { ClusterAlpha, type ClusterMetric } from './cluster-alpha.ts';
import { answerAt, type QualityColumns, WORK } from './columns.ts';
import type { QualityData } from './data.ts';
import { ClusteredMean } from './estimates.ts';
import { spanAgreement } from './spans.ts';
import { labelOptionUnits, type UnitTable } from './units.ts';

export type AgreementMeasure =
  | 'alpha-nominal'
  | 'alpha-ordinal'
  | 'alpha-interval'
  | 'pairwise'
  | 'gwet'
  | 'icc-1-1'
  | 'icc-2-1'
  | 'kendall-w'
  | 'span-f1';

/** One coefficient of one question, as a whole, of a part of it, or in a stratum. */
export interface AgreementRow {
  readonly question: string | null;
  readonly kind: AnswerKind;
  /** Criterion, option, or what the whole is; empty for the question itself. */
  readonly part: string;
  readonly stratum: { readonly key: string; readonly value: string } | null;
  readonly measure: AgreementMeasure;
  readonly estimate: Estimate;
  readonly interval: Interval | null;
  /** Units with at least two values, their values, and the raters who gave any. */
  readonly units: number;
  readonly values: number;
  readonly raters: number;
}

export interface AgreementReport {
  readonly rows: readonly AgreementRow[];
  /** Strata with more values than can be tabulated, such as ids. */
  readonly strataLeftOut: readonly { readonly key: string; readonly values: number }[];
  readonly replicates: number;
}

export interface AgreementOptions {
  readonly rng: Rng;
  readonly replicates: number;
}

/** Values of one stratum from which on a key is a label of items, not a stratum. */
const MAX_STRATA = 50;

const METRICS: { readonly [K in AnswerKind]?: ClusterMetric } = {
  comparison: 'nominal',
  ranking: 'nominal',
  rating: 'interval',
  label: 'nominal',
  steps: 'ordinal',
};

const finite = (interval: Interval): Interval | null => (Number.isFinite(interval.low) ? interval : null);

/** The table's values as ratings; raters are numbered by place in the unit, for the coefficients that ignore who rated. */
function ratingsOf({ units, starts, value, categories }: UnitTable): Ratings {
  const scale =
    categories === null ? Float64Array.from(new Set(value)).sort() : Float64Array.from(categories, (_, k) => k);
  const at = new Map(Array.from(scale, (v, k) => [v, k]));
  const rater = new Uint32Array(value.length);
  let raters = 0;
  for (let u = 0; u < units; u++) {
    for (let i = starts[u]!; i < starts[u + 1]!; i++) rater[i] = i - starts[u]!;
    raters = Math.max(raters, starts[u + 1]! - starts[u]!);
  }
  const code = categories === null ? Uint32Array.from(value, (v) => at.get(v)!) : new Uint32Array(value);
  return { units, raters, scale, starts, rater, code };
}

interface Measured {
  readonly measure: AgreementMeasure;
  readonly estimate: Estimate;
  readonly interval: Interval | null;
}

/** α and pairwise agreement where items have one unit each: equal rows of counts are counted together. */
function ofTally(tally: Tally, metric: ClusterMetric, options: BootstrapOptions): Measured[] {
  const alpha = krippendorffAlpha(tally, metric);
  const pairwise = pairwiseAgreement(tally);
  return [
    {
      measure: `alpha-${metric}`,
      estimate: alpha,
      interval: 'value' in alpha ? finite(alphaInterval(tally, metric, options)) : null,
    },
    {
      measure: 'pairwise',
      estimate: pairwise,
      interval: 'value' in pairwise ? clusterShare(pairCounts(tally)).interval : null,
    },
  ];
}

const single = (table: UnitTable, metric: ClusterMetric, options: BootstrapOptions) =>
  ofTally(tallyOf(ratingsOf(table)), metric, options);

/** The units of a stratum, by reference to the rows that the whole table has already. */
function subTally(tally: Tally, units: readonly number[]): Tally {
  const rowOf = Uint32Array.from(units, (u) => tally.rowOf[u]!);
  const multiplicity = new Float64Array(tally.rows);
  for (const row of rowOf) multiplicity[row]! += 1;
  return { ...tally, units: units.length, rowOf, multiplicity };
}

/** The same where items have several units: whole items are resampled. */
function clustered(
  table: UnitTable,
  metric: ClusterMetric,
  options: Required<Pick<BootstrapOptions, 'uniform' | 'replicates'>>,
): Measured[] {
  const { units, unitItem, starts, value } = table;
  const scale = Float64Array.from(new Set(value)).sort();
  const at = metric === 'interval' ? null : new Map(Array.from(scale, (v, k) => [v, k]));
  const clusterAt = new Map<number, number>();
  for (let u = 0; u < units; u++) if (!clusterAt.has(unitItem[u]!)) clusterAt.set(unitItem[u]!, clusterAt.size);
  const sums = new ClusterAlpha(metric, { clusters: clusterAt.size, categories: scale.length });
  for (let u = 0; u < units; u++) {
    const own = Array.from(value.subarray(starts[u]!, starts[u + 1]!), (v) => (at === null ? v : at.get(v)!));
    sums.add(clusterAt.get(unitItem[u]!)!, own);
  }
  return fromClusters(sums, metric, options);
}

function fromClusters(
  sums: ClusterAlpha,
  metric: ClusterMetric,
  options: Parameters<ClusterAlpha['intervals']>[0],
): Measured[] {
  const intervals = sums.intervals(options);
  return [
    { measure: `alpha-${metric}`, estimate: sums.alpha(), interval: intervals.alpha },
    { measure: 'pairwise', estimate: sums.agreement(), interval: intervals.agreement },
  ];
}

/** Whether no item has more than one unit. */
function isSingle({ units, unitItem }: UnitTable): boolean {
  return new Set(unitItem).size === units;
}

/** The part of a table with given units, and of these the entries to keep. */
function subTable(table: UnitTable, units: readonly number[], keep?: (entry: number) => boolean): UnitTable {
  const starts = new Uint32Array(units.length + 1);
  const entries: number[] = [];
  for (const [k, u] of units.entries()) {
    for (let i = table.starts[u]!; i < table.starts[u + 1]!; i++) if (keep === undefined || keep(i)) entries.push(i);
    starts[k + 1] = entries.length;
  }
  return {
    ...table,
    units: units.length,
    unitItem: Int32Array.from(units, (u) => table.unitItem[u]!),
    unitReply: Int32Array.from(units, (u) => table.unitReply[u]!),
    unitPart: Int32Array.from(units, (u) => table.unitPart[u]!),
    starts,
    row: Int32Array.from(entries, (i) => table.row[i]!),
    rater: Int32Array.from(entries, (i) => table.rater[i]!),
    value: Float64Array.from(entries, (i) => table.value[i]!),
  };
}

/** Units with two values or more, their values, and the raters of any: of a table, or of some of its units. */
function sizes(
  { units: all, starts, rater }: UnitTable,
  some?: readonly number[],
): Pick<AgreementRow, 'units' | 'values' | 'raters'> {
  let [units, values] = [0, 0];
  const raters = new Set<number>();
  const n = some?.length ?? all;
  for (let k = 0; k < n; k++) {
    const u = some?.[k] ?? k;
    const size = starts[u + 1]! - starts[u]!;
    for (let i = starts[u]!; i < starts[u + 1]!; i++) raters.add(rater[i]!);
    if (size < 2) continue;
    units += 1;
    values += size;
  }
  return { units, values, raters: raters.size };
}

/** Gwet's AC1 or AC2, which a prevailing category does not pull down; for one unit per item, as its error assumes. */
function gwet(tally: Tally, metric: ClusterMetric): Measured {
  const weights = ({ nominal: 'identity', ordinal: 'ordinal', interval: 'quadratic' } as const)[metric];
  const found = gwetAgreement(tally, { weights });
  if ('undefined' in found) return { measure: 'gwet', estimate: found, interval: null };
  const interval = 'undefined' in found.interval ? null : found.interval;
  return { measure: 'gwet', estimate: { value: found.value }, interval };
}

/** Intraclass correlations, where every target has the same number of ratings, and where it has the same raters. */
function intraclass(table: UnitTable): Measured[] {
  const { units, starts, rater, value } = table;
  const k = units === 0 ? 0 : starts[1]!;
  const equal = Array.from({ length: units }, (_, u) => starts[u + 1]! - starts[u]!).every((size) => size === k);
  const missing: Measured[] = (['icc-1-1', 'icc-2-1'] as const).map((measure) => ({
    measure,
    estimate: { undefined: 'targets have different numbers of ratings; α allows for that' },
    interval: null,
  }));
  if (!equal || k < 2) return missing;
  const ratings = ratingsOf(table);
  const pick = (measure: 'icc-1-1' | 'icc-2-1', form: '1,1' | '2,1', data: Ratings): Measured => {
    const found = icc(data);
    const estimate = 'undefined' in found ? found : found.forms[form];
    if ('undefined' in estimate) return { measure, estimate, interval: null };
    return {
      measure,
      estimate: { value: estimate.value },
      interval: 'undefined' in estimate.interval ? null : estimate.interval,
    };
  };
  const people = [...new Set(rater)];
  if (people.length > k) {
    return [
      pick('icc-1-1', '1,1', ratings),
      { measure: 'icc-2-1', estimate: { undefined: 'targets have different raters' }, interval: null },
    ];
  }
  const place = new Map(people.map((r, i) => [r, i]));
  const byPerson: Ratings = { ...ratings, rater: Uint32Array.from(value, (_, i) => place.get(rater[i]!)!) };
  return [pick('icc-1-1', '1,1', ratings), pick('icc-2-1', '2,1', byPerson)];
}

/** Mean over items of Kendall's W among the raters who ranked every reply. */
function concordance(columns: QualityColumns, question: number): Measured & { items: number; values: number } {
  const byItem = new Map<number, Map<number, number[]>>();
  for (let row = 0; row < columns.n; row++) {
    if (columns.question[row] !== question || columns.purpose[row] !== WORK) continue;
    const { groups } = answerAt(columns, row) as AnswerOf<'ranking'>;
    const item = columns.item[row]!;
    const { length } = columns.items[item]!.replies;
    if (groups.flat().length < length) continue;
    const ranks = new Array<number>(length);
    for (const [rank, group] of groups.entries()) for (const reply of group) ranks[reply] = rank;
    if (!byItem.has(item)) byItem.set(item, new Map());
    byItem.get(item)!.set(columns.rater[row]!, ranks);
  }
  const mean = new ClusteredMean(columns.items.length);
  let values = 0;
  for (const [item, rankings] of byItem) {
    if (rankings.size < 2) continue;
    const found = kendallW([...rankings.values()]);
    if ('undefined' in found) continue;
    mean.add(item, found.value);
    values += rankings.size;
  }
  const result = mean.n === 0 ? { undefined: 'no item has two complete rankings' } : mean.result();
  const known = 'undefined' in result ? null : result;
  return {
    measure: 'kendall-w',
    estimate: known === null ? (result as { undefined: string }) : { value: known.value },
    interval: known?.interval ?? null,
    items: mean.n,
    values,
  };
}

/** Agreement of every question, of its parts and in every stratum, each with interval, sizes, or the reason for none. */
export function agreementReport(data: QualityData, { rng, replicates }: AgreementOptions): AgreementReport {
  const { columns } = data;
  const rows: AgreementRow[] = [];
  const leftOut = new Map<string, number>();
  for (const [q, { id, kind }] of columns.questions.entries()) {
    const head = { question: id, kind };
    const options = (label: string) => ({ uniform: rng.fork(`agreement/${q}/${label}`).uniform, replicates });
    const put = (
      part: string,
      measured: readonly Measured[],
      rest: Pick<AgreementRow, 'units' | 'values' | 'raters'> & { stratum?: AgreementRow['stratum'] },
    ) => {
      const { units, values, raters, stratum = null } = rest;
      for (const { measure, estimate, interval } of measured)
        rows.push({ ...head, part, stratum, measure, estimate, interval, units, values, raters });
    };
    const metric = METRICS[kind];
    if (kind === 'spans') {
      putSpans(data, q, { put, options: options('spans') });
      continue;
    }
    const table = data.tables[q]!;
    if (metric === undefined) {
      const { comparable } = ANSWER_KINDS[kind];
      const reason = typeof comparable === 'string' ? comparable : comparable.not;
      const raters = new Set(columns.rater.filter((_, row) => columns.question[row] === q)).size;
      const values = columns.question.reduce((n, question) => n + Number(question === q), 0);
      put('', [{ measure: 'pairwise', estimate: { undefined: reason }, interval: null }], { units: 0, values, raters });
      continue;
    }
    const tally = isSingle(table) ? tallyOf(ratingsOf(table)) : null;
    const all = options('all');
    put(
      '',
      tally === null ? clustered(table, metric, all) : [...ofTally(tally, metric, all), gwet(tally, metric)],
      sizes(table),
    );
    if (kind === 'ranking') {
      const { items, values, ...w } = concordance(columns, q);
      put('complete rankings', [w], { units: items, values, raters: sizes(table).raters });
    }
    const whole = kind === 'label' ? labelOptionUnits(columns, q) : table;
    for (const [part, name] of whole.parts.entries()) {
      if (name === '') continue;
      const own = subTable(
        whole,
        Array.from({ length: whole.units }, (_, u) => u).filter((u) => whole.unitPart[u] === part),
      );
      const partly = isSingle(own) ? single : clustered;
      const extra = kind === 'rating' ? intraclass(own) : [];
      put(name, [...partly(own, metric, options(`part/${name}`)), ...extra], sizes(own));
    }
    for (const { key, values } of strataOf(columns, table)) {
      if (values.size > MAX_STRATA) leftOut.set(key, values.size);
      if (values.size < 2 || values.size > MAX_STRATA) continue;
      for (const [value, units] of inOrder(values)) {
        const own = options(`${key}/${value}`);
        const measured =
          tally === null
            ? clustered(subTable(table, units), metric, own)
            : ofTally(subTally(tally, units), metric, own);
        put('', measured, { ...sizes(table, units), stratum: { key, value } });
      }
    }
    for (const { key, values } of versionsOf(columns, table)) {
      for (const [value, own] of inOrder(values)) {
        const measure = tally === null ? clustered : single;
        put('', measure(own, metric, options(`${key}/${value}`)), { ...sizes(own), stratum: { key, value } });
      }
    }
  }
  return { rows, strataLeftOut: [...leftOut].map(([key, values]) => ({ key, values })), replicates };
}

const inOrder = <T>(values: ReadonlyMap<string, T>): [string, T][] =>
  [...values].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

/** Units by the strata of their items. */
function strataOf(
  { items }: QualityColumns,
  { units, unitItem }: UnitTable,
): { key: string; values: Map<string, number[]> }[] {
  const keys = new Map<string, Map<string, number[]>>();
  for (let u = 0; u < units; u++) {
    const { strata } = items[unitItem[u]!]!;
    if (strata === undefined) continue;
    for (const [key, stratum] of Object.entries(strata)) {
      const values = keys.get(key) ?? new Map<string, number[]>();
      keys.set(key, values);
      const within = values.get(stratum) ?? [];
      values.set(stratum, within);
      within.push(u);
    }
  }
  return [...keys].map(([key, values]) => ({ key, values }));
}

/** Tables by version of the instructions and by view, where there is more than one: these split the votes on a unit. */
function versionsOf(columns: QualityColumns, table: UnitTable): { key: string; values: Map<string, UnitTable> }[] {
  const every = Array.from({ length: table.units }, (_, u) => u);
  const split = (key: string, codes: Int32Array, names: readonly string[]) =>
    names.length < 2 || names.length > MAX_STRATA
      ? []
      : [
          {
            key,
            values: new Map(names.map((name, c) => [name, subTable(table, every, (i) => codes[table.row[i]!] === c)])),
          },
        ];
  return [
    ...split('instructions', columns.instructions, columns.instructionNames),
    ...split('view', columns.view, columns.viewNames),
  ];
}

function putSpans(
  data: QualityData,
  question: number,
  {
    put,
    options,
  }: {
    put: (part: string, measured: readonly Measured[], rest: Pick<AgreementRow, 'units' | 'values' | 'raters'>) => void;
    options: Parameters<ClusterAlpha['intervals']>[0];
  },
): void {
  const { columns } = data;
  const { characters, f1 } = spanAgreement(columns, question);
  const raters = new Set(columns.rater.filter((_, row) => columns.question[row] === question)).size;
  put('characters', fromClusters(characters, 'nominal', options), {
    units: characters.units,
    values: characters.values,
    raters,
  });
  const mean = new ClusteredMean(columns.items.length);
  for (const { item, value } of f1) mean.add(item, value);
  const result = mean.n === 0 ? { undefined: 'no two raters marked anything on one reply' } : mean.result();
  const estimate = 'undefined' in result ? result : { value: result.value };
  put('marked pairs', [{ measure: 'span-f1', estimate, interval: 'undefined' in result ? null : result.interval }], {
    units: f1.length,
    values: 2 * f1.length,
    raters,
  });
}
