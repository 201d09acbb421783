import { createRng, minimise, normalQuantile, type Objective, sigmoid } from '../../stats/index.ts';
import type { Nuisance, Nuisances } from '../likelihood/index.ts';
import { POSITION } from '../likelihood/index.ts';
import type { Observation } from '../observation.ts';
import type { Design } from '../people/intervals.ts';
import { indexCandidates, nuisancesOf, type SparseFeatures, termOf } from './objective.ts';
import { plainPairs } from './plain-pairs.ts';

/** How the worth of a reply is distributed over people: normally, or by shares of worths that are given. */
export const WORTH_FORMS = ['normal', 'categorical'] as const;
export type WorthForm = (typeof WORTH_FORMS)[number];

/** Worths that a categorical distribution gives shares to, in log-odds. */
export const ATOMS: readonly number[] = [-4.5, -3, -1.5, 0, 1.5, 3, 4.5];
const K = ATOMS.length;
const STEP = ATOMS[1]! - ATOMS[0]!;

/** A linear function of features. */
export interface Head {
  readonly level: number;
  readonly weights: Float64Array;
}

/** Heads of a distribution: mean and log deviation, or a logit for each atom. */
export interface FittedDistribution {
  readonly heads: readonly Head[];
  readonly nuisances: readonly [string, number][];
}

/** Where levels begin and are pulled to: people differ by half a log-odds, or lie in a bell around the middle. */
const LEVELS: Readonly<Record<WorthForm, readonly number[]>> = {
  normal: [0, Math.log(0.5)],
  categorical: ATOMS.map((value) => -(value * value) / 8),
};

/** Points of a standard normal distribution, alike in share, of variance 1. */
function evenNormal(count: number): Float64Array {
  const points = Float64Array.from({ length: count }, (_, s) => normalQuantile((s + 0.5) / count));
  const square = points.reduce((sum, z) => sum + z * z, 0) / count;
  return points.map((z) => z / Math.sqrt(square));
}
const PAIR_POINTS = evenNormal(16);

/** Deviations of several candidates at once: each even, in orders that are drawn once for all. */
function jointPoints(candidates: number): readonly Float64Array[] {
  const rng = createRng(`worth/${candidates}`);
  return Array.from({ length: candidates }, () => Float64Array.from(rng.shuffle([...evenNormal(32)])));
}
const JOINT_POINTS = new Map<number, readonly Float64Array[]>();

interface Slopes {
  loss: number;
  /** By candidate, its heads. */
  readonly heads: readonly Float64Array[];
  readonly nuisances: [string, number][];
}

/** −w·log of the mean of some likelihoods: its value, and the share of each. */
function mixed(losses: Float64Array, logShares: Float64Array | undefined, weight: number) {
  const logs = losses.map((loss, s) => -loss / weight + (logShares?.[s] ?? -Math.log(losses.length)));
  const top = Math.max(...logs);
  let sum = 0;
  for (const own of logs) sum += Math.exp(own - top);
  return { loss: -weight * (top + Math.log(sum)), shares: logs.map((own) => Math.exp(own - top) / sum) };
}

/** Any answer, by people whose worths are normal around the means: over points that stand for them. */
function normalTerm(observation: Observation, heads: readonly Float64Array[], nuisances: Nuisances): Slopes {
  const n = heads.length;
  if (!JOINT_POINTS.has(n)) JOINT_POINTS.set(n, jointPoints(n));
  const points = JOINT_POINTS.get(n)!;
  const spreads = heads.map((own) => Math.exp(own[1]!));
  const terms = Array.from(points[0]!, (_, s) => {
    const rewards = Float64Array.from(heads, (own, c) => own[0]! + spreads[c]! * points[c]![s]!);
    return termOf(observation, rewards, nuisances);
  });
  const { loss, shares } = mixed(
    Float64Array.from(terms, (own) => own.loss),
    undefined,
    observation.weight,
  );
  const slopes = heads.map(() => new Float64Array(2));
  const named = new Map<string, number>();
  for (const [s, term] of terms.entries()) {
    for (let c = 0; c < n; c++) {
      slopes[c]![0]! += shares[s]! * term.dRewards[c]!;
      slopes[c]![1]! += shares[s]! * term.dRewards[c]! * spreads[c]! * points[c]![s]!;
    }
    for (const [name, slope] of term.dNuisances) named.set(name, (named.get(name) ?? 0) + shares[s]! * slope);
  }
  return { loss, heads: slopes, nuisances: [...named] };
}

const sharesOf = (logits: Float64Array): Float64Array => {
  const top = Math.max(...logits);
  const raw = logits.map((own) => Math.exp(own - top));
  const sum = raw.reduce((a, b) => a + b, 0);
  return raw.map((own) => own / sum);
};

/** Any answer about one or two candidates, by people whose worths are the atoms: over all combinations. */
function categoricalTerm(observation: Observation, heads: readonly Float64Array[], nuisances: Nuisances): Slopes {
  const shares = heads.map(sharesOf);
  const combinations =
    heads.length === 1 ? ATOMS.map((_, k) => [k]) : ATOMS.flatMap((_, k) => ATOMS.map((_, l) => [k, l]));
  const terms = combinations.map((own) =>
    termOf(
      observation,
      Float64Array.from(own, (k) => ATOMS[k]!),
      nuisances,
    ),
  );
  const logs = Float64Array.from(combinations, (own) => own.reduce((sum, k, c) => sum + Math.log(shares[c]![k]!), 0));
  const { loss, shares: after } = mixed(
    Float64Array.from(terms, (own) => own.loss),
    logs,
    observation.weight,
  );
  // Of a logit: what its atom had, less what it has now that the answer is known.
  const slopes = shares.map((own) => own.map((share) => observation.weight * share));
  const named = new Map<string, number>();
  for (const [s, own] of combinations.entries()) {
    for (const [c, k] of own.entries()) slopes[c]![k]! -= observation.weight * after[s]!;
    for (const [name, slope] of terms[s]!.dNuisances) named.set(name, (named.get(name) ?? 0) + after[s]! * slope);
  }
  return { loss, heads: slopes, nuisances: [...named] };
}

const TERMS = { normal: normalTerm, categorical: categoricalTerm } as const satisfies Record<WorthForm, unknown>;

/** A plain comparison: where the first was preferred, by how much it stands first, how it weighs. */
interface Plain {
  readonly sign: number;
  readonly shift: number;
  readonly weight: number;
}

interface PairSlopes {
  loss: number;
  shift: number;
}

/** P = E σ(d), d normal. Adds slopes by the heads of both, and returns that by the shift. */
function normalPair(
  a: Float64Array,
  b: Float64Array,
  { sign, shift, weight }: Plain,
  out: [Float64Array, Float64Array],
): PairSlopes {
  const [va, vb] = [Math.exp(2 * a[1]!), Math.exp(2 * b[1]!)];
  const width = Math.sqrt(va + vb);
  const centre = a[0]! - b[0]! + shift;
  let [p, dp, dWidth] = [0, 0, 0];
  for (const z of PAIR_POINTS) {
    const own = sigmoid(sign * (centre + width * z));
    const slope = sign * own * (1 - own);
    p += own;
    dp += slope;
    dWidth += slope * z;
  }
  p /= PAIR_POINTS.length;
  const by = -weight / p / PAIR_POINTS.length;
  out[0][0]! += by * dp;
  out[1][0]! -= by * dp;
  out[0][1]! += (by * dWidth * va) / width;
  out[1][1]! += (by * dWidth * vb) / width;
  return { loss: -weight * Math.log(p), shift: by * dp };
}

function categoricalPair(
  pa: Float64Array,
  pb: Float64Array,
  { sign, shift, weight }: Plain,
  out: [Float64Array, Float64Array],
): PairSlopes {
  const chances = chancesOf(sign, shift);
  const [forA, forB] = [new Float64Array(K), new Float64Array(K)];
  let [p, dp] = [0, 0];
  for (let k = 0; k < K; k++)
    for (let l = 0; l < K; l++) {
      const chance = chances[k - l + K - 1]!;
      const both = pa[k]! * pb[l]!;
      forA[k]! += pb[l]! * chance;
      forB[l]! += pa[k]! * chance;
      p += both * chance;
      dp += both * sign * chance * (1 - chance);
    }
  for (let k = 0; k < K; k++) {
    out[0][k]! -= (weight * pa[k]! * (forA[k]! - p)) / p;
    out[1][k]! -= (weight * pb[k]! * (forB[k]! - p)) / p;
  }
  return { loss: -weight * Math.log(p), shift: (-weight * dp) / p };
}

/** Chances of the first by how many atoms it lies ahead, which are the same for most answers of an evaluation. */
let known: { readonly sign: number; readonly shift: number; readonly chances: Float64Array }[] = [];
function chancesOf(sign: number, shift: number): Float64Array {
  const own = known.find((one) => one.sign === sign && one.shift === shift);
  if (own !== undefined) return own.chances;
  const chances = Float64Array.from({ length: 2 * K - 1 }, (_, m) => sigmoid(sign * ((m - K + 1) * STEP + shift)));
  known = [...known.slice(-5), { sign, shift, chances }];
  return chances;
}

/** What a pair reads of the heads of a candidate. */
const PREPARED = {
  normal: (heads: Float64Array) => heads,
  categorical: (heads: Float64Array) => sharesOf(heads),
} as const satisfies Record<WorthForm, unknown>;

const PAIRS = { normal: normalPair, categorical: categoricalPair } as const satisfies Record<WorthForm, unknown>;

const along = (x: Float64Array, from: number, { indices, values }: SparseFeatures): number => {
  let sum = 0;
  for (let i = 0; i < indices.length; i++) sum += x[from + indices[i]!]! * values[i]!;
  return sum;
};

/**
 * Whether means and deviations share a factor, in logs, that is fitted along: people may be much surer than the penalty on weights lets a
 * mean of all be, and differ all the same. Its prior is as wide as that of a level.
 */
const SHARPENED: Readonly<Record<WorthForm, boolean>> = { normal: true, categorical: false };

interface Laid {
  readonly objective: Objective;
  readonly start: Float64Array;
  readonly nuisances: readonly Nuisance[];
}

/** Penalised negative log-likelihood of answers by people drawn anew for each; heads one after another, then nuisances. */
export function distributionObjective(
  observations: readonly Observation[],
  { size, ridge, featuresOf }: Design,
  { form, position }: { readonly form: WorthForm; readonly position: boolean },
): Laid {
  const { candidates, indexed } = indexCandidates(observations);
  const rows = candidates.map(featuresOf);
  const nuisances = nuisancesOf(observations, { position });
  const levels = LEVELS[form];
  const wide = size + 1;
  const behind = levels.length * wide;
  const sharpness = SHARPENED[form] ? behind + nuisances.length : -1;
  const placeOf = new Map(nuisances.map(({ name }, k) => [name, behind + k]));
  const total = observations.reduce((sum, { weight }) => sum + weight, 0);
  const pairs = plainPairs(indexed, new Set(placeOf.keys()));
  const [heads, slopes] = [rows, rows].map((own) => own.map(() => new Float64Array(levels.length))) as [
    Float64Array[],
    Float64Array[],
  ];
  const [pair, term, prepare] = [PAIRS[form], TERMS[form], PREPARED[form]];
  let prepared: Float64Array[] = [];
  const addOne = (e: number, at: Nuisances, gradient: Float64Array): number => {
    const [first, second, shown] = [pairs.first[e]!, pairs.second[e]!, pairs.shown[e]!];
    if (first >= 0) {
      const ahead = shown === 0 ? 1 : shown === 1 ? -1 : 0;
      const plain = {
        sign: pairs.target[e]! === 1 ? 1 : -1,
        shift: ahead * (at.get(POSITION) ?? 0),
        weight: pairs.weight[e]!,
      };
      const { loss, shift } = pair(prepared[first]!, prepared[second]!, plain, [slopes[first]!, slopes[second]!]);
      if (placeOf.has(POSITION)) gradient[placeOf.get(POSITION)!]! += ahead * shift;
      return loss;
    }
    const { observation, at: places } = indexed[e]!;
    if (observation.weight === 0) return 0;
    const found = term(
      observation,
      places.map((c) => heads[c]!),
      at,
    );
    for (const [i, c] of places.entries())
      for (let k = 0; k < levels.length; k++) slopes[c]![k]! += found.heads[i]![k]!;
    for (const [name, slope] of found.nuisances) gradient[placeOf.get(name)!]! += slope;
    return found.loss;
  };
  const objective: Objective = (x, gradient) => {
    for (const [c, row] of rows.entries())
      for (let k = 0; k < levels.length; k++) {
        heads[c]![k] = x[k * wide + size]! + along(x, k * wide, row);
        slopes[c]![k] = 0;
      }
    const sharp = sharpness < 0 ? 0 : x[sharpness]!;
    const factor = Math.exp(sharp);
    if (sharpness >= 0)
      for (const own of heads) {
        own[0]! *= factor;
        own[1]! += sharp;
      }
    prepared = heads.map(prepare);
    const at = new Map(nuisances.map(({ name }, k) => [name, x[behind + k]!]));
    let value = 0;
    for (let e = 0; e < indexed.length; e++) value += addOne(e, at, gradient);
    if (sharpness >= 0)
      for (const [c, own] of slopes.entries()) {
        gradient[sharpness]! += own[0]! * heads[c]![0]! + own[1]!;
        own[0]! *= factor;
      }
    for (const [c, { indices, values }] of rows.entries())
      for (let k = 0; k < levels.length; k++) {
        const slope = slopes[c]![k]!;
        gradient[k * wide + size]! += slope;
        if (slope !== 0)
          for (let i = 0; i < indices.length; i++) gradient[k * wide + indices[i]!]! += slope * values[i]!;
      }
    const pull = (i: number, centre: number, precision: number) => {
      value += (precision / 2) * (x[i]! - centre) ** 2;
      gradient[i]! += precision * (x[i]! - centre);
    };
    for (let k = 0; k < levels.length; k++) {
      for (let i = 0; i < size; i++) pull(k * wide + i, 0, ridge);
      pull(k * wide + size, levels[k]!, 1);
    }
    for (const [k, { start, precision }] of nuisances.entries()) pull(behind + k, start, precision);
    if (sharpness >= 0) pull(sharpness, 0, 1);
    for (let i = 0; i < gradient.length; i++) gradient[i]! /= total;
    return value / total;
  };
  const start = new Float64Array(behind + nuisances.length + Number(sharpness >= 0));
  for (const [k, level] of levels.entries()) start[k * wide + size] = level;
  for (const [k, own] of nuisances.entries()) start[behind + k] = own.start;
  return { objective, start, nuisances };
}

/**
 * Fits to each reply a distribution of what it is worth over people, each answer by somebody drawn anew (Siththaranjan, Laidlaw and
 * Hadfield-Menell 2023, §4): `normal`, mean and log deviation linear in features, or `categorical`, shares of given worths by a softmax of
 * linear functions. An answer has the probability that it has on average over who is asked, with the noise of its likelihood beside
 * it. Nothing is asked of raters: what two replies share of one person's taste is not told from noise.
 */
export function fitDistribution(
  observations: readonly Observation[],
  design: Design,
  options: { readonly form: WorthForm; readonly position: boolean },
): FittedDistribution {
  const { objective, start, nuisances } = distributionObjective(observations, design, options);
  const x = minimise(objective, start, { iterations: 150, tolerance: 1e-6 });
  const wide = design.size + 1;
  const raw = LEVELS[options.form].map((_, k) => ({
    level: x[k * wide + design.size]!,
    weights: x.slice(k * wide, k * wide + design.size),
  }));
  const sharp = SHARPENED[options.form] ? x.at(-1)! : 0;
  const [mean, deviation] = raw as [Head, Head];
  const factor = Math.exp(sharp);
  const heads = SHARPENED[options.form]
    ? [
        { level: factor * mean.level, weights: mean.weights.map((own) => factor * own) },
        { ...deviation, level: deviation.level + sharp },
      ]
    : raw;
  const behind = heads.length * wide;
  return { heads, nuisances: nuisances.map(({ name }, k) => [name, x[behind + k]!]) };
}

/** Shares of the atoms by their logits. */
export const atomShares = (logits: readonly number[]): Float64Array => sharesOf(Float64Array.from(logits));
