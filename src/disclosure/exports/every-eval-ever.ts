import type { Finding } from '../../audit/index.ts';
import { DISCLOSURE_ITEMS } from '../items.ts';
import type { Asking } from './details.ts';
import {
  assessedFindings,
  type DisclosedModel,
  type DisclosedRun,
  exact,
  itemOf,
  type Metric,
  metricsOf,
  modelOf,
  sealOf,
  withheldTexts,
} from './disclosed-run.ts';
import { type ExportedFile, type ExportFormat, holding } from './format.ts';
import { jsonText, slug, uuidFrom } from './texts.ts';

const SCHEMA_VERSION = '0.3.0';
const NOBODY = 'undeclared';

/** Which item evaluates which model. */
const EVALUATED = { reward: 'D7', policy: 'D8' } as const;
type Evaluated = keyof typeof EVALUATED;

const texts = (entries: readonly (readonly [string, string])[]): Record<string, string> => Object.fromEntries(entries);

interface Result {
  readonly name: string;
  readonly score: number;
  readonly lowerIsBetter: boolean;
  readonly interval: { readonly low: number; readonly high: number; readonly level?: number } | null;
  readonly n?: number;
  readonly description?: string;
  readonly details: Record<string, string>;
}

function resultJson({ data }: DisclosedRun, model: string, result: Result): object {
  const { name, score, lowerIsBetter, interval, n, description, details } = result;
  return {
    evaluation_result_id: `${model}/${slug(name)}`,
    evaluation_name: name,
    source_data: {
      dataset_name: data.digest,
      source_type: 'other',
      additional_details: { layout: data.layout },
    },
    metric_config: {
      metric_name: name,
      lower_is_better: lowerIsBetter,
      ...(description !== undefined && { evaluation_description: description }),
    },
    score_details: {
      score,
      details,
      ...(interval !== null && {
        uncertainty: {
          confidence_interval: {
            lower: interval.low,
            upper: interval.high,
            confidence_level: interval.level ?? 0.95,
          },
          ...(n !== undefined && Number.isInteger(n) && { num_samples: n }),
        },
      }),
    },
  };
}

/** A number of which nobody says which way is better is no score. */
const metricResult = ({ name, value, interval, better, file, pointer }: Metric): Result[] =>
  better === undefined
    ? []
    : [
        {
          name,
          score: value,
          lowerIsBetter: better === 'lower',
          interval,
          details: texts([
            ['status', 'measured'],
            ['place', `${file}#${pointer}`],
          ]),
        },
      ];

/** A finding as a score: all are estimates of harm. */
function findingResult(finding: Finding): Result[] {
  const { probe, challenge, verdict, estimate, interval, n, unscored, estimand, because } = finding;
  if (estimate === null) return [];
  const details = texts([
    ['challenge', challenge],
    ['verdict', verdict],
    ['because', because],
    ['unscored', exact(unscored)],
  ]);
  return [{ name: probe, score: estimate, lowerIsBetter: true, interval, n, description: estimand, details }];
}

/** What the items say that is no score, as texts. */
const itemDetails = (run: DisclosedRun): [string, string][] =>
  run.disclosure.items.flatMap(({ id, status, statements, declaration }) => [
    [`${id} status`, status] as [string, string],
    ...statements.map(({ label, value }): [string, string] => [`${id} ${label}`, exact(value)]),
    ...(declaration === undefined
      ? []
      : [[`${id} declared by ${declaration.author}, ${declaration.date}`, declaration.text] as [string, string]]),
  ]);

function record(run: DisclosedRun, asking: Asking, model: DisclosedModel, of: Evaluated): ExportedFile {
  const { name, seal, startedAt, finishedAt, versions } = run;
  const item = EVALUATED[of];
  const provider = asking.ask('provider');
  const [developer, id] = [slug(provider ?? NOBODY), slug(`${name}-${of}`)];
  const retrieved = String(Date.parse(finishedAt) / 1000);
  const results = [
    ...metricsOf(itemOf(run, item)).flatMap(metricResult),
    ...assessedFindings(run, DISCLOSURE_ITEMS[item].challenges).flatMap(findingResult),
  ];
  const json = {
    schema_version: SCHEMA_VERSION,
    evaluation_id: `goodhart/${developer}/${id}/${retrieved}`,
    evaluation_timestamp: startedAt,
    retrieved_timestamp: retrieved,
    source_metadata: {
      source_name: `goodhart run ${name}`,
      source_type: 'evaluation_run',
      source_organization_name: provider ?? `${NOBODY}: who provides the model was not declared`,
      evaluator_relationship: 'first_party',
      additional_details: texts([
        ['seal', sealOf(run)],
        ['command', run.command],
        ...(asking.by === '' ? [] : [['details', asking.by] as const]),
        ...withheldTexts(run).map((line, i) => [`withheld ${i + 1}`, line] as const),
        ...run.findings.map(
          ({ details: _, probe, challenge, ...told }) => [`${challenge} ${probe}`, exact(told)] as const,
        ),
        ...itemDetails(run),
      ]),
    },
    eval_library: {
      name: 'goodhart',
      version: versions.find(([part]) => part === 'goodhart')?.[1] ?? 'unknown',
    },
    model_info: {
      name: model.name,
      id: `${developer}/${id}`,
      developer: provider ?? NOBODY,
      additional_details: texts([
        ['deployment_type', 'self_deployed'],
        ['model_availability', 'unknown'],
        ['role', of],
        ['architecture', model.architecture],
        ...model.files.map(({ path, sha256 }) => [path, `sha256:${sha256}`] as const),
      ]),
    },
    evaluation_results: results.map((result) => resultJson(run, `${developer}/${id}`, result)),
  };
  const uuid = uuidFrom(of === 'policy' ? seal : [...seal].reverse().join(''));
  return { path: `data/goodhart/${developer}/${id}/${uuid}.json`, content: jsonText(json) };
}

/** One record for the reward model and one for the policy, where the datastore has them. */
export const everyEvalEver: ExportFormat = {
  title: 'Every Eval Ever: the evaluation of the reward model, and of the policy',
  version: SCHEMA_VERSION,
  validator: 'pip every-eval-ever: every_eval_ever validate',
  as: 'folder',
  holds: holding(
    { asText: 'additional_details: the schema is about the evaluation of a model, and of nothing else' },
    { D7: 'field', D8: 'field', intervals: 'field' },
  ),
  write: (run, asking) => ({
    as: 'folder',
    files: (Object.keys(EVALUATED) as Evaluated[]).flatMap((of) => {
      const model = modelOf(run, of);
      return model === undefined ? [] : [record(run, asking, model, of)];
    }),
  }),
};
