import { type DawidSkeneResult, dawidSkene } from './dawid-skene.ts';
import { normalQuantile } from './functions.ts';
import type { Interval } from './intervals.ts';
import { type LabelSizes, type Labels, type LabelTable, labelTable } from './label-table.ts';
import type { Rng } from './random.ts';
import { commonItemPairs, type RaterPairs } from './rater-pairs.ts';
import { labelGroups } from './truth-notes.ts';
import { type LabelModel, simulateLabels } from './truth-simulation.ts';

export interface CorrelatedErrorsOptions {
  readonly rng: Rng;
  /** Data sets simulated under independence; the smallest possible p-value is 1 / (replicates + 1). */
  readonly replicates?: number;
  /** Pairs with fewer common items are not tested. */
  readonly minCommonItems?: number;
  /** Chance of any false flag that is allowed. */
  readonly level?: number;
  /** Smoothing of the Dawid–Skene fits. */
  readonly smoothing?: number;
  /** Test only pairs of these raters (the fit still uses all). */
  readonly raters?: readonly number[];
}

export interface AgreementExcess {
  /** Times that two raters met on an item. */
  readonly n: number;
  /** Share of those on which they agree, and the share that the fitted model of independent errors predicts. */
  readonly observed: number;
  readonly expected: number;
  /** Observed less expected, less what fitting alone leaves; the interval (95 %) has the width of chance under independence. */
  readonly excess: { readonly value: number; readonly interval: Interval };
  /** Chance, under independence, that anything tested here deviates as far (single-step max T of Westfall and Young 1993). */
  readonly p: number;
  readonly flagged: boolean;
}

export interface PairExcess extends AgreementExcess {
  readonly raters: readonly [number, number];
}

export type CorrelatedErrors =
  | {
      readonly detected: boolean;
      /** Smallest adjusted p-value of the pairs and the total. */
      readonly p: number;
      /** Tested pairs, strongest first. */
      readonly pairs: readonly PairExcess[];
      /** All tested pairs as one: shared difficulty shows here, a clique rather in the pairs. */
      readonly total: AgreementExcess;
      /** Raters linked by flagged pairs, largest group first. */
      readonly groups: readonly (readonly number[])[];
      readonly untestedPairs: number;
      readonly level: number;
      readonly replicates: number;
      /** How to read a flag, and how not to. */
      readonly means: string;
    }
  | { readonly undefined: string };

const MEANS =
  'flagged raters agree among themselves beyond what independent errors allow: they share a cue or an account, or the ' +
  'knowledge that a larger group with a shared wrong cue outvotes. The labels cannot say which side is right: check ' +
  'against gold. Items of unequal difficulty raise the agreement of all pairs together';

/** Most meetings of two raters that one run keeps. */
const LIMIT = 2e7;

interface Residuals {
  readonly agreements: Float64Array;
  readonly expected: Float64Array;
  /** Studentised residual per pair; the last entry is the total. */
  readonly z: Float64Array;
}

/** Agreements of each pair less their expectation given the posteriors: Σᵢ Σₖ qᵢₖ Σₗ πᵣₖₗ πₛₖₗ. */
function residuals({ classes, label }: LabelTable, pairs: RaterPairs, fit: DawidSkeneResult): Residuals {
  const count = pairs.n.length;
  const mass = new Float64Array(count * classes);
  const agreements = new Float64Array(count + 1);
  for (let c = 0; c < pairs.pair.length; c++) {
    const pair = pairs.pair[c]!;
    if (label[pairs.first[c]!] === label[pairs.second[c]!]) agreements[pair]! += 1;
    const row = fit.posteriors[pairs.item[c]!]!;
    for (let k = 0; k < classes; k++) mass[pair * classes + k]! += row[k]!;
  }
  const expected = new Float64Array(count + 1);
  const z = new Float64Array(count + 1);
  // Two raters whom the fit believes infallible leave no variance: a quarter of a case keeps the ratio finite.
  const studentised = (pair: number, variance: number) =>
    (agreements[pair]! - expected[pair]!) / Math.sqrt(variance + 0.25);
  let total = 0;
  for (let pair = 0; pair < count; pair++) {
    const a = fit.confusion[pairs.raters[2 * pair]!]!;
    const b = fit.confusion[pairs.raters[2 * pair + 1]!]!;
    let variance = 0;
    for (let k = 0; k < classes; k++) {
      let agree = 0;
      for (let l = 0; l < classes; l++) agree += a[k]![l]! * b[k]![l]!;
      expected[pair]! += mass[pair * classes + k]! * agree;
      variance += mass[pair * classes + k]! * agree * (1 - agree);
    }
    z[pair] = studentised(pair, variance);
    agreements[count]! += agreements[pair]!;
    expected[count]! += expected[pair]!;
    total += variance;
  }
  z[count] = studentised(count, total);
  return { agreements, expected, z };
}

/** The fitted model as a simulator: truth drawn from the posteriors item by item. */
const modelOf = ({ prior, confusion, posteriors }: DawidSkeneResult): LabelModel => ({
  prior,
  confusion,
  itemPriors: posteriors,
});

/**
 * Adjusted p-values. Every column (a pair, or the total) is standardised over the observed row and the simulated ones
 * alike: were the model's parameters known, the rows would be exchangeable under independence, and the rank of the
 * observed value among the rows' maxima an exact p-value. They are estimated, so it is nearly one; the rates are
 * measured by `correlatedErrorRates` and in bench/.
 */
function maxT(rows: readonly Float64Array[]): Float64Array {
  const columns = rows[0]!.length;
  const scaled = rows.map(() => new Float64Array(columns));
  for (let c = 0; c < columns; c++) {
    let mean = 0;
    for (const row of rows) mean += row[c]! / rows.length;
    let square = 0;
    for (const row of rows) square += (row[c]! - mean) ** 2 / (rows.length - 1);
    const sd = Math.sqrt(square);
    for (const [b, row] of rows.entries()) scaled[b]![c] = sd < 1e-9 ? 0 : (row[c]! - mean) / sd;
  }
  const maxima = scaled.slice(1).map((row) => row.reduce((top, v) => Math.max(top, v), -Infinity));
  return scaled[0]!.map((t) => (1 + maxima.filter((m) => m >= t - 1e-12).length) / rows.length);
}

function linkedRaters(pairs: readonly PairExcess[]): number[][] {
  const groups: Set<number>[] = [];
  for (const { raters, flagged } of pairs) {
    if (!flagged) continue;
    const touched = groups.filter((group) => raters.some((r) => group.has(r)));
    const merged = new Set<number>([...raters, ...touched.flatMap((group) => [...group])]);
    for (const group of touched) groups.splice(groups.indexOf(group), 1);
    groups.push(merged);
  }
  return groups.map((group) => [...group].sort((a, b) => a - b)).sort((a, b) => b.length - a.length);
}

/**
 * Tests the assumption on which Dawid–Skene stands: do two raters agree more often than the fitted model of independent
 * errors predicts? The model is fitted, data sets are simulated from it on the same design (who labelled what) and
 * fitted again, and the agreements of all pairs are compared with the simulated ones (parametric bootstrap, so the
 * slack that fitting leaves is accounted for). The chance of any false flag is held at `level` over all pairs and the
 * total together. A flag shows dependence; it does not show who is right: a clique with a common wrong cue that forms
 * the majority makes the *honest* raters stand out. Costs `replicates` fits. `correlatedErrorRates` gives power and
 * false alarms on the same design.
 */
export function correlatedErrors(
  labels: Labels,
  sizes: LabelSizes,
  { rng, replicates = 99, minCommonItems = 20, level = 0.05, smoothing = 0.1, raters }: CorrelatedErrorsOptions,
): CorrelatedErrors {
  const table = labelTable(labels, sizes);
  if (labelGroups(table).groupRaters.every((count) => count < 4)) {
    return { undefined: 'fewer than four raters share items: the model fits any agreement of three exactly' };
  }
  const pairs = commonItemPairs(table, {
    minCommonItems,
    limit: LIMIT,
    ...(raters === undefined ? {} : { raters }),
  });
  if ('undefined' in pairs) return pairs;
  const count = pairs.n.length;
  if (count === 0) return { undefined: `no two raters have ${minCommonItems} items in common` };
  const options = { smoothing, tolerance: 1e-7, iterations: 200 };
  const fit = dawidSkene(table, table, options);
  if (fit.notes.some(({ code }) => code === 'unanimous')) {
    return { undefined: 'raters never differ: independent experts and a clique look the same' };
  }
  const observed = residuals(table, pairs, fit);
  const meetings = [...pairs.n, pairs.pair.length];
  const rows = [observed.z];
  const leftOver = Array.from({ length: count + 1 }, () => ({ sum: 0, squares: 0 }));
  for (let b = 0; b < replicates; b++) {
    const simulated = simulateLabels(table, modelOf(fit), { rng }).table;
    const { agreements, expected, z } = residuals(simulated, pairs, dawidSkene(simulated, simulated, options));
    rows.push(z);
    for (const [c, left] of leftOver.entries()) {
      const share = (agreements[c]! - expected[c]!) / meetings[c]!;
      left.sum += share;
      left.squares += share * share;
    }
  }
  const p = maxT(rows);
  const excessOf = (c: number): AgreementExcess => {
    const n = meetings[c]!;
    const mean = leftOver[c]!.sum / replicates;
    const sd = Math.sqrt(Math.max(0, leftOver[c]!.squares / replicates - mean * mean));
    const value = (observed.agreements[c]! - observed.expected[c]!) / n - mean;
    const half = normalQuantile(0.975) * sd;
    return {
      n,
      observed: observed.agreements[c]! / n,
      expected: observed.expected[c]! / n,
      excess: { value, interval: { low: value - half, high: value + half, level: 0.95 } },
      p: p[c]!,
      flagged: p[c]! <= level,
    };
  };
  const rated = Array.from({ length: count }, (_, c): PairExcess => {
    return { raters: [pairs.raters[2 * c]!, pairs.raters[2 * c + 1]!], ...excessOf(c) };
  }).sort((a, b) => a.p - b.p || b.excess.value - a.excess.value);
  const smallest = p.reduce((least, v) => Math.min(least, v), 1);
  return {
    detected: smallest <= level,
    p: smallest,
    pairs: rated,
    total: excessOf(count),
    groups: linkedRaters(rated),
    untestedPairs: pairs.tooFew,
    level,
    replicates,
    means: MEANS,
  };
}
