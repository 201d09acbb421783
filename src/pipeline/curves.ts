import type { ReportData } from '../disclosure/index.ts';
import { bootstrap, mean, standardDeviation, type Uniform } from '../stats/index.ts';
import type { RunResults } from './run-results.ts';
import type { PolicyPath } from './stages/policy.ts';
import { percent } from './summary.ts';

/** Mean and deviation of a score over all replies of the first evaluation: the unit of the curves. */
function unitOf(path: PolicyPath, name: 'proxy' | 'gold') {
  const prompts = path.first.filter(({ split }) => split === 'evaluation');
  const values = prompts.flatMap(({ scored }) => scored[name] ?? []);
  return { centre: mean(values), scale: standardDeviation(values) || 1 };
}

/** Below this share of the base model's probability on listed replies, sums over them say nothing about it. */
const LEAST_MASS = 0.5;

interface Curve {
  readonly name: string;
  readonly points: readonly {
    readonly kl: number;
    readonly proxy: readonly number[];
    readonly gold?: readonly number[];
  }[];
}

/** Every path of a run by the name that the figures give it. */
function namedCurves({ paths, bestOf, exact }: RunResults): Curve[] {
  return [
    ...paths.map(({ method, points }) => ({ name: method, points })),
    ...(bestOf === undefined ? [] : [{ name: `${bestOf.method} (KL at most)`, points: bestOf.points }]),
    ...(exact === undefined || exact.listedMass < LEAST_MASS
      ? []
      : [{ name: `exact optimum (${exact.prompts} prompts)`, points: exact.points }]),
  ];
}

/** Proxy and, where it is known, gold of every path against √KL, in deviations of the base policy's replies. */
export function curves(results: RunResults, uniform: Uniform): ReportData['paths'] {
  const [main] = results.paths;
  if (main === undefined) return [];
  const keys = main.points.every((point) => point.gold !== undefined)
    ? (['proxy', 'gold'] as const)
    : (['proxy'] as const);
  return namedCurves(results).flatMap(({ name, points }) =>
    keys.map((key) => {
      const unit = unitOf(main, key);
      return {
        name: `${key}, ${name}`,
        points: points.map((point) => {
          const values = point[key]!.map((v) => (v - unit.centre) / unit.scale);
          const { low, high } = bootstrap(values, mean, { uniform, replicates: 200 });
          return { x: Math.sqrt(Math.max(0, point.kl)), y: mean(values), low, high };
        }),
      };
    }),
  );
}

/** What the curves show, and what they cannot. */
export function pathsNote({ paths, bestOf, exact }: RunResults): string {
  const [main] = paths;
  if (main === undefined) return 'No policy was optimised in this run.';
  const known = main.points[0]?.gold !== undefined;
  const units =
    'in deviations of the base policy’s replies from their mean, against the square root of KL from the base policy';
  return [
    known
      ? `Reward of the model that was optimised (proxy) and true utility (gold), both ${units}.`
      : `Reward of the model that was optimised, ${units}. True utility is not known for these data, so nothing here shows whether the policy became better.`,
    'All on prompts of the training distribution that no policy was trained on. Whiskers: 95 % bootstrap over prompts.',
    bestOf === undefined
      ? ''
      : 'Best of n is drawn from the base policy, at the upper bound ln n − (n − 1)/n of its KL.',
    exact === undefined
      ? ''
      : exact.listedMass < LEAST_MASS
        ? `The exact optimum is not drawn: the listed replies hold only ${percent(exact.listedMass)} of the base model’s probability.`
        : `The exact optimum is the KL-regularised tilt over the listed replies, which hold ${percent(exact.listedMass)} of the base model’s probability.`,
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}
