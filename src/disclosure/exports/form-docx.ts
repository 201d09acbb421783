import { type Form, NO_ANSWER } from './form.ts';
import { oneLine } from './texts.ts';

/** Earliest date that a ZIP archive can hold: a form has no clock of its own. */
const NO_DATE = new Date(Date.UTC(1980, 0, 1));

/** A text as one line in which XML has no objection to any character. */
const plain = (text: string): string => oneLine(text).replaceAll(/[\ufffe\uffff]/g, '\ufffd');

/** A form as an Office Open XML document; the same bytes for the same form. */
export async function formDocx({ title, note, sections }: Form): Promise<Uint8Array> {
  // Read only here: they are large, and no other command needs them.
  const [{ Document, HeadingLevel, Packer, Paragraph, TextRun }, { default: JSZip }] = await Promise.all([
    import('docx'),
    import('jszip'),
  ]);
  const heading = (text: string, level: (typeof HeadingLevel)[keyof typeof HeadingLevel]) =>
    new Paragraph({ heading: level, children: [new TextRun(plain(text))] });
  const soft = (text: string) => new Paragraph({ children: [new TextRun({ text: plain(text), italics: true })] });
  const document = new Document({
    title: plain(title),
    creator: 'goodhart',
    lastModifiedBy: 'goodhart',
    sections: [
      {
        children: [
          heading(title, HeadingLevel.TITLE),
          new Paragraph({ children: [new TextRun(plain(note))] }),
          ...sections.flatMap((section) => [
            heading(section.title, HeadingLevel.HEADING_1),
            ...section.fields.flatMap(({ title: name, answer, recipients }) => [
              heading(name, HeadingLevel.HEADING_2),
              ...(recipients === undefined ? [] : [soft(`For: ${recipients.join(', ')}`)]),
              ...(answer.length === 0
                ? [soft(NO_ANSWER)]
                : answer.map((line) => new Paragraph({ bullet: { level: 0 }, children: [new TextRun(plain(line))] }))),
            ]),
          ]),
        ],
      },
    ],
  });
  const zip = await JSZip.loadAsync(await Packer.toBuffer(document));
  // The library stamps its own clock on properties and parts: without it, the same form is the same file.
  const core = await zip.file('docProps/core.xml')!.async('string');
  zip.file(
    'docProps/core.xml',
    core.replaceAll(/<dcterms:(?:created|modified)[^<]*<\/dcterms:(?:created|modified)>/g, ''),
  );
  zip.forEach((_, part) => {
    part.date = NO_DATE;
  });
  return zip.generateAsync({ type: 'uint8array', compression: 'DEFLATE' });
}
