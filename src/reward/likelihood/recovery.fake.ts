import type { AnswerKind } from '../../feedback/index.ts';
import { createRng, mean, minimise, pearson } from '../../stats/index.ts';
import { linearObjective } from '../fit/objective.ts';
import type { Candidate, Observation } from '../observation.ts';
import { type LikelihoodCase, sourceOfTest } from './cases.fake.ts';

export interface Recovery {
  /** Of fitted on true rewards, within items: what answers identify. */
  readonly correlation: number;
  readonly slope: number;
  /** Root mean square error of rewards within items, in log-odds. */
  readonly error: number;
  /** Fitted minus true, by name. */
  readonly nuisances: Readonly<Record<string, number>>;
}

const K = 3;

/** What answers identify: rewards less the mean of their item, or what parts add less the mean of all. */
function contrasts(values: ArrayLike<number>, items: number, identifies: 'candidates' | 'parts'): number[] {
  const rows = Array.from({ length: items }, (_, i) => Array.from({ length: K }, (__, k) => values[i * K + k]!));
  if (identifies === 'candidates') return rows.flatMap((row) => row.map((value) => value - mean(row)));
  const added = rows.flatMap((row) => row.slice(1).map((value, k) => value - row[k]!));
  return added.map((value) => value - mean(added));
}

/** Draws `n` answers of a case about items of three candidates with known rewards, and fits the rewards again, one by one. */
export function recover<Kind extends AnswerKind>(
  { likelihood, answer, identifies = 'candidates', truth: nuisanceTruth = {} }: LikelihoodCase<Kind>,
  { n, items = 4, seed }: { readonly n: number; readonly items?: number; readonly seed: string },
): Recovery {
  const rng = createRng(seed).fork(`recovery/${likelihood.kind}`);
  const truth = Float64Array.from({ length: items * K }, () => 1.5 * rng.normal());
  const candidates = Array.from({ length: items * K }, (_, c) => ({ prompt: `q${Math.floor(c / K)}`, reply: `r${c}` }));
  const observations = Array.from({ length: n }, (_, j) => {
    const from = (j % items) * K;
    const observation = answer(candidates.slice(from, from + K), truth.slice(from, from + K), rng);
    return { ...observation, ...sourceOfTest(j) } as Observation;
  });
  const placeOf = new Map(candidates.map(({ reply }, c) => [reply, c]));
  const oneHot = ({ reply }: Candidate) => ({ indices: [placeOf.get(reply)!], values: [1] });
  const size = truth.length;
  const { objective, start, nuisances } = linearObjective(observations, oneHot, { size, ridge: 0.03, position: true });
  const fitted = minimise(objective, start, { iterations: 150, tolerance: 1e-7 });
  const [found, wanted] = [contrasts(fitted, items, identifies), contrasts(truth, items, identifies)];
  const squares = wanted.reduce((sum, v) => sum + v * v, 0);
  return {
    correlation: pearson(found, wanted),
    slope: found.reduce((sum, v, c) => sum + v * wanted[c]!, 0) / squares,
    error: Math.sqrt(found.reduce((sum, v, c) => sum + (v - wanted[c]!) ** 2, 0) / found.length),
    nuisances: Object.fromEntries(
      Object.entries(nuisanceTruth).flatMap(([name, value]) => {
        const k = nuisances.findIndex((nuisance) => nuisance.name === name);
        return k < 0 ? [] : [[name, fitted[size + k]! - value]];
      }),
    ),
  };
}
