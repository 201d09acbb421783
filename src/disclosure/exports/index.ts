import { hintFor, UsageError } from '../../run/index.ts';
import { ASPECTS, type AspectId, aspectsIn } from './aspects.ts';
import { croissant } from './croissant.ts';
import { cyclonedx } from './cyclonedx.ts';
import { askingFor, type DetailId, type Details } from './details.ts';
import type { DisclosedRun } from './disclosed-run.ts';
import { euMdf } from './eu-mdf.ts';
import { euTrainingSummary } from './eu-training-summary.ts';
import { everyEvalEver } from './every-eval-ever.ts';
import { formRenderingOf, renderForm } from './form-renderings.ts';
import type { ExportedFile, ExportFormat, Written } from './format.ts';
import { hfDatasetCard } from './hf-dataset-card.ts';
import { hfModelCard } from './hf-model-card.ts';
import { inToto } from './in-toto.ts';
import { inspectLog } from './inspect-log.ts';
import { rewardReport } from './reward-report.ts';

/** Every form in which a disclosure is exported: one file and one row each. */
export const EXPORT_FORMATS = {
  'hf-model-card': hfModelCard,
  'hf-dataset-card': hfDatasetCard,
  croissant,
  cyclonedx,
  'every-eval-ever': everyEvalEver,
  'in-toto': inToto,
  'eu-mdf': euMdf,
  'eu-training-summary': euTrainingSummary,
  'inspect-log': inspectLog,
  'reward-report': rewardReport,
} as const satisfies Record<string, ExportFormat>;
export type ExportFormatId = keyof typeof EXPORT_FORMATS;
export const EXPORT_FORMAT_IDS = Object.keys(EXPORT_FORMATS) as ExportFormatId[];

/** A part of what the run says that the format has no field for, or loses. */
export interface ExportLoss {
  readonly part: AspectId;
  readonly title: string;
  readonly state: 'as text' | 'lost';
  readonly why: string;
}

/** What an export writes, what is lost, and what nobody declared. */
export interface DisclosureExport {
  readonly format: ExportFormatId;
  /** One file, at the place that is given; or several below it. */
  readonly files: readonly ExportedFile[];
  readonly as: 'file' | 'folder';
  readonly losses: readonly ExportLoss[];
  readonly missing: readonly DetailId[];
}

/** A format by its name. @throws UsageError for another. */
export function exportFormatOf(name: string): ExportFormatId {
  const known = EXPORT_FORMAT_IDS.find((id) => id === name);
  if (known !== undefined) return known;
  throw new UsageError(
    'format',
    `${name}: no such format; ${hintFor(name, EXPORT_FORMAT_IDS, `give one of ${EXPORT_FORMAT_IDS.join(', ')}`)}`,
  );
}

/** Where a format is written, and how where it is a form. */
export interface ExportPlace {
  readonly out: string;
  /** One of the renderings of a form; left out, the ending of `out` says it. */
  readonly as?: string | undefined;
}

async function filesOf(written: Written, { out, as }: ExportPlace): Promise<readonly ExportedFile[]> {
  if (written.as === 'form') return [{ path: '', content: await renderForm(written.form, formRenderingOf(out, as)) }];
  if (as !== undefined) throw new UsageError('as', 'expected no --as: only forms are written in several ways');
  return written.as === 'folder' ? written.files : [{ path: '', content: written.text }];
}

/**
 * A disclosure in the form that others read. Nothing is made up: what the format asks for and neither the run nor the details
 * tell is named in `missing`, and what it cannot hold in `losses`.
 */
export async function exportDisclosure(
  id: ExportFormatId,
  run: DisclosedRun,
  { details, ...place }: ExportPlace & { readonly details?: Details | undefined },
): Promise<DisclosureExport> {
  const format: ExportFormat = EXPORT_FORMATS[id];
  const asking = askingFor(details);
  const written = format.write(run, asking);
  const losses = aspectsIn(run).flatMap((part): ExportLoss[] => {
    const holds = format.holds[part];
    if (holds === 'field') return [];
    const { title } = ASPECTS[part];
    return 'lost' in holds
      ? [{ part, title, state: 'lost', why: holds.lost }]
      : [{ part, title, state: 'as text', why: holds.asText }];
  });
  const as = written.as === 'folder' ? 'folder' : 'file';
  return { format: id, files: await filesOf(written, place), as, losses, missing: asking.missing() };
}

export { DETAILS, type Details, detailsSchema } from './details.ts';
export type { Counts, DisclosedFile, DisclosedGap, DisclosedModel, DisclosedRun } from './disclosed-run.ts';
export { formSchema } from './form.ts';
export { FORM_RENDERING_IDS } from './form-renderings.ts';
