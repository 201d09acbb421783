import type { Finding } from '../../audit/index.ts';
import { figure, rangeText } from '../../report/index.ts';
import type { DisclosureId } from '../items.ts';
import type { Asking } from './details.ts';
import { countsText, type DisclosedRun, itemLines, itemOf, paramsText, sealOf } from './disclosed-run.ts';
import { declared, type FormField, field, formNote } from './form.ts';
import { type ExportFormat, holding } from './format.ts';

const lines = (run: DisclosedRun, ...ids: readonly DisclosureId[]): string[] =>
  ids.flatMap((id) => itemLines(itemOf(run, id)));

/** A finding in a line: what it decided and on how much, or that it decided nothing. */
function findingLine(finding: Finding): string {
  const { challenge, probe, verdict, because, estimate, interval, n, unscored } = finding;
  const measured =
    estimate === null
      ? ''
      : `, ${figure(estimate)}, interval ${rangeText(interval)}, n ${n}, unscored ${unscored}, with ${paramsText(finding)}`;
  return `${challenge} ${probe}: ${verdict} (${because})${measured}`;
}

const system = (run: DisclosedRun, asking: Asking): FormField[] => [
  declared(asking, 'provider', 'System Owner'),
  field('Dates', [`run from ${run.startedAt} to ${run.finishedAt}`, asking.ask('releaseDate')]),
  declared(asking, 'contact', 'Feedback & Communication'),
  field('Other Resources', [asking.ask('url'), `seal ${sealOf(run)}`]),
];

const intent = (run: DisclosedRun, asking: Asking): FormField[] => [
  declared(asking, 'purpose', 'Goal of Reinforcement'),
  field('Defined Performance Metrics', lines(run, 'D7')),
  field('Oversight Metrics', lines(run, 'D8')),
  field('Known Failure Modes', [...lines(run, 'D10'), ...run.findings.map(findingLine)]),
];

const institution = (asking: Asking): FormField[] => [
  declared(asking, 'systems', 'Deployment Agency'),
  declared(asking, 'stakeholders', 'Stakeholders'),
  declared(asking, 'explainability', 'Explainability & Transparency'),
  declared(asking, 'recourse', 'Recourse'),
];

const implementation = (run: DisclosedRun, asking: Asking): FormField[] => [
  field('Reward Details', lines(run, 'D6')),
  field('Environment Details', [`data layout ${run.data.layout}`, `prompts: ${countsText(run.counts.prompts)}`]),
  field('Measurement Details', lines(run, 'D2', 'D4', 'D5')),
  field('Algorithmic Details', [`command: ${run.command}`, `seed ${run.seed}`, ...lines(run, 'D1')]),
  field('Data Flow', lines(run, 'D3')),
  field('Limitations', [asking.ask('outOfScopeUse')]),
  field('Engineering Tricks', [asking.ask('rationale')]),
];

const evaluation = (run: DisclosedRun, asking: Asking): FormField[] => [
  field('Evaluation Environment', [`${run.data.layout}, ${run.data.digest}`]),
  field('Offline Evaluations', lines(run, 'D9')),
  field('Evaluation Validity', [
    `items by status: ${run.disclosure.items.map(({ id, status }) => `${id} ${status}`).join(', ')}`,
  ]),
  declared(asking, 'acceptableUse', 'Performance Standards'),
];

const maintenance = (run: DisclosedRun, asking: Asking): FormField[] => [
  field('Reporting Cadence', [asking.ask('maintenance'), ...lines(run, 'D11')]),
  declared(asking, 'triggers', 'Update Triggers'),
  declared(asking, 'changelog', 'Changelog'),
];

/** A Reward Report (Gilbert et al. 2022): its six sections and 26 fields. */
export const rewardReport: ExportFormat = {
  title: 'Reward Report (Gilbert et al. 2022)',
  version: 'template of 2022',
  validator: 'its six sections and 26 fields, by its own schema (goodhart-form-1)',
  as: 'form',
  holds: holding('field', {
    intervals: { asText: 'beside their numbers' },
    statuses: { asText: 'under evaluation validity' },
    undecided: { asText: 'under known failure modes' },
    unscored: { asText: 'under known failure modes' },
    thresholds: { asText: 'under known failure modes' },
    withheld: { asText: 'in the note above the report' },
    seal: { asText: 'under other resources' },
  }),
  write: (run, asking) => ({
    as: 'form',
    form: {
      format: 'goodhart-form-1',
      form: 'reward-report',
      title: `Reward report: ${run.name}`,
      sections: [
        { title: 'System Details', fields: system(run, asking) },
        { title: 'Optimization Intent', fields: intent(run, asking) },
        { title: 'Institutional Interface', fields: institution(asking) },
        { title: 'Implementation', fields: implementation(run, asking) },
        { title: 'Evaluation', fields: evaluation(run, asking) },
        { title: 'System Maintenance', fields: maintenance(run, asking) },
      ],
      note: formNote(run, asking),
    },
  }),
};
