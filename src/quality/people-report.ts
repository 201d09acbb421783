import { z } from 'zod';
import type { RaterProfile } from '../feedback/index.ts';
import { own } from '../run/index.ts';
import { largest, rake, smallest, type WeightedEstimate, weightedShare } from '../stats/index.ts';
import type { QualityData } from './data.ts';

/** Shares of a population that raters are to be weighted to: attribute → value → share. */
export const weightTargetsSchema = z.strictObject({
  targets: z
    .record(z.string(), z.record(z.string(), z.number().min(0).max(1)))
    .refine((targets) => Object.keys(targets).length > 0, 'expected at least one attribute'),
});
export type WeightTargets = z.infer<typeof weightTargetsSchema>['targets'];

/** One self-described group. */
export interface GroupRow {
  readonly attribute: string;
  readonly value: string;
  readonly raters: number;
  readonly judgments: number;
  /** Share of the raters who said, and the target where one is given. */
  readonly share: number;
  readonly target: number | null;
}

export interface WeightingReport {
  /** Raters with a weight: those who described themselves under consent. */
  readonly raters: number;
  readonly weights: { readonly smallest: number; readonly largest: number };
  readonly designEffect: number;
  readonly effectiveRaters: number;
  /** Raters without a description keep weight 1. */
  readonly unweightedRaters: number;
  /** Decided comparisons for the reply shown first and for the longer one, weighted; the raters are drawn whole. */
  readonly longer: WeightedEstimate | { readonly undefined: string };
  /** Units whose leading class changes when votes are weighted, of all units with votes. */
  readonly changedMajorities: { readonly k: number; readonly n: number };
}

export interface PeopleReport {
  readonly raters: number;
  /** Raters with a profile, and those who described themselves under a consent; others' descriptions are not read. */
  readonly withProfile: number;
  readonly consented: number;
  readonly groups: readonly GroupRow[];
  readonly weighting: WeightingReport | { readonly undefined: string };
}

/** Descriptions that raters gave under a consent, by rater id. */
function described(profiles: readonly RaterProfile[]): Map<string, Readonly<Record<string, string>>> {
  const found = new Map<string, Readonly<Record<string, string>>>();
  for (const { id, demographics, consent } of profiles) {
    if (demographics !== undefined && consent !== undefined) found.set(id, demographics);
  }
  return found;
}

/** Whether the most votes of each unit go to the same class when votes are weighted. */
function changedMajorities({ voteSets }: QualityData, weights: readonly number[]): { k: number; n: number } {
  let [k, n] = [0, 0];
  for (const { votes } of voteSets) {
    const sums = new Float64Array(votes.classes);
    const leader = (counts: ArrayLike<number>) => {
      let best = -1;
      let top = 0;
      for (let c = 0; c < votes.classes; c++) {
        if (counts[c]! > top + 1e-9) [best, top] = [c, counts[c]!];
        else if (counts[c]! > 0 && Math.abs(counts[c]! - top) <= 1e-9) best = -1;
      }
      return best;
    };
    for (let u = 0; u < votes.units; u++) {
      sums.fill(0);
      for (let i = votes.starts[u]!; i < votes.starts[u + 1]!; i++) sums[votes.label[i]!]! += weights[votes.rater[i]!]!;
      const plain = leader(votes.counts.subarray(u * votes.classes, (u + 1) * votes.classes));
      n += 1;
      k += Number(plain !== leader(sums));
    }
  }
  return { k, n };
}

/** Weighted share of decided comparisons for the longer reply. */
function weightedLonger({ columns, voteSets }: QualityData, weights: readonly number[]): WeightingReport['longer'] {
  const hits: boolean[] = [];
  const own: number[] = [];
  const clusters: number[] = [];
  for (const { votes } of voteSets) {
    if (columns.questions[votes.question]!.kind !== 'comparison') continue;
    for (let i = 0; i < votes.label.length; i++) {
      const { replies } = columns.items[votes.unitItem[votes.unit[i]!]!]!;
      if (replies.length !== 2 || votes.label[i]! > 1) continue;
      const [a, b] = [replies[0]!.text.length, replies[1]!.text.length];
      if (a === b) continue;
      hits.push((votes.label[i] === 0) === a > b);
      own.push(weights[votes.rater[i]!]!);
      clusters.push(votes.rater[i]!);
    }
  }
  if (hits.length === 0) return { undefined: 'there are no decided comparisons of replies of different length' };
  return weightedShare(hits, own, { clusters });
}

/** Who judged, as far as they said so under a consent, and what weighting them to a population changes. */
export function peopleReport(
  data: QualityData,
  { profiles, targets }: { profiles?: readonly RaterProfile[]; targets?: WeightTargets },
): PeopleReport {
  const { raterIds } = data.columns;
  const active = new Set(raterIds);
  const known = (profiles ?? []).filter(({ id }) => active.has(id));
  const says = described(known);
  const perRater = new Int32Array(raterIds.length);
  for (let row = 0; row < data.columns.n; row++) perRater[data.columns.rater[row]!]! += 1;
  const judgments = new Map(raterIds.map((id, r) => [id, perRater[r]!]));
  const attributes = new Set([...[...says.values()].flatMap((d) => Object.keys(d)), ...Object.keys(targets ?? {})]);
  const groups: GroupRow[] = [];
  for (const attribute of [...attributes].sort()) {
    const said = [...says].flatMap(([id, d]) => {
      const value = own(d, attribute);
      return value === undefined ? [] : [{ id, value }];
    });
    const shares = own(targets, attribute);
    const values = new Set([...said.map(({ value }) => value), ...Object.keys(shares ?? {})]);
    for (const value of [...values].sort()) {
      const group = said.filter((rater) => rater.value === value);
      groups.push({
        attribute,
        value,
        raters: group.length,
        judgments: group.reduce((sum, { id }) => sum + (judgments.get(id) ?? 0), 0),
        share: said.length === 0 ? 0 : group.length / said.length,
        target: own(shares, value) ?? null,
      });
    }
  }
  return {
    raters: raterIds.length,
    withProfile: known.length,
    consented: says.size,
    groups,
    weighting: weighting(data, says, targets),
  };
}

function weighting(
  data: QualityData,
  says: ReadonlyMap<string, Readonly<Record<string, string>>>,
  targets: WeightTargets | undefined,
): PeopleReport['weighting'] {
  if (targets === undefined) return { undefined: 'no targets were given (--weights)' };
  if (says.size === 0) return { undefined: 'no rater described themselves under a consent' };
  const { raterIds } = data.columns;
  const ids = raterIds.filter((id) => says.has(id));
  const raked = rake(
    Object.entries(targets).map(([name, shares]) => ({
      name,
      values: ids.map((id) => own(says.get(id), name) ?? null),
      targets: shares,
    })),
  );
  if ('undefined' in raked) return raked;
  const of = new Map(ids.map((id, i) => [id, raked.weights[i]!]));
  const weights = raterIds.map((id) => of.get(id) ?? 1);
  return {
    raters: ids.length,
    weights: { smallest: smallest(raked.weights), largest: largest(raked.weights) },
    designEffect: raked.designEffect,
    effectiveRaters: raked.effectiveN,
    unweightedRaters: raterIds.length - ids.length,
    longer: weightedLonger(data, weights),
    changedMajorities: changedMajorities(data, weights),
  };
}
