import { DISCLOSURE_IDS } from '../items.ts';
import { findingsPart, itemPart, sourcePart } from './cards.ts';
import type { Asking } from './details.ts';
import { type DisclosedRun, itemOf, type ModelRole, mainModelOf, metricsOf, modelOf } from './disclosed-run.ts';
import { type ExportFormat, holding } from './format.ts';
import { card, md } from './markdown.ts';
import { listed, slug } from './texts.ts';

/** Tasks of the hub by model: a reward is published as a classifier there. */
const EVALUATED = {
  policy: { item: 'D8', task: 'text-generation' },
  reward: { item: 'D7', task: 'text-classification' },
} as const satisfies Partial<Record<ModelRole, object>>;

/** Results of one model, as the hub's metadata have them: numbers, without their intervals. */
function indexed(run: DisclosedRun, role: keyof typeof EVALUATED): object[] {
  const model = modelOf(run, role);
  const { item, task } = EVALUATED[role];
  const metrics = metricsOf(itemOf(run, item));
  if (model === undefined || metrics.length === 0) return [];
  return [
    {
      name: model.name,
      results: [
        {
          task: { type: task },
          dataset: { type: run.data.layout, name: run.data.digest },
          metrics: metrics.map(({ name, value }) => ({ type: slug(name), name, value })),
        },
      ],
    },
  ];
}

function metadataOf(run: DisclosedRun, { ask }: Asking): object {
  const [license, languages] = [ask('license'), ask('languages')];
  const subject = mainModelOf(run);
  return {
    ...(license !== undefined && { license: license.toLowerCase() }),
    ...(languages !== undefined && { language: listed(languages) }),
    library_name: 'goodhart',
    ...(subject !== undefined && { pipeline_tag: EVALUATED[subject.role as keyof typeof EVALUATED].task }),
    tags: ['rlhf', 'reward-model'],
    'model-index': (['policy', 'reward'] as const).flatMap((role) => indexed(run, role)),
  };
}

/** The card of the policy, or of the reward where there is none: one repository of the hub. */
export const hfModelCard: ExportFormat = {
  title: 'Hugging Face model card (README.md) with results',
  version: 'hub-docs modelcard.md',
  validator: 'pip huggingface_hub: ModelCard, EvalResult',
  as: 'text',
  holds: holding(
    { asText: 'in the text of the card: the metadata have no field for it' },
    { D7: 'field', D8: 'field', seal: { asText: 'in the text' } },
  ),
  write(run, asking) {
    const { ask } = asking;
    const told = (title: string, id: Parameters<Asking['ask']>[0]) =>
      `## ${title}\n\n${md(ask(id) ?? 'Not declared.')}`;
    const parts = [
      `# ${md(run.name)}`,
      md(ask('summary') ?? `Nobody declared what ${run.name} is.`),
      told('Intended use', 'intendedUse'),
      told('Out of scope', 'outOfScopeUse'),
      ...DISCLOSURE_IDS.map((id) => itemPart(run, id)),
      findingsPart(run.findings),
      sourcePart(run, asking),
    ];
    return { as: 'text', text: card(metadataOf(run, asking), parts) };
  },
};
