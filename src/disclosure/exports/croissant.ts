import { CROISSANT_CONTEXT, CROISSANT_RAI } from '../../exchange/index.ts';
import { DISCLOSURE_ITEMS } from '../items.ts';
import type { Asking } from './details.ts';
import {
  assessedFindings,
  countsText,
  type DisclosedFile,
  type DisclosedRun,
  itemLines,
  itemOf,
  sealOf,
  withheldTexts,
} from './disclosed-run.ts';
import { type ExportFormat, holding } from './format.ts';
import { jsonText, listed, slug } from './texts.ts';

const CROISSANT_1_1 = 'http://mlcommons.org/croissant/1.1';

/** What 1.1 adds to the context of 1.0. */
const CONTEXT = {
  ...CROISSANT_CONTEXT,
  arrayShape: 'cr:arrayShape',
  containedIn: 'cr:containedIn',
  description: { '@container': '@language' },
  equivalentProperty: 'cr:equivalentProperty',
  isArray: 'cr:isArray',
  name: { '@container': '@language' },
  prov: 'http://www.w3.org/ns/prov#',
  samplingRate: 'cr:samplingRate',
} as const;

/** Columns of the records of feedback that are texts of one level. */
const COLUMNS: readonly (readonly [file: string, columns: readonly string[]])[] = [
  ['feedback/items.jsonl', ['id', 'prompt']],
  ['feedback/judgments.jsonl', ['id', 'itemId', 'raterId', 'submittedAt', 'source']],
  ['feedback/raters.jsonl', ['id', 'kind']],
];

const idOf = (path: string): string => slug(path);

const fileObject = ({ path, bytes, sha256, withheld }: DisclosedFile): object => ({
  '@type': 'cr:FileObject',
  '@id': idOf(path),
  name: path,
  ...(withheld > 0 && { description: `${withheld} rows are withheld: their leaves stand in their places.` }),
  contentUrl: path,
  contentSize: `${bytes} B`,
  encodingFormat: path.endsWith('.jsonl') ? 'application/jsonlines' : 'application/json',
  sha256,
});

const recordSets = ({ files }: DisclosedRun): object[] =>
  COLUMNS.filter(([path]) => files.some((file) => file.path === path)).map(([path, columns]) => {
    const set = path.replaceAll(/^.*\/|\.jsonl$/g, '');
    return {
      '@type': 'cr:RecordSet',
      '@id': set,
      name: set,
      description: `Rows of ${path}.`,
      field: columns.map((column) => ({
        '@type': 'cr:Field',
        '@id': `${set}/${column}`,
        name: column,
        description: `Member ${column} of a row.`,
        dataType: 'sc:Text',
        source: { fileObject: { '@id': idOf(path) }, extract: { column } },
      })),
    };
  });

const lines = (run: DisclosedRun, id: 'D2' | 'D3' | 'D4' | 'D5'): string[] => itemLines(itemOf(run, id));

/** Findings about the people and the data, with what they rest on. */
const biases = (run: DisclosedRun): string[] =>
  (['D2', 'D3', 'D5'] as const)
    .flatMap((id) => assessedFindings(run, DISCLOSURE_ITEMS[id].challenges))
    .filter((finding, i, all) => all.indexOf(finding) === i)
    .map(
      ({ challenge, probe, verdict, n, unscored }) =>
        `${challenge} ${probe}: ${verdict} (n ${n}, unscored ${unscored})`,
    );

/** Properties of responsible AI (RAI 1.0): what the run measured, and what was declared. */
function rai(run: DisclosedRun, { ask }: Asking): object {
  const { counts } = run;
  const [useCases, impact, personal, maintenance] = [
    ask('intendedUse'),
    ask('socialImpact'),
    ask('personalData'),
    ask('maintenance'),
  ];
  const judged = counts.judgments.reduce((sum, [, n]) => sum + n, 0);
  const items = counts.items.reduce((sum, [, n]) => sum + n, 0);
  const isMade = (kind: string) => kind === 'model' || kind === 'simulated';
  return {
    'rai:dataCollection': lines(run, 'D3').join('; '),
    'rai:dataCollectionType': [...counts.origins.map(([origin]) => origin)],
    'rai:dataCollectionMissingData': withheldTexts(run).join('; ') || 'Nothing of the run is withheld.',
    'rai:dataAnnotationProtocol': [...lines(run, 'D4'), ...lines(run, 'D2')],
    'rai:dataAnnotationPlatform': [`goodhart, data layout ${run.data.layout}`],
    'rai:dataAnnotationAnalysis': lines(run, 'D5'),
    ...(items > 0 && { 'rai:annotationsPerItem': `mean ${(judged / items).toFixed(2)} of ${items} items` }),
    'rai:annotatorDemographics': lines(run, 'D2'),
    'rai:machineAnnotationTools': counts.raters.filter(([kind]) => isMade(kind)).map(([kind, n]) => `${kind}: ${n}`),
    'rai:dataBiases': biases(run),
    ...(useCases !== undefined && { 'rai:dataUseCases': [useCases] }),
    ...(impact !== undefined && { 'rai:dataSocialImpact': impact }),
    ...(personal !== undefined && { 'rai:personalSensitiveInformation': [personal] }),
    ...(maintenance !== undefined && { 'rai:dataReleaseMaintenancePlan': maintenance }),
  };
}

const noModel = { lost: 'a data set has no models' } as const;

/** The feedback of a run as a data set. */
export const croissant: ExportFormat = {
  title: 'Croissant with RAI: the feedback as a data set',
  version: '1.1, RAI 1.0',
  validator: 'pip mlcroissant: mlcroissant validate --jsonld',
  as: 'text',
  holds: holding('field', {
    D1: noModel,
    D6: noModel,
    D7: noModel,
    D8: noModel,
    D9: { lost: 'no field for audits' },
    D10: { lost: 'only biases of the data have a field' },
    D11: { lost: 'only the upkeep of the data has a field' },
    intervals: { lost: 'agreement is a text: only that of D5 stands there, to three digits' },
    statuses: { lost: 'no field tells measured from declared' },
    undecided: { lost: 'findings about the data alone stand there' },
    unscored: { lost: 'findings about the data alone stand there' },
    thresholds: { lost: 'no field' },
    withheld: { asText: 'in rai:dataCollectionMissingData' },
  }),
  write(run, asking) {
    const { ask } = asking;
    const [license, provider, url, languages, summary] = [
      ask('license'),
      ask('provider'),
      ask('url'),
      ask('languages'),
      ask('summary'),
    ];
    const json = {
      '@context': CONTEXT,
      '@type': 'sc:Dataset',
      conformsTo: [CROISSANT_1_1, CROISSANT_RAI],
      name: `feedback of ${run.name}`,
      description: [
        ...(summary === undefined ? [] : [summary]),
        `${countsText(run.counts.judgments)} by ${countsText(run.counts.raters)}; items: ${countsText(run.counts.items)}.`,
        ...(asking.by === '' ? [] : [`What the run cannot tell: ${asking.by}.`]),
      ].join(' '),
      identifier: sealOf(run),
      version: `0.0.0+${run.seal.slice(0, 16)}`,
      datePublished: run.finishedAt.slice(0, 10),
      isLiveDataset: false,
      ...(license !== undefined && { license }),
      ...(provider !== undefined && { creator: { '@type': 'sc:Organization', name: provider } }),
      ...(url !== undefined && { url }),
      ...(languages !== undefined && { inLanguage: listed(languages) }),
      'prov:wasDerivedFrom': run.data.digest,
      distribution: run.files.map(fileObject),
      recordSet: recordSets(run),
      ...rai(run, asking),
    };
    return { as: 'text', text: jsonText(json) };
  },
};
