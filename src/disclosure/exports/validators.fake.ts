import { readFileSync } from 'node:fs';
import { Ajv, type AnySchema } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { z } from 'zod';
import { formSchema } from './form.ts';
import type { ExportedFile } from './format.ts';
import type { ExportFormatId } from './index.ts';

/** Whether files are what their format says, by the schema of the format: what is wrong with them, nothing where all is well. */
export type Validator = (files: readonly ExportedFile[]) => string[];

/** The text of a file that is one. */
export function textOf({ content }: ExportedFile): string {
  if (typeof content !== 'string') throw new Error('expected a text, got bytes');
  return content;
}

interface Fixture {
  readonly schemas: Readonly<Record<string, AnySchema>>;
}
const { schemas } = JSON.parse(readFileSync('fixtures/disclosure-schemas.json', 'utf8')) as Fixture;

type Compiled = (value: unknown) => string[];
function compiled(
  schema: AnySchema,
  others: readonly AnySchema[] = [],
  of: typeof Ajv | typeof Ajv2020 = Ajv,
): Compiled {
  const ajv = new of({ allErrors: true, strict: false, schemas: [...others] });
  addFormats.default(ajv as Ajv);
  for (const format of ['iri-reference', 'idn-email']) ajv.addFormat(format, /^[^\s<>"{}|\\^`]*$/);
  const check = ajv.compile(schema);
  return (value) =>
    check(value) ? [] : check.errors!.map(({ instancePath, message }) => `${instancePath}: ${message}`);
}

const text = { type: 'string', minLength: 1 };
const texts = { type: 'array', items: text };
const hex = { type: 'string', pattern: '^[0-9a-f]{64}$' };

/** in-toto Statement v1 and its predicates: written from the specification (in-toto/attestation, spec/v1 and test-result.md). */
const descriptor = {
  type: 'object',
  additionalProperties: false,
  properties: {
    name: text,
    uri: text,
    digest: { type: 'object', minProperties: 1, additionalProperties: { type: 'string', pattern: '^[0-9a-f]+$' } },
    content: text,
    downloadLocation: text,
    mediaType: text,
    annotations: { type: 'object' },
  },
  anyOf: [{ required: ['uri'] }, { required: ['digest'] }, { required: ['content'] }],
};
const statement = {
  type: 'object',
  additionalProperties: false,
  required: ['_type', 'subject', 'predicateType', 'predicate'],
  properties: {
    _type: { const: 'https://in-toto.io/Statement/v1' },
    subject: { type: 'array', minItems: 1, items: { ...descriptor, required: ['digest'] } },
    predicateType: { type: 'string', format: 'uri' },
    predicate: { type: 'object' },
  },
  if: { properties: { predicateType: { const: 'https://in-toto.io/attestation/test-result/v0.1' } } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: {
    properties: {
      predicate: {
        required: ['result', 'configuration'],
        additionalProperties: false,
        properties: {
          result: { enum: ['PASSED', 'WARNED', 'FAILED'] },
          configuration: { type: 'array', items: descriptor },
          url: text,
          passedTests: texts,
          warnedTests: texts,
          failedTests: texts,
        },
      },
    },
  },
};

/** Croissant 1.1 and RAI 1.0: required properties and cardinalities, written from the specifications. */
const croissant = {
  type: 'object',
  required: ['@context', '@type', 'conformsTo', 'name', 'description', 'distribution'],
  properties: {
    '@type': { const: 'sc:Dataset' },
    conformsTo: { type: 'array', contains: { const: 'http://mlcommons.org/croissant/1.1' } },
    name: text,
    description: text,
    license: text,
    url: text,
    creator: { type: 'object', required: ['@type', 'name'] },
    datePublished: { type: 'string', format: 'date' },
    version: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+(\\+[0-9A-Za-z.-]+)?$' },
    distribution: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['@type', '@id', 'name', 'contentUrl', 'encodingFormat', 'sha256'],
        properties: { '@type': { const: 'cr:FileObject' }, '@id': { pattern: '^[a-z0-9.-]+$' }, sha256: hex },
      },
    },
    recordSet: {
      type: 'array',
      items: {
        type: 'object',
        required: ['@type', '@id', 'name', 'field'],
        properties: {
          field: {
            type: 'array',
            minItems: 1,
            items: { type: 'object', required: ['@type', '@id', 'dataType', 'source'] },
          },
        },
      },
    },
    'rai:dataCollection': text,
    'rai:annotationsPerItem': text,
    'rai:dataSocialImpact': text,
    'rai:dataReleaseMaintenancePlan': text,
    ...Object.fromEntries(
      [
        'dataAnnotationProtocol',
        'dataAnnotationPlatform',
        'dataAnnotationAnalysis',
        'annotatorDemographics',
        'machineAnnotationTools',
        'dataBiases',
        'dataUseCases',
        'personalSensitiveInformation',
      ].map((name) => [`rai:${name}`, texts]),
    ),
  },
};

/** Metadata of the hub's cards, written from hub-docs (modelcard.md, datasetcard.md). */
const shared = {
  license: { type: 'string', pattern: '^[^A-Z]+$' },
  language: texts,
  tags: texts,
  library_name: text,
  pretty_name: text,
};
const modelMetadata = {
  type: 'object',
  additionalProperties: false,
  required: ['tags', 'model-index'],
  properties: {
    ...shared,
    pipeline_tag: { enum: ['text-generation', 'text-classification'] },
    'model-index': {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'results'],
        properties: {
          results: {
            type: 'array',
            minItems: 1,
            items: {
              type: 'object',
              required: ['task', 'dataset', 'metrics'],
              properties: {
                task: { type: 'object', required: ['type'] },
                dataset: { type: 'object', required: ['type', 'name'] },
                metrics: {
                  type: 'array',
                  minItems: 1,
                  items: { type: 'object', required: ['type', 'value'], properties: { value: { type: 'number' } } },
                },
              },
            },
          },
        },
      },
    },
  },
};
const datasetMetadata = {
  type: 'object',
  additionalProperties: false,
  required: ['pretty_name', 'size_categories', 'tags'],
  properties: {
    ...shared,
    size_categories: {
      type: 'array',
      items: { enum: ['n<1K', '1K<n<10K', '10K<n<100K', '100K<n<1M', '1M<n<10M', 'n>10M'] },
    },
    annotations_creators: {
      type: 'array',
      items: { enum: ['found', 'crowdsourced', 'expert-generated', 'machine-generated', 'no-annotation', 'other'] },
    },
    configs: { type: 'array', items: { type: 'object', required: ['config_name', 'data_files'] } },
  },
};

/** The metadata of a card; undefined where a file is none. */
export const metadataOf = (cardText: string): unknown => {
  const found = /^---\n([\s\S]*?)\n---\n\n/.exec(cardText);
  return found === null ? undefined : parse(found[1]!);
};

const lazily = (make: () => Compiled): Compiled => {
  let check: Compiled | undefined;
  return (value) => {
    check ??= make();
    return check(value);
  };
};
const cyclonedx = lazily(() =>
  compiled(schemas['bom-1.7']!, [schemas.spdx!, schemas['jsf-0.82']!, schemas['cryptography-defs']!]),
);
const evaluation = lazily(() => compiled(schemas['every-eval-ever']!));
const log = lazily(() => compiled(schemas['inspect-log']!, [], Ajv2020));
const inToto = lazily(() => compiled(statement));
const dataset = lazily(() => compiled(croissant));
const modelCard = lazily(() => compiled(modelMetadata));
const dataCard = lazily(() => compiled(datasetMetadata));
const form = lazily(() => compiled(z.toJSONSchema(formSchema), [], Ajv2020));

const one =
  (check: Compiled, read: (text: string) => unknown = JSON.parse): Validator =>
  ([file]) =>
    check(read(textOf(file!)));
const PLACE =
  /^data\/[a-z0-9.-]+\/[a-z0-9.-]+\/[a-z0-9.-]+\/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}\.json$/;

/** A validator for every format: one without is a type error. Forms are checked as the JSON that their page is made of. */
export const VALIDATORS: Readonly<Record<ExportFormatId, Validator>> = {
  'hf-model-card': one(modelCard, metadataOf),
  'hf-dataset-card': one(dataCard, metadataOf),
  croissant: one(dataset),
  cyclonedx: one(cyclonedx),
  'every-eval-ever': (files) =>
    files.flatMap((file) => [
      ...evaluation(JSON.parse(textOf(file))),
      ...(PLACE.test(file.path) ? [] : [`${file.path}: no place of the datastore`]),
    ]),
  'in-toto': ([file]) =>
    textOf(file!)
      .trimEnd()
      .split('\n')
      .flatMap((line) => inToto(JSON.parse(line))),
  'eu-mdf': one(form),
  'eu-training-summary': one(form),
  'inspect-log': one(log),
  'reward-report': one(form),
};
