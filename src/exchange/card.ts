import type { AnswerChoice, AnswerKind, RaterProfile } from '../feedback/index.ts';
import type { Estimate, Interval } from '../stats/index.ts';
import type { Aspect, Column } from './layouts/layout.ts';

/** A number of the card with its interval, sample and seed, or why there is none. */
export interface CardEstimate {
  readonly name: string;
  readonly estimate: Estimate;
  readonly interval: Interval | null;
  readonly n: number;
  readonly seed?: number;
}

/** A file the card describes. */
export interface CardFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly records: number;
  readonly encodingFormat: string;
  /** Columns of its records, where they are flat. */
  readonly columns?: readonly Column[];
}

/** Everything a card says, as data: what was counted, and what only people know. */
export interface CardInput {
  readonly name: string;
  readonly files: readonly CardFile[];
  /** Digest over the files, in hex. */
  readonly digest: string;
  /** ISO 8601. */
  readonly publishedAt: string;
  /** Declared by who publishes; each is said to be missing where it is. */
  readonly declared: {
    readonly description?: string;
    readonly license?: string;
    readonly url?: string;
    readonly creator?: string;
    readonly useCases?: readonly string[];
    readonly socialImpact?: string;
    readonly maintenance?: string;
    readonly biases?: readonly string[];
  };
  readonly layout: { readonly id: string; readonly title: string };
  readonly counts: {
    readonly items: number;
    readonly judgments: number;
    readonly raters: number;
    readonly rows: number;
  };
  readonly kinds: Readonly<Partial<Record<AnswerKind, number>>>;
  readonly perItem: { readonly min: number; readonly max: number; readonly mean: number };
  /** Where judgments came from: `studio`, `import:hh-rlhf`. */
  readonly sources: Readonly<Record<string, number>>;
  /** Where items came from and how they were chosen. */
  readonly origins: Readonly<Record<string, number>>;
  readonly instructions: readonly string[];
  readonly timeframe: { readonly from: string; readonly to: string } | null;
  readonly raters: readonly RaterProfile[];
  readonly agreement: readonly CardEstimate[];
  /** What the data themselves show of bias (place, length). */
  readonly measuredBiases: readonly string[];
  readonly notHeld: readonly { readonly aspect: Aspect; readonly because: string }[];
  readonly omitted: Readonly<Record<string, number>>;
  readonly altered: Readonly<Record<string, number>>;
  /** Which answers are in the rows. */
  readonly answers: { readonly choice: AnswerChoice; readonly text: string };
  /** How rankings became pairs, where they did, and whether rows carry the weights. */
  readonly expansion?: { readonly how: string; readonly weights: 'held' | { readonly not: string } };
}

/** JSON-LD context of Croissant 1.0 (appendix 1 of its specification) with the RAI vocabulary. */
export const CROISSANT_CONTEXT = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  cr: 'http://mlcommons.org/croissant/',
  rai: 'http://mlcommons.org/croissant/RAI/',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  extract: 'cr:extract',
  field: 'cr:field',
  fileProperty: 'cr:fileProperty',
  fileObject: 'cr:fileObject',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isLiveDataset: 'cr:isLiveDataset',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  parentField: 'cr:parentField',
  path: 'cr:path',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  sc: 'https://schema.org/',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform',
} as const;

/** Specification that cards conform to, and its extension for responsible AI. */
export const CROISSANT = 'http://mlcommons.org/croissant/1.0';
export const CROISSANT_RAI = 'http://mlcommons.org/croissant/RAI/1.0';
const DATA_TYPES = { text: 'sc:Text', number: 'sc:Float', boolean: 'sc:Boolean' } as const;
/** A group of fewer people is not counted apart: it would name them. */
export const SMALLEST_GROUP = 5;

const counted = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, n]) => `${what}: ${n}`);
const property = (name: string, value: number | string, more: object = {}) => ({
  '@type': 'sc:PropertyValue',
  name,
  value,
  ...more,
});
const undeclared = (what: string) => `not declared by who published this; ask for the ${what} before use`;

/** Self-described attributes of raters who consented, in groups that are large enough. */
export function demographicsLines(raters: readonly RaterProfile[]): string[] {
  const consented = raters.filter((rater) => rater.consent !== undefined && rater.demographics !== undefined);
  const groups = new Map<string, Map<string, number>>();
  for (const { demographics } of consented) {
    for (const [attribute, value] of Object.entries(demographics!)) {
      const values = groups.get(attribute) ?? new Map<string, number>();
      groups.set(attribute, values.set(value, (values.get(value) ?? 0) + 1));
    }
  }
  return [...groups].sort().map(([attribute, values]) => {
    const large = [...values].filter(([, n]) => n >= SMALLEST_GROUP).sort(([a], [b]) => (a < b ? -1 : 1));
    const small = [...values].filter(([, n]) => n < SMALLEST_GROUP).reduce((sum, [, n]) => sum + n, 0);
    const rest = small > 0 ? [`in groups of fewer than ${SMALLEST_GROUP}: ${small}`] : [];
    const said = [...values.values()].reduce((a, b) => a + b, 0);
    const shares = [...large.map(([value, n]) => `${value}: ${n}`), ...rest].join(', ');
    return `${attribute} (self-described, ${said} of ${raters.length} raters): ${shares}`;
  });
}

function estimateText({ name, estimate, interval, n, seed }: CardEstimate): string {
  if ('undefined' in estimate) return `${name}: undefined (${estimate.undefined}; n = ${n})`;
  const range = interval === null ? '' : `; 95 %: ${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}`;
  return `${name}: ${estimate.value.toFixed(3)} (n = ${n}${range}${seed === undefined ? '' : `; seed ${seed}`})`;
}

function recordSets(input: CardInput): object[] {
  return input.files
    .filter(({ columns }) => columns !== undefined)
    .map(({ name, columns }) => {
      const id = name.replace(/\.[a-z]+$/, '');
      return {
        '@type': 'cr:RecordSet',
        '@id': id,
        name: id,
        description: `Records of ${name}.`,
        field: columns!.map((column) => ({
          '@type': 'cr:Field',
          '@id': `${id}/${column.name}`,
          name: column.name,
          description: `Column ${column.name}.`,
          dataType: DATA_TYPES[column.type],
          source: { fileObject: { '@id': name }, extract: { column: column.name } },
        })),
      };
    });
}

function people(input: CardInput): { protocol: string; tools: string[]; demographics: string[] } {
  const { raters, counts, kinds, perItem } = input;
  const by = (kind: RaterProfile['kind']) => raters.filter((rater) => rater.kind === kind).length;
  const known = `${by('human')} people, ${by('model')} models and ${by('simulated')} simulated raters have a profile`;
  const consents = raters.filter((rater) => rater.consent !== undefined).length;
  const trained = raters.filter((rater) => (rater.training ?? []).length > 0).length;
  const pay = [...new Set(raters.flatMap(({ pay: p }) => (p ? [`${p.amount} ${p.currency} per ${p.per}`] : [])))];
  const pools = [...new Set(raters.flatMap(({ pool }) => pool ?? []))];
  const lines = [
    `${counts.judgments} judgments of ${counts.items} items by ${counts.raters} raters (${known}).`,
    `Kinds of answer: ${counted(kinds as Record<string, number>).join(', ') || 'none'}.`,
    `Judgments per item: ${perItem.min} to ${perItem.max}, mean ${perItem.mean.toFixed(2)}.`,
    `Instructions shown: ${input.instructions.join(', ') || 'not recorded'}.`,
    `Consent is recorded for ${consents} raters, training for ${trained}.`,
    `Pay: ${pay.join('; ') || 'not recorded'}. Recruited from: ${pools.join('; ') || 'not recorded'}.`,
  ];
  const demographics = demographicsLines(raters);
  return {
    protocol: lines.join(' '),
    tools: [...new Set(raters.flatMap(({ model }) => model ?? []))].sort(),
    demographics: demographics.length > 0 ? demographics : ['no rater described themselves under a recorded consent'],
  };
}

/**
 * The card of an exported data set: Croissant 1.0 in JSON-LD with the RAI vocabulary 1.0 (MLCommons). Counts, digests
 * and agreement are data of the export; what nobody declared says so instead of being left out. Both specifications ask
 * for `conformsTo`, of which the reference loader takes one value, so that of RAI stands under `rai:conformsTo`.
 */
export function datasetCard(input: CardInput): object {
  const { declared, counts, layout, files } = input;
  const { protocol, tools, demographics } = people(input);
  const limitations = [
    ...input.notHeld.map(({ aspect, because }) => `Not in this layout: ${aspect} (${because}).`),
    ...counted(input.omitted).map((line) => `Left out: ${line}.`),
    ...counted(input.altered).map((line) => `Written with a loss: ${line}.`),
  ];
  const expansion = input.expansion;
  const manipulation =
    expansion === undefined
      ? (input.kinds.ranking ?? 0) === 0
        ? 'There are no rankings to expand.'
        : 'Rankings are written as they are.'
      : `Rankings were expanded to pairs: ${expansion.how}. ${
          expansion.weights === 'held'
            ? 'Pairs of one judgment share a weight of 1, in the column weight; trainers that ignore it count a ranking of many replies as many judgments.'
            : `Their weights are not in the rows (${expansion.weights.not}), so a ranking of many replies counts as many judgments.`
        }`;
  return {
    '@context': CROISSANT_CONTEXT,
    '@type': 'sc:Dataset',
    conformsTo: CROISSANT,
    'rai:conformsTo': CROISSANT_RAI,
    name: input.name,
    description:
      declared.description ??
      `Human feedback in the layout ${layout.title}: ${counts.judgments} judgments of ${counts.items} items, in ${counts.rows} rows. No description was declared.`,
    license: declared.license ?? { '@type': 'sc:CreativeWork', name: undeclared('licence') },
    url: declared.url ?? `urn:sha256:${input.digest}`,
    creator: { '@type': 'sc:Organization', name: declared.creator ?? undeclared('creator') },
    datePublished: input.publishedAt.slice(0, 10),
    version: '1.0.0',
    identifier: `sha256:${input.digest}`,
    isLiveDataset: false,
    distribution: files.map(({ name, bytes, sha256, encodingFormat }) => ({
      '@type': 'cr:FileObject',
      '@id': name,
      name,
      contentUrl: name,
      contentSize: `${bytes} B`,
      encodingFormat,
      sha256,
    })),
    recordSet: recordSets(input),
    variableMeasured: [
      property('items', counts.items),
      property('judgments', counts.judgments),
      property('raters', counts.raters),
      property('rows', counts.rows),
      property('answers', input.answers.choice, { description: input.answers.text }),
      ...files.map(({ name, records }) => property(`records in ${name}`, records)),
      ...Object.entries(input.omitted).map(([reason, n]) => property(`left out: ${reason}`, n)),
      ...input.agreement.map((row) =>
        'undefined' in row.estimate
          ? property(row.name, `undefined: ${row.estimate.undefined}`)
          : property(row.name, row.estimate.value, {
              ...(row.interval !== null && { minValue: row.interval.low, maxValue: row.interval.high }),
              description: estimateText(row),
            }),
      ),
    ],
    'rai:dataCollection': `Judgments came from: ${counted(input.sources).join(', ') || 'nowhere'}. Items came from: ${counted(input.origins).join(', ') || 'nowhere'}.`,
    'rai:dataCollectionType': ['Manual Human Curator'],
    'rai:dataCollectionMissingData':
      counted(input.omitted).join('; ') || 'Every judgment of the project is in the rows.',
    ...(input.timeframe !== null && {
      'rai:dataCollectionTimeframe': [input.timeframe.from, input.timeframe.to],
    }),
    'rai:dataManipulationProtocol': `${input.answers.text} ${manipulation}`,
    'rai:dataPreprocessingProtocol': [
      'Rater ids that look like a platform’s are pseudonyms.',
      'Texts are as they were judged, markup included.',
    ],
    'rai:dataAnnotationProtocol': protocol,
    'rai:dataAnnotationPlatform': Object.keys(input.sources).sort(),
    'rai:dataAnnotationAnalysis': input.agreement.map(estimateText),
    'rai:annotationsPerItem': `${input.perItem.min} to ${input.perItem.max}, mean ${input.perItem.mean.toFixed(2)}`,
    'rai:annotatorDemographics': demographics,
    'rai:machineAnnotationTools': tools,
    'rai:dataBiases': [...input.measuredBiases, ...(declared.biases ?? ['No other known bias was declared.'])],
    'rai:dataLimitations': limitations.length > 0 ? limitations : ['The layout holds everything that was recorded.'],
    'rai:personalSensitiveInformation': [
      demographicsLines(input.raters).length > 0
        ? 'Raters described themselves; groups of fewer than five are not counted apart.'
        : 'No self-description of raters is in this data set.',
      'Texts were written by people or models and were not searched for personal information.',
    ],
    'rai:dataUseCases': declared.useCases ?? ['Fitting and evaluating reward models. No other use was declared.'],
    'rai:dataSocialImpact': declared.socialImpact ?? undeclared('social impact'),
    'rai:dataReleaseMaintenancePlan': [declared.maintenance ?? undeclared('maintenance')],
  };
}
