import type { Series } from '../../../report/index.ts';
import { own } from '../../../run/index.ts';
import type { ResponseOf } from '../../../server/index.ts';

type Stages = ResponseOf<'GET /api/runs/{run}/series'>['series'];

/** What a metric of a given name is, where it is known; others are shown under their own name. */
const UNITS: Readonly<Record<string, string>> = {
  'objective/kl': 'KL from base, nats',
  'objective/scores': 'proxy reward',
  'objective/rlhf_reward': 'reward with KL term',
  'objective/entropy': 'entropy, nats a reply',
  'objective/spread': 'reward spread in a group',
  'completions/mean_length': 'tokens a reply',
  'completions/eos_rate': 'share that ends by itself',
  'sampler/kl': 'sampler against trainer, nats a token',
  grad_norm: 'gradient norm',
  loss: 'loss, nats a token',
};

export interface Curve {
  readonly stage: string;
  readonly metric: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
}

/** One plot for every metric that any of some runs has, known ones first: a new algorithm's metrics appear by themselves. */
export function curvesOf(runs: readonly { readonly name: string; readonly stages: Stages }[]): Curve[] {
  const found = new Map<string, { stage: string; metric: string }>();
  for (const { stages } of runs) {
    for (const [stage, metrics] of Object.entries(stages)) {
      for (const metric of Object.keys(metrics)) found.set(`${stage} ${metric}`, { stage, metric });
    }
  }
  const order = Object.keys(UNITS);
  const place = (metric: string) => (order.includes(metric) ? order.indexOf(metric) : order.length);
  return [...found.values()]
    .sort(
      (a, b) =>
        (a.stage < b.stage ? -1 : a.stage > b.stage ? 1 : 0) ||
        place(a.metric) - place(b.metric) ||
        (a.metric < b.metric ? -1 : 1),
    )
    .map(({ stage, metric }) => ({
      stage,
      metric,
      yLabel: own(UNITS, metric) ?? metric,
      series: runs.flatMap(({ name, stages }) => {
        const points = own(own(stages, stage), metric);
        return points === undefined ? [] : [{ name, points: thin(points).map(([x, y]) => ({ x, y })) }];
      }),
    }))
    .filter(({ series }) => series.some(({ points }) => points.length > 1));
}

const MOST_POINTS = 400;
/** At most some hundred points: the last of each stretch, so that the newest is always there. */
export function thin<T>(points: readonly T[]): readonly T[] {
  if (points.length <= MOST_POINTS) return points;
  // Whole numbers before the division: the last index is exactly the last.
  return Array.from(
    { length: MOST_POINTS },
    (_, i) => points[Math.floor(((i + 1) * points.length) / MOST_POINTS) - 1]!,
  );
}
