import type { EvidenceRow } from '../../audit/index.ts';
import { fitLogistic, mean, type Rng, sigmoid, standardDeviation } from '../../stats/index.ts';
import type { Experiment } from '../experiment.ts';

/** What is varied. */
export interface CadenceSetting {
  /** Steps between two refreshes of the reward. */
  readonly every: number;
  /** Deviation of the members' gains since the refresh beyond which people are asked again before the time; infinite: never. */
  readonly asks: number;
  /** Deviation of the gold that is measured on a prompt. */
  readonly goldNoise: number;
}

/**
 * A world of numbers: a reply is a point, the policy a normal distribution of deviation one around its mean, and true utility
 * a hill whose top lies a way off. A reward is linear: it knows which way is up where it was fitted, and not how far.
 */
const TOP = [1.2, 0.8, 0.4] as const;
const STEEPNESS = 0.5;
const STEPS = 16;
const PACE = 0.25;
const PAIRS = 200;
const RATIONALITY = 1.5;
const MEMBERS = 3;
const PROMPTS = 80;

type Point = readonly number[];
const utility = (x: Point, top: Point = TOP) => -(STEEPNESS / 2) * x.reduce((sum, v, i) => sum + (v - top[i]!) ** 2, 0);
const moved = (from: Point, along: Point, by: number): Point => from.map((v, i) => v + by * along[i]!);
const squared = (x: Point, y: Point) => x.reduce((sum, v, i) => sum + (v - y[i]!) ** 2, 0);

/** A linear reward, by Bradley–Terry, on pairs that the policy at a mean gives, judged with noise. */
function fitted(at: Point, rng: Rng): Point {
  const reply = () => at.map((v) => v + rng.normal());
  const rows = Array.from({ length: PAIRS }, () => {
    const [x, y] = [reply(), reply()];
    const target = Number(rng.uniform() < sigmoid(RATIONALITY * (utility(x) - utility(y))));
    return { features: Float64Array.from(x, (v, i) => v - y[i]!), target };
  });
  return [...fitLogistic(rows, TOP.length, { ridge: 1 })];
}

interface Stop {
  readonly round: number;
  readonly step: number;
  readonly kl: number;
  readonly spread: number;
  readonly at: Point;
}

/** The policy step by step, its reward refreshed every so many. */
function walked({ every, asks }: CadenceSetting, rng: Rng): Stop[] {
  const stops: Stop[] = [];
  let start: Point = TOP.map(() => 0);
  for (let step = 0, round = 1; step < STEPS; round++) {
    const own = rng.fork(`round/${round}`);
    const members = Array.from({ length: MEMBERS }, () => fitted(start, own));
    const reward = TOP.map((_, i) => mean(members.map((member) => member[i]!)));
    for (let s = 0; s <= Math.min(every, STEPS - step); s++) {
      const at = moved(start, reward, PACE * s);
      const scores = members.map((member) => member.reduce((sum, w, i) => sum + w * (at[i]! - start[i]!), 0));
      const spread = standardDeviation(scores);
      stops.push({ round, step: s, kl: squared(at, start) / 2, spread, at });
      if (spread > asks) break;
    }
    step += stops.at(-1)!.step;
    start = stops.at(-1)!.at;
  }
  return stops;
}

/** Drifts below which a round counts as none, as the probe has it. */
const LEAST_KL = 0.1;

/** The estimand on mean utilities, which are exact. */
function truthOf(stops: readonly Stop[]): number | undefined {
  const rounds = [...new Set(stops.map(({ round }) => round))].map((round) => stops.filter((s) => s.round === round));
  const lost = rounds
    .filter((path) => path.at(-1)!.kl >= LEAST_KL)
    .map((path) => (Math.max(...path.map(({ at }) => utility(at))) - utility(path.at(-1)!.at)) / path.at(-1)!.kl);
  return lost.length === 0 ? undefined : Math.max(...lost);
}

/** J2: a reward that knows which way is up, and a policy that goes on after it no longer is. */
export const refreshCadence: Experiment<CadenceSetting> = {
  world: 'tables',
  planted:
    'steps of the policy between two refreshes of the reward, of sixteen; at sixteen it is never refreshed, and after some six the policy is past the top',
  doses: [8, 10, 12, 16],
  documented: 16,
  lookAlike: 'a reward refreshed in time, every third step, and a gold measured with three times the noise',
  usual: { every: 4, asks: Number.POSITIVE_INFINITY, goldNoise: 0.1 },
  plant: (setting, dose) => ({ ...setting, every: dose }),
  resemble: (setting) => ({ ...setting, every: 3, goldNoise: 0.3 }),
  async draw(setting, rng) {
    const stops = walked(setting, rng.fork('walk'));
    // Each prompt has its own top around the common one: utility on it differs by what lies along the way.
    const tops = Array.from({ length: PROMPTS }, () => TOP.map((v) => v + 0.3 * rng.normal()));
    const rows = stops.map(({ round, step, kl, spread, at }): EvidenceRow<'round-paths'> => {
      const gold = tops.map((top) => utility(at, top) + setting.goldNoise * rng.normal());
      return { round, step, kl, spread, gold };
    });
    const truth = truthOf(stops);
    return { evidence: { 'round-paths': rows }, ...(truth !== undefined && { truth }) };
  },
};
