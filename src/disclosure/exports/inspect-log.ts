import type { Finding } from '../../audit/index.ts';
import { type DisclosedRun, exact, itemOf, type Metric, mainModelOf, metricsOf, sealOf } from './disclosed-run.ts';
import { type ExportFormat, holding } from './format.ts';
import { jsonText, slug, uuidFrom } from './texts.ts';

const metric = (name: string, value: number, params: object = {}) => ({ name, value, params });

/** A finding as a score: its estimate with the interval, and of one that was not assessed the verdict alone. */
function findingScore(finding: Finding): object {
  const { probe, estimate, interval, n, unscored, details: _, ...params } = finding;
  const values = [
    ...(estimate === null ? [] : [metric('estimate', estimate)]),
    ...(interval === null
      ? []
      : [
          metric('low', interval.low, { level: interval.level }),
          metric('high', interval.high, { level: interval.level }),
        ]),
  ];
  return {
    name: probe,
    scorer: 'goodhart audit',
    ...(Number.isInteger(n) && { scored_samples: n }),
    ...(Number.isInteger(unscored) && { unscored_samples: unscored }),
    params,
    metrics: Object.fromEntries(values.map((each) => [each.name, each])),
  };
}

const metricScore =
  (item: string) =>
  ({ name, value, interval, better, file, pointer }: Metric): object => ({
    name: `${item} ${name}`,
    scorer: 'goodhart disclose',
    params: { file, pointer, ...(better !== undefined && { better }) },
    metrics: Object.fromEntries(
      [
        metric('value', value),
        ...(interval === null ? [] : [metric('low', interval.low), metric('high', interval.high)]),
      ].map((each) => [each.name, each]),
    ),
  });

/** An evaluation log of Inspect: scores of the whole run, and no samples. */
export const inspectLog: ExportFormat = {
  title: 'Inspect log: every finding and every evaluation as a score',
  version: '2',
  validator: 'pip inspect-ai: inspect log dump',
  as: 'text',
  holds: holding(
    { asText: 'metadata of the log, which no view of Inspect reads' },
    { D7: 'field', D8: 'field', intervals: 'field', unscored: 'field', thresholds: 'field' },
  ),
  write(run: DisclosedRun) {
    const { name, seal, seed, command, startedAt, finishedAt, versions, data, findings, disclosure, withheld } = run;
    const id = uuidFrom(seal);
    const log = {
      version: 2,
      status: 'success',
      eval: {
        eval_id: id,
        run_id: id,
        created: startedAt,
        task: 'goodhart/audit',
        task_id: slug(name),
        task_version: 0,
        dataset: { name: data.digest },
        model: `goodhart/${mainModelOf(run)?.role ?? 'none'} of ${name}`,
        config: {},
        packages: Object.fromEntries(versions),
        metadata: { seal: sealOf(run), command, seed, data, items: disclosure.items, withheld },
      },
      results: {
        total_samples: 0,
        completed_samples: 0,
        scores: [
          ...(['D5', 'D7', 'D8'] as const).flatMap((item) => metricsOf(itemOf(run, item)).map(metricScore(item))),
          ...findings.map(findingScore),
        ],
        metadata: { verdicts: exact(findings.length) },
      },
      stats: { started_at: startedAt, completed_at: finishedAt },
    };
    return { as: 'text', text: jsonText(log) };
  },
};
