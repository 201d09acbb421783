import { DISCLOSURE_ITEMS } from '../items.ts';
import { findingsPart, itemPart, sourcePart } from './cards.ts';
import type { Asking } from './details.ts';
import type { DisclosedRun } from './disclosed-run.ts';
import { type ExportFormat, holding } from './format.ts';
import { card, md } from './markdown.ts';
import { listed } from './texts.ts';

const ITEMS = ['D2', 'D3', 'D4', 'D5'] as const;

/** Bands of the hub by number of rows: the largest number that is in each. */
const SIZES: readonly (readonly [below: number, band: string])[] = [
  [1e3, 'n<1K'],
  [1e4, '1K<n<10K'],
  [1e5, '10K<n<100K'],
  [1e6, '100K<n<1M'],
  [1e7, '1M<n<10M'],
  [Number.POSITIVE_INFINITY, 'n>10M'],
];

function metadataOf(run: DisclosedRun, { ask }: Asking): object {
  const { counts, files } = run;
  const [license, languages] = [ask('license'), ask('languages')];
  const judged = counts.judgments.reduce((sum, [, n]) => sum + n, 0);
  const made = counts.raters.some(([kind]) => kind === 'model' || kind === 'simulated');
  const shown = files.filter(({ path }) => path.startsWith('feedback/') && path.endsWith('.jsonl'));
  return {
    ...(license !== undefined && { license: license.toLowerCase() }),
    ...(languages !== undefined && { language: listed(languages) }),
    pretty_name: `feedback of ${run.name}`,
    size_categories: [SIZES.find(([below]) => judged < below)![1]],
    // What people were, experts or a crowd, the run does not know.
    ...(made && { annotations_creators: ['machine-generated'] }),
    tags: ['rlhf', 'preferences'],
    ...(shown.length > 0 && {
      configs: shown.map(({ path }) => ({
        config_name: path.replaceAll(/^feedback\/|\.jsonl$/g, ''),
        data_files: path,
      })),
    }),
  };
}

const noModel = { lost: 'the card is of the data, and not of a model' } as const;

/** The card of the feedback that a run collected. */
export const hfDatasetCard: ExportFormat = {
  title: 'Hugging Face dataset card (README.md)',
  version: 'hub-docs datasetcard.md',
  validator: 'pip huggingface_hub: DatasetCard',
  as: 'text',
  holds: holding(
    { asText: 'in the text of the card: the metadata have no field for it' },
    {
      D1: noModel,
      D6: noModel,
      D7: noModel,
      D8: noModel,
      D9: noModel,
      D10: noModel,
      D11: noModel,
      intervals: { lost: 'only that of agreement is about the data' },
      statuses: { lost: 'only those of D2 to D5' },
      undecided: { lost: 'only findings about the data' },
      unscored: { lost: 'only findings about the data' },
      thresholds: { lost: 'only findings about the data' },
    },
  ),
  write(run, asking) {
    const { ask } = asking;
    const challenges: readonly string[] = ITEMS.flatMap((id) => DISCLOSURE_ITEMS[id].challenges);
    const told = (title: string, id: Parameters<Asking['ask']>[0]) =>
      `## ${title}\n\n${md(ask(id) ?? 'Not declared.')}`;
    const parts = [
      `# ${md(`Feedback of ${run.name}`)}`,
      md(ask('summary') ?? 'Nobody declared what these data are.'),
      told('Intended use', 'intendedUse'),
      told('Personal and sensitive information', 'personalData'),
      ...ITEMS.map((id) => itemPart(run, id)),
      findingsPart(run.findings.filter(({ challenge }) => challenges.includes(challenge))),
      sourcePart(run, asking),
    ];
    return { as: 'text', text: card(metadataOf(run, asking), parts) };
  },
};
