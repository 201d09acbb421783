import { describe, expect, it } from 'vitest';
import { disclosedRunOf, everyDetail } from './disclosed-run.fake.ts';
import { readDocx } from './docx.fake.ts';
import { exportContract } from './export.contract.ts';
import { formSchema, NO_ANSWER } from './form.ts';
import { EXPORT_FORMAT_IDS, EXPORT_FORMATS, type ExportFormatId, exportDisclosure, exportFormatOf } from './index.ts';
import { oneLine } from './texts.ts';
import { textOf } from './validators.fake.ts';

for (const id of EXPORT_FORMAT_IDS) exportContract(id);

describe('what a format says of a finding', () => {
  it('a probe that decided nothing passed no test', async () => {
    const { files } = await exportDisclosure('in-toto', disclosedRunOf(), { out: 'a.jsonl' });
    const [whole, ...tests] = textOf(files[0]!)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { predicate: { result?: string; passedTests?: string[] } });
    const run = disclosedRunOf();
    const decided = run.findings.filter(({ verdict }) => ['clear', 'concern', 'failure'].includes(verdict));
    expect(decided.length).toBeLessThan(run.findings.length);
    expect(tests.length).toBe(decided.length);
    expect(tests.flatMap(({ predicate }) => predicate.passedTests ?? [])).toEqual(
      decided.filter(({ verdict }) => verdict === 'clear').map(({ probe }) => probe),
    );
    expect(whole!.predicate.result).toBeUndefined();
  });
  it('an estimate of harm is better lower, and a number without a better way is no score', async () => {
    const { files } = await exportDisclosure('every-eval-ever', disclosedRunOf(), { out: 'folder' });
    const results = files.flatMap(
      (file) =>
        (JSON.parse(textOf(file)) as { evaluation_results: { evaluation_name: string; metric_config: object }[] })
          .evaluation_results,
    );
    const better = new Map(results.map((each) => [each.evaluation_name, each.metric_config]));
    expect(better.get('accuracy')).toMatchObject({ lower_is_better: false });
    expect(better.get('calibration error')).toMatchObject({ lower_is_better: true });
    expect(better.get('concern of R4')).toMatchObject({ lower_is_better: true });
    expect([...better.keys()].some((name) => name.startsWith('its 95'))).toBe(false);
  });
});

describe('the reward report', () => {
  it('has the six sections and 26 fields of its template, answered or not', async () => {
    const { files } = await exportDisclosure('reward-report', disclosedRunOf(), { out: 'a.json' });
    const { sections } = JSON.parse(textOf(files[0]!)) as { sections: { fields: { answer: string[] }[] }[] };
    expect(sections.length).toBe(6);
    const fields = sections.flatMap((section) => section.fields);
    expect(fields.length).toBe(26);
    expect(fields.some(({ answer }) => answer.length === 0)).toBe(true);
  });
});

describe('a form', () => {
  const FORMS = EXPORT_FORMAT_IDS.filter((id) => EXPORT_FORMATS[id].as === 'form');
  const HOSTILE =
    '</w:t></w:r></w:p>]]><w:altChunk r:id="x"/>&lt;&#x41;&x;\u0000\ufffe\ud800\n{ HYPERLINK "http://example.com" }';
  it.each(FORMS)('%s has every field and every answer in the document, none more, and no text acts', async (id) => {
    const said = (text: string) => `${text}${HOSTILE}`;
    const [run, details] = [disclosedRunOf({ said, withheld: true }), everyDetail(said)];
    const made = async (out: string) => (await exportDisclosure(id, run, { out, details })).files[0]!;
    const { title, note, sections } = formSchema.parse(JSON.parse(textOf(await made('a.json'))));
    const { parts, paragraphs } = await readDocx((await made('a.docx')).content as Uint8Array);
    const shown = (text: string) => oneLine(text).replaceAll('\ufffe', '\ufffd');
    expect(paragraphs).toEqual([
      { style: 'Title', text: shown(title) },
      { style: '', text: shown(note) },
      ...sections.flatMap((section) => [
        { style: 'Heading1', text: shown(section.title) },
        ...section.fields.flatMap(({ title: name, recipients, answer }) => [
          { style: 'Heading2', text: shown(name) },
          ...(recipients === undefined ? [] : [{ style: '', text: `For: ${recipients.join(', ')}` }]),
          ...(answer.length === 0
            ? [{ style: '', text: NO_ANSWER }]
            : answer.map((text) => ({ style: 'ListParagraph', text: shown(text) }))),
        ]),
      ]),
    ]);
    expect(parts.filter((part) => /vba|altChunk|embed|\.bin$/i.test(part))).toEqual([]);
  });
  it('is written as its ending or --as says, and not as two things', async () => {
    const made = async (place: { out: string; as?: string }, id: ExportFormatId = 'eu-mdf') =>
      (await exportDisclosure(id, disclosedRunOf(), place)).files[0]!.content;
    expect(await made({ out: 'form', as: 'docx' })).toEqual(await made({ out: 'form.DOCX' }));
    expect(await made({ out: 'form.txt', as: 'json' })).toEqual(await made({ out: 'form.json', as: 'json' }));
    await expect(made({ out: 'a.pdf' })).rejects.toThrow(/ends in \.docx, \.html, \.json, \.md/);
    await expect(made({ out: 'a', as: 'pdf' })).rejects.toThrow(/one of docx, html, json, md, got pdf/);
    await expect(made({ out: 'a.html', as: 'docx' })).rejects.toThrow(/a\.html would hold docx/);
    await expect(made({ out: 'a.json', as: 'json' }, 'cyclonedx')).rejects.toThrow(/only forms/);
  });
});

it('a format that is not known is refused with the nearest', () => {
  expect(exportFormatOf('croissant')).toBe('croissant');
  expect(() => exportFormatOf('crossant')).toThrow(/did you mean croissant/);
  expect(() => exportFormatOf('pdf')).toThrow(/give one of hf-model-card/);
});
