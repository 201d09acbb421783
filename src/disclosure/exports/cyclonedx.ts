import type { Finding } from '../../audit/index.ts';
import { figure, rangeText } from '../../report/index.ts';
import { DISCLOSURE_ITEMS } from '../items.ts';
import type { Asking } from './details.ts';
import {
  assessedFindings,
  countsText,
  type DisclosedFile,
  type DisclosedModel,
  type DisclosedRun,
  exact,
  itemLines,
  itemOf,
  type ModelRole,
  mainModelOf,
  metricsOf,
  modelOf,
  sealOf,
} from './disclosed-run.ts';
import { type ExportFormat, holding } from './format.ts';
import { g7Coverage } from './g7.ts';
import { jsonText, uuidFrom } from './texts.ts';

const property = (name: string, value: string) => ({ name: `goodhart:${name}`, value });
const hashes = (file: DisclosedFile) => [{ alg: 'SHA-256', content: file.sha256 }];

/** Files of a model or of data, as components inside theirs: each has its own digest. */
const fileComponents = (files: readonly DisclosedFile[]): object[] =>
  files.map((file) => ({
    type: 'file',
    'bom-ref': `file:${file.path}`,
    name: file.path,
    hashes: hashes(file),
    properties: [
      property('bytes', exact(file.bytes)),
      ...(file.withheld > 0 ? [property('withheld', exact(file.withheld))] : []),
    ],
  }));

const APPROACH: Readonly<Record<ModelRole, string>> = {
  policy: 'reinforcement-learning',
  reward: 'supervised',
  base: 'self-supervised',
};
/** Which item evaluates a model. */
const EVALUATED = { policy: 'D8', reward: 'D7', base: undefined } as const;

function performance(run: DisclosedRun, role: ModelRole): object[] {
  const item = EVALUATED[role];
  if (item === undefined) return [];
  const measured = metricsOf(itemOf(run, item)).map(({ name, value, interval }) => ({ type: name, value, interval }));
  const found = assessedFindings(run, DISCLOSURE_ITEMS[item].challenges).flatMap(({ probe, estimate, interval }) =>
    estimate === null ? [] : [{ type: probe, value: estimate, interval }],
  );
  return [...measured, ...found].map(({ type, value, interval }) => ({
    type,
    value: exact(value),
    ...(interval !== null && {
      confidenceInterval: { lowerBound: exact(interval.low), upperBound: exact(interval.high) },
    }),
  }));
}

const said = ({ challenge, probe, verdict, estimate, interval, n, unscored }: Finding): string =>
  `${challenge} ${probe}: ${verdict}${estimate === null ? '' : `, ${figure(estimate)} (${rangeText(interval)}; n ${n}, unscored ${unscored})`}`;

function modelComponent(run: DisclosedRun, asking: Asking, model: DisclosedModel): object {
  const { role, name, architecture, shape, parameters, files } = model;
  const base = role === 'base' ? undefined : modelOf(run, 'base');
  const [license, provider] = [asking.ask('license'), asking.ask('provider')];
  const [version, summary] = [asking.ask('version'), asking.ask('summary')];
  const main = role === mainModelOf(run)?.role;
  const bad = run.findings.filter(({ verdict }) => verdict === 'failure' || verdict === 'concern');
  const risks = [...itemLines(itemOf(run, 'D10')), ...bad.map(said)];
  return {
    type: 'machine-learning-model',
    'bom-ref': role,
    name,
    ...(main && version !== undefined && { version }),
    ...(main && summary !== undefined && { description: summary }),
    ...(provider !== undefined && { supplier: { name: provider } }),
    ...(license !== undefined && { licenses: [{ license: { name: license } }] }),
    ...(base !== undefined && {
      pedigree: {
        ancestors: [{ type: 'machine-learning-model', name: base.name }],
        notes: itemLines(itemOf(run, 'D1')).join('; '),
      },
    }),
    components: fileComponents(files),
    modelCard: {
      modelParameters: {
        approach: { type: APPROACH[role] },
        task: role === 'reward' ? 'preference of one reply over another' : 'text generation',
        architectureFamily: architecture,
        inputs: [{ format: 'text' }],
        outputs: [{ format: role === 'reward' ? 'number' : 'text' }],
        ...(role !== 'base' && run.files.length > 0 && { datasets: [{ ref: 'feedback' }] }),
      },
      quantitativeAnalysis: { performanceMetrics: performance(run, role) },
      ...(main && {
        considerations: considerations(asking, risks, itemLines(itemOf(run, 'D11'))),
      }),
      properties: [
        ...shape.map(([size, value]) => property(`shape:${size}`, exact(value))),
        ...(parameters === undefined ? [] : [property('parameters', exact(parameters))]),
      ],
    },
  };
}

function considerations(asking: Asking, risks: readonly string[], plan: readonly string[]): object {
  const [users, use] = [asking.ask('stakeholders'), asking.ask('intendedUse')];
  return {
    ...(users !== undefined && { users: [users] }),
    ...(use !== undefined && { useCases: [use] }),
    technicalLimitations: risks,
    ...(plan.length > 0 && {
      ethicalConsiderations: [{ name: DISCLOSURE_ITEMS.D11.title, mitigationStrategy: plan.join('; ') }],
    }),
  };
}

/** The preferences that the reward was fitted to. */
const feedbackComponent = (run: DisclosedRun, sensitive: string | undefined): object => ({
  type: 'data',
  'bom-ref': 'feedback',
  name: `feedback of ${run.name}`,
  components: fileComponents(run.files),
  data: [
    {
      type: 'dataset',
      name: run.data.digest,
      ...(sensitive !== undefined && { sensitiveData: [sensitive] }),
      description: [
        `Layout ${run.data.layout}.`,
        `Items: ${countsText(run.counts.items)}. Judgments: ${countsText(run.counts.judgments)}. Raters: ${countsText(run.counts.raters)}.`,
        ...itemLines(itemOf(run, 'D3')),
      ].join(' '),
    },
  ],
});

/** What each model was made from. */
const MADE_FROM: Readonly<Record<ModelRole, readonly (ModelRole | 'feedback')[]>> = {
  policy: ['base', 'reward'],
  reward: ['feedback'],
  base: [],
};
const dependencies = (run: DisclosedRun): object[] =>
  run.models.map(({ role }) => ({
    ref: role,
    dependsOn: MADE_FROM[role].filter((from) => from === 'feedback' || modelOf(run, from) !== undefined),
  }));

/** Every item and every finding as named texts: what the format has no field for stands here. */
function allProperties(run: DisclosedRun, asking: Asking): object[] {
  const hardware = asking.ask('hardware');
  const items = run.disclosure.items.flatMap(({ id, title, status, basis, statements, declaration }) => [
    property(id, title),
    property(`${id}:status`, `${status}${basis === null ? '' : ` by ${basis}`}`),
    ...statements.map(({ label, value }) => property(`${id}:${label}`, exact(value))),
    ...(declaration === undefined
      ? []
      : [property(`${id}:declared by ${declaration.author}, ${declaration.date}`, declaration.text)]),
  ]);
  const findings = run.findings.map((finding) =>
    property(`finding:${finding.challenge}:${finding.probe}`, `${finding.verdict}: ${finding.because}`),
  );
  const hidden = run.withheld.map(({ path, count, reason, justification }) =>
    property(`withheld:${path}`, `${count} (${reason}): ${justification}`),
  );
  return [
    property('seal', sealOf(run)),
    property('command', run.command),
    property('software', run.versions.map(([part, version]) => `${part} ${version}`).join(', ')),
    ...(hardware === undefined ? [] : [property('hardware', hardware)]),
    ...(asking.by === '' ? [] : [property('details', asking.by)]),
    ...items,
    ...findings,
    ...hidden,
  ];
}

/** What third parties signed, a party by line of the claims: their conclusions as claims of theirs. */
function outsideClaims({ reviews }: DisclosedRun, target: ModelRole) {
  return [...new Set(reviews.map(({ line }) => line))].map((line) => {
    const own = reviews.filter((finding) => finding.line === line);
    const { role, fingerprint, declaredAt, access, assurance } = own[0]!;
    return {
      ref: `assessor:${line}`,
      summary: `Signed as ${role}, ${declaredAt}, key ${fingerprint}; access to model ${access.model}, information ${access.information}, time ${access.time}; ${assurance}`,
      claims: own.map(({ about, conclusion, text }, i) => ({
        'bom-ref': `assessor:${line}:claim:${i + 1}`,
        target,
        predicate: `${about}: ${conclusion}`,
        reasoning: text,
      })),
    };
  });
}

/** The findings as claims that the run makes about its model, with the files that they rest on. */
function declarations(run: DisclosedRun, target: ModelRole): object {
  const assessed = run.findings.filter(({ verdict }) => verdict !== 'not-assessed');
  const claims = assessed.map((finding) => ({
    'bom-ref': `claim:${finding.probe}`,
    target,
    predicate: said(finding),
    reasoning: `${finding.estimand}; ${finding.because}; settings ${exact(finding.params)}; seed ${finding.seed}`,
    evidence: [`evidence:${finding.probe}`],
  }));
  const evidence = assessed.map((finding) => ({
    'bom-ref': `evidence:${finding.probe}`,
    propertyName: `evidence of ${finding.probe}`,
    data: finding.evidence.map((kind) => ({ name: kind })),
  }));
  const outside = outsideClaims(run, target);
  return {
    assessors: [
      { 'bom-ref': 'assessor', thirdParty: false },
      ...outside.map(({ ref }) => ({ 'bom-ref': ref, thirdParty: true })),
    ],
    attestations: [
      {
        summary: 'goodhart audit: probes of the challenges of Casper et al. (2023)',
        assessor: 'assessor',
        map: [{ claims: claims.map((claim) => claim['bom-ref']) }],
      },
      ...outside.map(({ ref, summary, claims: own }) => ({
        summary,
        assessor: ref,
        map: [{ claims: own.map((claim) => claim['bom-ref']) }],
      })),
    ],
    claims: [...claims, ...outside.flatMap((one) => one.claims)],
    evidence,
  };
}

/** A bill of materials: base, reward and policy with their data, their weights by digest, and the findings as claims. */
export const cyclonedx: ExportFormat = {
  title: 'CycloneDX ML-BOM: models, data, findings as claims',
  version: '1.7',
  validator: 'its JSON schema (npm ajv, pip cyclonedx-python-lib)',
  as: 'text',
  holds: holding(
    { asText: 'named properties: the schema has no field for it' },
    {
      D7: 'field',
      D8: 'field',
      D10: 'field',
      D11: 'field',
      intervals: 'field',
      reviews: 'field',
      unscored: { asText: 'in the words of a claim' },
      thresholds: { asText: 'in the reasoning of a claim' },
    },
  ),
  write(run, asking) {
    const subject = mainModelOf(run);
    const provider = asking.ask('provider');
    const models = run.models.map((model) => ({ model, json: modelComponent(run, asking, model) }));
    const version = run.versions.find(([part]) => part === 'goodhart')?.[1];
    const bom = {
      $schema: 'http://cyclonedx.org/schema/bom-1.7.schema.json',
      bomFormat: 'CycloneDX',
      specVersion: '1.7',
      serialNumber: `urn:uuid:${uuidFrom(run.seal)}`,
      version: 1,
      metadata: {
        timestamp: run.finishedAt,
        lifecycles: [{ phase: 'post-build' }],
        ...(provider !== undefined && { manufacturer: { name: provider } }),
        tools: {
          components: [{ type: 'application', name: 'goodhart', ...(version !== undefined && { version }) }],
        },
        ...(subject !== undefined && { component: models.find(({ model }) => model === subject)!.json }),
      },
      components: [
        ...models.filter(({ model }) => model !== subject).map(({ json }) => json),
        feedbackComponent(run, asking.ask('personalData')),
      ],
      ...(run.models.length > 0 && { dependencies: dependencies(run) }),
      ...(subject !== undefined && { declarations: declarations(run, subject.role) }),
      properties: allProperties(run, asking),
    };
    return { as: 'text', text: jsonText(bom), coverage: g7Coverage(bom) };
  },
};
