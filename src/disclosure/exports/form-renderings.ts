import { documentPage } from '../../report/index.ts';
import { UsageError } from '../../run/index.ts';
import { type Form, formDocument, formMarkdown } from './form.ts';
import { formDocx } from './form-docx.ts';
import { jsonText } from './texts.ts';

/** How a form is written, by the ending of its file: all from the same fields. */
const FORM_RENDERINGS = {
  docx: formDocx,
  html: (form) => documentPage(formDocument(form)),
  json: (form) => jsonText(form),
  md: formMarkdown,
} as const satisfies Record<string, (form: Form) => string | Promise<Uint8Array>>;
export type FormRendering = keyof typeof FORM_RENDERINGS;
export const FORM_RENDERING_IDS = Object.keys(FORM_RENDERINGS) as FormRendering[];

const renderingNamed = (name: string): FormRendering | undefined => FORM_RENDERING_IDS.find((id) => id === name);

/**
 * How a form is written at a place: as asked for, or as the ending of the file says.
 * @throws UsageError where neither says it, or each says another.
 */
export function formRenderingOf(out: string, as: string | undefined): FormRendering {
  const ending = renderingNamed(/\.([a-z]+)$/i.exec(out)?.[1]?.toLowerCase() ?? '');
  if (as === undefined) {
    if (ending !== undefined) return ending;
    const known = FORM_RENDERING_IDS.map((id) => `.${id}`);
    throw new UsageError(
      'out',
      `${out}: expected a file that ends in ${known.join(', ')}, or --as; for this is a form`,
    );
  }
  const asked = renderingNamed(as);
  if (asked === undefined) throw new UsageError('as', `expected one of ${FORM_RENDERING_IDS.join(', ')}, got ${as}`);
  if (ending !== undefined && ending !== asked)
    throw new UsageError('as', `${out} would hold ${asked}; give --out another ending, or leave --as out`);
  return asked;
}

/** A form as the text or the bytes of a file. */
export const renderForm = async (form: Form, as: FormRendering): Promise<string | Uint8Array> =>
  FORM_RENDERINGS[as](form);
