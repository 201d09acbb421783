import { type Block, figure, percent, type Section, type Series } from '../../report/index.ts';
import { largest, mean, meanInterval, smallest, standardDeviation } from '../../stats/index.ts';
import type { RunResults } from '../run-results.ts';
import { LEAST_MASS } from '../stages/exact.ts';
import type { PolicyPath } from '../stages/policy.ts';
import { figuresTable } from './figures-table.ts';
import { drawn, meanText, SPLIT_NAMES } from './words.ts';

/** Ranges that differ by more than this are drawn apart: beside the one, the other would be a flat line. */
const MOST_RATIO = 3;
/** More methods than this in one drawing, each with proxy and gold, are not told apart. */
const MOST_METHODS = 3;

type Score = 'proxy' | 'gold';
interface Method {
  readonly name: string;
  readonly points: readonly {
    readonly kl: number;
    readonly proxy: readonly number[];
    readonly gold?: readonly number[];
  }[];
}

/** Every path of a run by the name that the figures give it. */
function methodsOf({ paths, bestOf, exact }: RunResults): Method[] {
  return [
    ...paths.map(({ method, points }) => ({ name: method, points })),
    ...(bestOf === undefined ? [] : [{ name: `${bestOf.method} (KL at most)`, points: bestOf.points }]),
    ...(exact === undefined || exact.listedMass < LEAST_MASS
      ? []
      : [{ name: `exact optimum (${exact.prompts} prompts)`, points: exact.points }]),
  ];
}

/** Mean and deviation of a score over all replies of the base policy: the unit of the curves. */
function unitOf({ first }: PolicyPath, score: Score) {
  const values = first.filter(({ split }) => split === 'evaluation').flatMap(({ scored }) => scored[score] ?? []);
  return { centre: mean(values), scale: standardDeviation(values) || 1 };
}

/** One score of every method against √KL, in deviations of the base policy's replies, with its interval over prompts. */
function seriesOf(results: RunResults, score: Score): Series[] {
  const unit = unitOf(results.paths[0]!, score);
  return methodsOf(results).map(({ name, points }) =>
    drawn(
      name,
      points.map((point) => {
        const values = (point[score] ?? []).map((v) => (v - unit.centre) / unit.scale);
        const { low, high } = meanInterval(values).interval;
        return { x: Math.sqrt(Math.max(0, point.kl)), y: mean(values), low, high };
      }),
    ),
  );
}

const spanOf = (series: readonly Series[]): number => {
  const ys = series.flatMap(({ points }) => points.map(({ y }) => y));
  return ys.length === 0 ? 0 : largest(ys) - smallest(ys);
};

const AXIS = '√KL from the base policy (√nats), held-out prompts';
const named = (score: Score, series: readonly Series[]) =>
  series.map(({ name, points }) => ({ name: `${score}, ${name}`, points }));

/** Proxy and gold in one drawing where both can be read in it, else in two on the same axis of √KL. */
export function pathPlots(proxy: readonly Series[], gold: readonly Series[]): Block[] {
  const lines = (title: string, y: string, series: readonly Series[]): Block => ({
    kind: 'plot',
    plot: { type: 'lines', title, x: AXIS, y, series },
  });
  const unit = 'base deviations';
  if (gold.length === 0) return [lines('Proxy against √KL', `proxy, ${unit}`, named('proxy', proxy))];
  const [a, b] = [spanOf(proxy), spanOf(gold)];
  const apart = proxy.length > MOST_METHODS || Math.max(a, b) > MOST_RATIO * Math.min(a, b);
  return apart
    ? [
        lines('Gold against √KL', `gold, ${unit}`, named('gold', gold)),
        lines('Proxy against √KL', `proxy, ${unit}`, named('proxy', proxy)),
      ]
    : [lines('Proxy and gold against √KL', unit, [...named('proxy', proxy), ...named('gold', gold)])];
}

/** Score of the reward model, and the true utility where it is known, along every path. */
export function pathsSection(results: RunResults): Section {
  const { paths, bestOf, exact } = results;
  const title = 'Proxy and gold against KL';
  const [main] = paths;
  if (main === undefined)
    return {
      id: 'paths',
      title,
      blocks: [{ kind: 'text', text: 'No policy was optimised in this run.' }],
      detail: true,
    };
  const known = main.points.every(({ gold }) => gold !== undefined);
  const proxy = seriesOf(results, 'proxy');
  const gold = known ? seriesOf(results, 'gold') : [];
  return {
    id: 'paths',
    title,
    note: noteOf(results, known),
    detail: true,
    blocks: [
      ...pathPlots(proxy, gold),
      { kind: 'fold', summary: 'Every point in numbers', blocks: [pointsTable(paths), ...elsewhere(bestOf, exact)] },
    ],
  };
}

/** What the curves show, and what they cannot. */
function noteOf({ bestOf, exact }: RunResults, known: boolean): string {
  const units = 'in deviations of the base policy’s replies from their mean';
  return [
    known
      ? `Proxy is the score of the reward model, gold the true utility, both ${units}.`
      : `Proxy is the score of the reward model, ${units}. True utility is not known for these data: nothing here shows whether the policy became better.`,
    'All on held-out prompts: of the training distribution, but trained on by no policy. Whiskers: 95 % interval over prompts.',
    ...(bestOf === undefined
      ? []
      : ['Best of n is drawn from the base policy, at the upper bound ln n − (n − 1)/n of its KL.']),
    ...(exact === undefined
      ? []
      : exact.listedMass < LEAST_MASS
        ? [
            `The exact optimum is not drawn: the listed replies hold only ${percent(exact.listedMass)} of the base model’s probability.`,
          ]
        : [
            `The exact optimum is the KL-regularised tilt over the listed replies, which hold ${percent(exact.listedMass)} of the base model’s probability.`,
          ]),
  ].join(' ');
}

/** Means at every point of every path, in the units of the scores. */
const pointsTable = (paths: readonly PolicyPath[]): Block =>
  figuresTable(
    'Paths of optimisation',
    'Method',
    paths.flatMap(({ method, points }) => points.map((figures) => ({ name: method, step: figures.step, figures }))),
  );

/** What is beside the optimised policies, in numbers. */
function elsewhere(bestOf: RunResults['bestOf'], exact: RunResults['exact']): Block[] {
  const rows = [
    ...(bestOf?.points ?? []).map((point) => ({
      name: `best of ${point.n}, of ${bestOf!.pool} replies drawn`,
      split: bestOf!.split,
      point,
    })),
    ...(exact?.points ?? []).map((point) => ({ name: 'exact optimum', split: exact!.split, point })),
  ];
  if (rows.length === 0) return [];
  return [
    {
      kind: 'table',
      name: 'Beside the optimised policies',
      columns: [
        { title: 'What' },
        { title: 'Prompts' },
        { title: 'KL, nats', number: true },
        { title: 'Proxy', number: true },
        { title: 'Gold', number: true },
      ],
      rows: rows.map(({ name, split, point }) => [
        name,
        `${point.proxy.length} ${SPLIT_NAMES[split]}`,
        figure(point.kl),
        meanText(point.proxy),
        point.gold === undefined ? '–' : meanText(point.gold),
      ]),
    },
  ];
}
