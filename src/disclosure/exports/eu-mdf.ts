import { figure } from '../../report/index.ts';
import { DISCLOSURE_ITEMS } from '../items.ts';
import type { Asking } from './details.ts';
import {
  assessedFindings,
  countsText,
  type DisclosedRun,
  exact,
  itemLines,
  itemOf,
  mainModelOf,
  modelOf,
} from './disclosed-run.ts';
import { declared, type FormField, field, formNote } from './form.ts';
import { type ExportFormat, holding } from './format.ts';

/** Who may ask for a field: the AI Office, national authorities, providers downstream. */
const ALL = ['AIO', 'NCA', 'DP'] as const;
const AUTHORITIES = ['AIO', 'NCA'] as const;

/** Bands of the form by number of parameters: the largest number that is in each. */
const BANDS: readonly (readonly [most: number, band: string])[] = [
  [500e6, '1 to 500 million'],
  [5e9, '500 million to 5 billion'],
  [15e9, '5 to 15 billion'],
  [50e9, '15 to 50 billion'],
  [100e9, '50 to 100 billion'],
  [500e9, '100 to 500 billion'],
  [1e12, '500 billion to 1 trillion'],
  [Number.POSITIVE_INFINITY, 'more than 1 trillion'],
];

function general(run: DisclosedRun, asking: Asking): FormField[] {
  const subject = mainModelOf(run);
  const base = modelOf(run, 'base');
  return [
    declared(asking, 'provider', 'Legal name of the provider', ALL),
    field('Model name', [subject?.name, asking.ask('version')], ALL),
    field(
      'Model authenticity',
      (subject?.files ?? []).map(({ path, sha256 }) => `${path}: sha256 ${sha256}`),
      AUTHORITIES,
    ),
    declared(asking, 'releaseDate', 'Release date', ALL),
    declared(asking, 'unionMarketDate', 'Union market release date', ALL),
    field('Model dependencies', [base === undefined ? undefined : `${base.name}, trained in the same run`], ALL),
  ];
}

function properties(run: DisclosedRun, asking: Asking): FormField[] {
  const subject = mainModelOf(run);
  const { parameters } = subject ?? {};
  const context = subject?.shape.find(([name]) => name === 'maxContext')?.[1];
  const size = context === undefined ? undefined : `at most ${context} tokens, prompt and reply together`;
  return [
    field(
      'Model architecture',
      [subject?.architecture, (subject?.shape ?? []).map(([name, value]) => `${name} ${value}`).join(', ')],
      ALL,
    ),
    declared(asking, 'rationale', 'Design specifications and their rationale', ALL),
    field('Input modalities', ['text', size], ALL),
    field('Output modalities', [subject?.role === 'reward' ? 'a score' : 'text', size], ALL),
    field(
      'Total model size',
      parameters === undefined
        ? []
        : [
            `${Number(parameters.toPrecision(2))} parameters (${exact(parameters)} counted)`,
            `band: ${BANDS.find(([most]) => parameters <= most)![1]}`,
          ],
      ALL,
    ),
  ];
}

const distribution = (asking: Asking): FormField[] => [
  declared(asking, 'distribution', 'Distribution channels', ALL),
  field('Licence', [asking.ask('license'), asking.ask('licenseUrl')], ALL),
  declared(asking, 'assets', 'Additional assets released', ALL),
];

const use = (asking: Asking): FormField[] => [
  declared(asking, 'acceptableUse', 'Acceptable use policy', ALL),
  field('Intended or restricted uses', [asking.ask('intendedUse'), asking.ask('outOfScopeUse')], ALL),
  declared(asking, 'systems', 'Type and nature of systems it can be integrated in, and technical means', ALL),
  declared(asking, 'hardware', 'Required hardware', ALL),
  declared(asking, 'software', 'Required software', ALL),
];

const training = (run: DisclosedRun, asking: Asking): FormField[] => [
  field(
    'Design specifications of the training process',
    [
      `Command: ${run.command}. Seed: ${run.seed}. Versions: ${run.versions.map(([name, version]) => `${name} ${version}`).join(', ')}.`,
      ...itemLines(itemOf(run, 'D4')),
      ...itemLines(itemOf(run, 'D6')),
    ],
    AUTHORITIES,
  ),
  declared(asking, 'rationale', 'Decision rationale', AUTHORITIES),
];

/** Findings about the data that a run was audited for. */
const found = (run: DisclosedRun, ids: readonly (keyof typeof DISCLOSURE_ITEMS)[]): string[] =>
  assessedFindings(
    run,
    ids.flatMap((id) => DISCLOSURE_ITEMS[id].challenges),
  ).map(
    ({ challenge, probe, verdict, estimate, estimand }) =>
      `${challenge} ${probe}: ${verdict}, ${figure(estimate)} (${estimand})`,
  );

const data = (run: DisclosedRun, asking: Asking): FormField[] => [
  field('Type of data', ['text'], ALL),
  field('Provenance', [asking.ask('provenance'), `raters: ${countsText(run.counts.raters)}`], ALL),
  field('How data were obtained and selected', [...itemLines(itemOf(run, 'D1')), ...itemLines(itemOf(run, 'D3'))], ALL),
  field('Resources used to annotate data', itemLines(itemOf(run, 'D2')), ALL),
  field(
    'Number of data points',
    [
      `items: ${countsText(run.counts.items)}`,
      `judgments: ${countsText(run.counts.judgments)}`,
      `prompts: ${countsText(run.counts.prompts)}`,
    ],
    AUTHORITIES,
  ),
  field(
    'Scope and main characteristics',
    [asking.ask('languages'), `layout ${run.data.layout}, ${run.data.digest}`],
    ALL,
  ),
  field('Data curation methodologies', itemLines(itemOf(run, 'D5')), ALL),
  field('Measures to detect unsuitability of sources', found(run, ['D3']), ALL),
  field('Measures to detect identifiable biases', found(run, ['D2', 'D5']), ALL),
];

/** Bands of the form by days of training: the fewest days of each, from the longest. */
const DURATIONS: readonly (readonly [from: number, band: string])[] = [
  [182, 'more than 6 months'],
  [91, '3 to 6 months'],
  [30, '1 to 3 months'],
  [Number.NEGATIVE_INFINITY, 'less than 1 month'],
];

function compute(run: DisclosedRun, asking: Asking): FormField[] {
  const hours = (Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 3.6e6;
  const band = DURATIONS.find(([from]) => hours / 24 >= from)?.[1];
  return [
    field(
      'Training time',
      Number.isFinite(hours)
        ? [`${figure(hours)} hours from the first record of the run to the last, by its own clock`, band]
        : [],
      AUTHORITIES,
    ),
    declared(asking, 'trainingHardware', 'Hardware', AUTHORITIES),
    declared(asking, 'compute', 'Amount of computation, and how it was measured', AUTHORITIES),
  ];
}

const energy = (asking: Asking): FormField[] => [
  declared(asking, 'energy', 'Energy used for training, and how it was measured', AUTHORITIES),
  declared(asking, 'inferenceCompute', 'Benchmarked computation for inference, and how it was measured', AUTHORITIES),
];

const noField = { lost: 'the form has no field for it' } as const;

/** The Model Documentation Form of the Code of Practice for general-purpose models (July 2025). */
export const euMdf: ExportFormat = {
  title: 'EU Model Documentation Form (Code of Practice, 10 July 2025)',
  version: 'July 2025; no official machine form',
  validator: 'its own schema (goodhart-form-1)',
  as: 'form',
  holds: holding('field', {
    D7: noField,
    D8: noField,
    D9: noField,
    D10: noField,
    D11: noField,
    intervals: { lost: 'only that of agreement stands there, to three digits' },
    statuses: noField,
    undecided: noField,
    unscored: noField,
    thresholds: noField,
    withheld: { asText: 'in the note above the form' },
    seal: { asText: 'in the note above the form' },
  }),
  write: (run, asking) => ({
    as: 'form',
    form: {
      format: 'goodhart-form-1',
      form: 'eu-mdf',
      title: `Model documentation form: ${mainModelOf(run)?.name ?? run.name}`,
      sections: [
        { title: 'General information', fields: general(run, asking) },
        { title: 'Model properties', fields: properties(run, asking) },
        { title: 'Methods of distribution and licences', fields: distribution(asking) },
        { title: 'Use', fields: use(asking) },
        { title: 'Training process', fields: training(run, asking) },
        { title: 'Information on the data used for training, testing and validation', fields: data(run, asking) },
        { title: 'Computational resources (during training)', fields: compute(run, asking) },
        { title: 'Energy consumption (during training and inference)', fields: energy(asking) },
      ],
      note: formNote(run, asking),
    },
  }),
};
