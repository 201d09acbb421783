import { mean } from '../../stats/index.ts';
import { bestOfNExact, expectation, kl } from '../../world/index.ts';
import { ALL_SLOTS, type Slot } from '../feature-reward.ts';
import { rewardOf, type Space } from '../scene.ts';
import { type Setting, USUAL } from '../setting.ts';
import { dropOf, goldAt, KLS, spacesOf } from './paths.ts';
import { definePhenomenon } from './phenomenon.ts';

/** Everything but truth. */
export const BLIND: readonly Slot[] = ALL_SLOTS.filter((slot) => !['right', 'refusal', 'agrees'].includes(slot));
export const FEW = 24;
const MANY = 2000;

export const seeing = (pairs: number): Setting => ({ ...USUAL, pairs });
/** Raters who like length teach a reward that cannot see truth: no number of pairs shows it what it lacks. */
export const blind = (pairs: number): Setting => ({
  ...USUAL,
  pairs,
  raters: { 'length-biased': 8 },
  slots: BLIND,
});

interface Point {
  readonly d: number;
  readonly gain: number;
}
const DRAWS = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
/** Below this KL the form need not hold, by its authors. */
const LEAST_KL = 0.05;

/** Best of n at the root of its exact KL, with the gain in gold. */
function bestOf(spaces: readonly Space[]): Point[] {
  const start = goldAt(spaces, 0);
  return DRAWS.map((n) => {
    const rows = spaces.map(({ base, rewards, gold }) => {
      const policy = bestOfNExact(base, rewards, n);
      return { kl: kl(policy, base), gold: expectation(policy, gold) };
    });
    return { d: Math.sqrt(mean(rows.map((row) => row.kl))), gain: mean(rows.map((row) => row.gold)) - start };
  });
}

/** Share of the variance of gains that two terms explain by least squares. */
function explained(points: readonly Point[], terms: (d: number) => readonly [number, number]): number {
  const rows = points.map(({ d, gain }) => ({ x: terms(d), gain }));
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0);
  const [aa, ab, bb] = [sum(({ x }) => x[0] ** 2), sum(({ x }) => x[0] * x[1]), sum(({ x }) => x[1] ** 2)];
  const [ay, by] = [sum(({ x, gain }) => x[0] * gain), sum(({ x, gain }) => x[1] * gain)];
  const det = aa * bb - ab * ab;
  const [alpha, beta] = [(ay * bb - by * ab) / det, (by * aa - ay * ab) / det];
  const centre = mean(rows.map(({ gain }) => gain));
  const rest = sum(({ x, gain }) => (gain - alpha * x[0] - beta * x[1]) ** 2);
  return 1 - rest / sum(({ gain }) => (gain - centre) ** 2);
}

const tilted = (spaces: readonly Space[]): Point[] => {
  const start = goldAt(spaces, 0);
  return KLS.filter((own) => own >= LEAST_KL).map((own) => ({
    d: Math.sqrt(own),
    gain: goldAt(spaces, own) - start,
  }));
};

/** Gao, Schulman and Hilton 2022: the proxy rises on, gold turns; more data help, but not against what no data show. */
export const overOptimisationCurves = definePhenomenon({
  title: 'Over-optimisation follows a curve, and data mend only one of its causes',
  citation: 'Gao, Schulman and Hilton 2022, arXiv 2210.10760',
  published:
    'Against a fitted reward the true one rises and falls with d = √KL, as d(α − βd) for best of n and d(α − β log d) for a trained policy; with more comparisons it falls less.',
  world: 'harbour',
  method: `Rewards on a reply’s slots, fitted to ${FEW} or ${MANY} judged pairs, and the exact tilt of the base policy by each at up to 8 nats. Two causes apart: too few pairs, and a reward that cannot see truth, taught by raters who like length.`,
  measures: {
    'few pairs': {
      what: `fall of true utility from its peak to 8 nats, reward of ${FEW} pairs that sees everything`,
      role: 'effect',
      expected: { above: 0.05 },
    },
    'many pairs': {
      what: `the same with ${MANY} pairs`,
      role: 'control',
      expected: { within: [0, 0.05] },
    },
    'blind spot, few pairs': {
      what: `fall with ${FEW} pairs, reward that cannot see truth`,
      role: 'effect',
      expected: { above: 0.05 },
    },
    'blind spot, many pairs': {
      what: `the same with ${MANY} pairs: data do not mend it`,
      role: 'effect',
      expected: { above: 0.05 },
    },
    'policy form, R²': {
      what: 'share of the variance of the gain that d(α − β log d) explains, blind spot, many pairs',
      role: 'effect',
      expected: { above: 0.9 },
    },
    'best-of-n form, R²': {
      what: 'share of the variance of the gain that d(α − βd) explains, best of 2 to 1,024, blind spot, many pairs',
      role: 'effect',
      expected: { above: 0.9 },
    },
    'best-of-n form without a fall, R²': {
      what: 'the same where the reward sees everything: a good fit is no evidence of over-optimisation',
      role: 'control',
      expected: { above: 0.9 },
    },
  },
  async run(rng) {
    const spaces = async (setting: Setting, name: string) => spacesOf(await rewardOf(setting, rng.fork(name)));
    const [few, many] = [await spaces(seeing(FEW), 'few'), await spaces(seeing(MANY), 'many')];
    const [blindFew, blindMany] = [await spaces(blind(FEW), 'blind-few'), await spaces(blind(MANY), 'blind-many')];
    const drop = (own: readonly Space[]) => dropOf(KLS.map((at) => goldAt(own, at)));
    return {
      'few pairs': drop(few),
      'many pairs': drop(many),
      'blind spot, few pairs': drop(blindFew),
      'blind spot, many pairs': drop(blindMany),
      'policy form, R²': explained(tilted(blindMany), (d) => [d, d * Math.log(d)]),
      'best-of-n form, R²': explained(bestOf(blindMany), (d) => [d, d * d]),
      'best-of-n form without a fall, R²': explained(bestOf(many), (d) => [d, d * d]),
    };
  },
});
