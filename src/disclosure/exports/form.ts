import { z } from 'zod';
import type { ReportDocument } from '../../report/index.ts';
import type { Asking, DetailId } from './details.ts';
import { type DisclosedRun, sealOf, withheldTexts } from './disclosed-run.ts';
import { md, mdList } from './markdown.ts';

/**
 * A form that somebody else drew up, with the answers that a run and its declarations give. A field without an answer says so:
 * in every rendering it stands there, empty.
 */
const fieldSchema = z.strictObject({
  title: z.string(),
  /** Who may ask for it, where the form says so. */
  recipients: z.array(z.string()).exactOptional(),
  answer: z.array(z.string()),
});
export const formSchema = z.strictObject({
  format: z.literal('goodhart-form-1'),
  form: z.string(),
  title: z.string(),
  note: z.string(),
  sections: z.array(z.strictObject({ title: z.string(), fields: z.array(fieldSchema) })),
});
export type Form = Readonly<z.infer<typeof formSchema>>;
export type FormField = Readonly<z.infer<typeof fieldSchema>>;

export const NO_ANSWER = 'Not declared, and the run does not tell.';

/** A field with the lines that answer it; whatever was asked for and not declared leaves none. */
export const field = (title: string, answer: readonly (string | undefined)[], recipients?: readonly string[]) => ({
  title,
  ...(recipients !== undefined && { recipients: [...recipients] }),
  answer: answer.filter((line) => line !== undefined && line !== '') as string[],
});

/** An answer that only a person can give. */
export const declared = ({ ask }: Asking, id: DetailId, title: string, recipients?: readonly string[]): FormField =>
  field(title, [ask(id)], recipients);

/** What every filled form says of where its answers come from. */
export function formNote(run: DisclosedRun, asking: Asking): string {
  const hidden = withheldTexts(run);
  return [
    `Run ${run.name}, seal ${sealOf(run)}; goodhart verify checks it.`,
    asking.by === '' ? 'Nobody declared what the run cannot tell.' : `What the run cannot tell: ${asking.by}.`,
    ...(hidden.length === 0 ? [] : [`Withheld: ${hidden.join('; ')}.`]),
  ].join(' ');
}

/** A form as a document to read. */
export const formDocument = ({ title, note, sections }: Form): ReportDocument => ({
  title,
  note,
  sections: sections.map((section, i) => ({
    id: `section-${i + 1}`,
    title: section.title,
    blocks: section.fields.flatMap(({ title: name, answer, recipients }) => [
      { kind: 'heading', text: name } as const,
      ...(recipients === undefined
        ? []
        : [{ kind: 'text', text: `For: ${recipients.join(', ')}`, soft: true } as const]),
      answer.length === 0
        ? ({ kind: 'text', text: NO_ANSWER, soft: true } as const)
        : ({ kind: 'list', items: answer } as const),
    ]),
  })),
});

/** A form as Markdown. */
export const formMarkdown = ({ title, note, sections }: Form): string =>
  `${[
    `# ${md(title)}`,
    md(note),
    ...sections.flatMap((section) => [
      `## ${md(section.title)}`,
      ...section.fields.flatMap(({ title: name, answer, recipients }) => [
        `### ${md(name)}`,
        ...(recipients === undefined ? [] : [`For: ${md(recipients.join(', '))}`]),
        answer.length === 0 ? `*${md(NO_ANSWER)}*` : mdList(answer),
      ]),
    ]),
  ].join('\n\n')}\n`;
