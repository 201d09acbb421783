import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MiddlewareHandler } from 'hono';

/** Upper bounds of the time a request took, in seconds. */
const BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Numbers of a server as it goes, in the text format that Prometheus reads. */
export interface Metrics {
  /** Counts every request that passes. */
  readonly count: MiddlewareHandler;
  text(store: { readonly up: boolean; readonly seconds: number }): string;
}

const labels = (entries: Readonly<Record<string, string | number>>) =>
  `{${Object.entries(entries)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}}`;

export function createMetrics(version: string): Metrics {
  const requests = new Map<string, number>();
  const buckets = new Array<number>(BUCKETS.length).fill(0);
  let [total, sum] = [0, 0];
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  return {
    async count(context, next) {
      const started = performance.now();
      await next();
      const seconds = (performance.now() - started) / 1000;
      const key = JSON.stringify([context.req.method, `${Math.floor(context.res.status / 100)}xx`]);
      requests.set(key, (requests.get(key) ?? 0) + 1);
      total += 1;
      sum += seconds;
      for (const [i, bound] of BUCKETS.entries()) if (seconds <= bound) buckets[i]! += 1;
    },
    text({ up, seconds }) {
      const metric = (name: string, type: string, help: string, rows: readonly string[]) => [
        `# HELP goodhart_${name} ${help}`,
        `# TYPE goodhart_${name} ${type}`,
        ...rows.map((row) => `goodhart_${name}${row}`),
      ];
      const { rss, heapUsed } = process.memoryUsage();
      return `${[
        metric('info', 'gauge', 'Version of the program.', [`${labels({ version })} 1`]),
        metric('uptime_seconds', 'gauge', 'Time since the process began.', [` ${process.uptime()}`]),
        metric('store_up', 'gauge', 'Whether the store answers.', [` ${Number(up)}`]),
        metric('store_answer_seconds', 'gauge', 'How long the store took to answer.', [` ${seconds}`]),
        metric(
          'http_requests_total',
          'counter',
          'Requests answered, by method and class of status.',
          [...requests].map(([key, n]) => {
            const [method, status] = JSON.parse(key) as [string, string];
            return `${labels({ method, status })} ${n}`;
          }),
        ),
        metric('http_request_seconds', 'histogram', 'How long requests took.', [
          ...BUCKETS.map((le, i) => `_bucket${labels({ le })} ${buckets[i]}`),
          `_bucket${labels({ le: '+Inf' })} ${total}`,
          `_sum ${sum}`,
          `_count ${total}`,
        ]),
        metric('event_loop_delay_seconds', 'gauge', 'Delay of the event loop, 99th percentile since the start.', [
          ` ${delay.count === 0 ? 0 : delay.percentile(99) / 1e9}`,
        ]),
        metric('memory_bytes', 'gauge', 'Memory of the process.', [
          `${labels({ kind: 'resident' })} ${rss}`,
          `${labels({ kind: 'heap' })} ${heapUsed}`,
        ]),
      ]
        .flat()
        .join('\n')}\n`;
    },
  };
}
