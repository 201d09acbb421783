import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import Markdown from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { describe, expect, it } from 'vitest';
import { valueText } from '../../report/index.ts';
import { ASPECT_NAMES, ASPECTS, aspectsIn } from './aspects.ts';
import { DETAIL_IDS, type Details } from './details.ts';
import { detailText, disclosedRunOf, everyDetail } from './disclosed-run.fake.ts';
import type { DisclosedRun } from './disclosed-run.ts';
import { readDocx } from './docx.fake.ts';
import type { ExportedFile } from './format.ts';
import { EXPORT_FORMATS, type ExportFormatId, exportDisclosure, FORM_RENDERING_IDS } from './index.ts';
import { metadataOf, textOf, VALIDATORS } from './validators.fake.ts';

/** Text that would be a tag, a mark, a key, a line or an end of something, were it not escaped. */
const HOSTILE = [
  '"><script>alert(1)</script><img src=x onerror=alert(1)>',
  '\n---\nlicense: mit\n# Heading\n\n| a | b |\n| --- | --- |\n',
  '[x](javascript:alert(1)) ![i](http://example.com/i.png) <http://example.com> https://example.com `c` **b** ~~s~~ $m$',
  '__proto__ constructor {{x}} %s \\ \u0000 \u001b[31m \u202e \ufffd \ufffe & ]]> */ --> \u2028',
].join(' ');

/** What stands in files, apart from every text in it: a text that is only a text changes nothing of it. */
function skeletonOf(value: unknown): unknown {
  if (typeof value === 'string') return 'text';
  if (Array.isArray(value)) return value.map(skeletonOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([key, inner]) => [/^[\w$@:-]{1,40}$/.test(key) ? key : 'key', skeletonOf(inner)]);
}
/** An address that is written out may become a link to itself, and to nothing else. */
const withoutAddresses = (html: string): string =>
  html.replaceAll(/<a href="([^"]*)">([^<]*)<\/a>/g, (all, to: string, text: string) =>
    to.endsWith(text) ? text : all,
  );
const tagsOf = (html: string): string[] => withoutAddresses(html).match(/<\/?[a-z][a-z0-9]*/gi) ?? [];
const rendered = (markdown: string): string =>
  renderToStaticMarkup(createElement(Markdown, { remarkPlugins: [remarkGfm] }, markdown));

async function structureOf({ content }: ExportedFile, out: string): Promise<unknown> {
  if (typeof content !== 'string') return (await readDocx(content)).tags;
  const text = content;
  if (out.endsWith('.html')) return tagsOf(text);
  if (out.endsWith('.jsonl'))
    return text
      .trimEnd()
      .split('\n')
      .map((line) => skeletonOf(JSON.parse(line)));
  if (!out.endsWith('.md')) return skeletonOf(JSON.parse(text));
  const metadata = metadataOf(text);
  const body = metadata === undefined ? text : text.slice(text.indexOf('\n---\n\n') + 6);
  return [skeletonOf(metadata ?? null), tagsOf(rendered(body))];
}

/** How a file of the format is read: a form as data. */
const outOf = (id: ExportFormatId): string =>
  EXPORT_FORMATS[id].as === 'form'
    ? 'form.json'
    : (({ 'hf-model-card': 'a.md', 'hf-dataset-card': 'a.md', 'in-toto': 'a.jsonl' } as Record<string, string>)[id] ??
      'a.json');
const OUTS = (id: ExportFormatId): readonly string[] =>
  EXPORT_FORMATS[id].as === 'form' ? FORM_RENDERING_IDS.map((as) => `a.${as}`) : [outOf(id)];

/** Everything that a reader of the files is told: values and keys of JSON, texts of Markdown and HTML. */
function toldBy(files: readonly ExportedFile[], out: string): string {
  const all: string[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const inner of value) walk(inner);
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) {
        all.push(key);
        walk(inner);
      }
    else all.push(String(value));
  };
  for (const file of files) {
    const text = textOf(file);
    if (out.endsWith('.jsonl')) for (const line of text.trimEnd().split('\n')) walk(JSON.parse(line));
    else if (out.endsWith('.json')) walk(JSON.parse(text));
    else {
      walk(metadataOf(text));
      all.push(
        rendered(text)
          .replaceAll(/<[^>]*>/g, ' ')
          .replaceAll('&#x27;', "'")
          .replaceAll('&amp;', '&'),
      );
    }
  }
  return all.join('\n');
}

const shownAs = (tell: string): string[] => [tell, ...(Number.isFinite(Number(tell)) ? [valueText(Number(tell))] : [])];

/** What every format keeps, whatever it is. */
export function exportContract(id: ExportFormatId): void {
  const made = (run: DisclosedRun, details?: Details, out = outOf(id)) => exportDisclosure(id, run, { out, details });
  const format = EXPORT_FORMATS[id];
  const hostile = (text: string) => `${text}${HOSTILE}`;
  const runs: Readonly<Record<string, DisclosedRun>> = {
    whole: disclosedRunOf(),
    'of a reward alone': disclosedRunOf({ models: ['reward'] }),
    'without any model': disclosedRunOf({ models: [] }),
    'that withholds rows': disclosedRunOf({ withheld: true }),
    'with hostile texts': disclosedRunOf({ said: hostile, withheld: true }),
  };

  describe(id, () => {
    it.each(Object.keys(runs))('is valid by its schema for a run %s, with details and without', async (name) => {
      expect(VALIDATORS[id]((await made(runs[name]!)).files)).toEqual([]);
      expect(VALIDATORS[id]((await made(runs[name]!, everyDetail(hostile))).files)).toEqual([]);
    });
    it('is the same for the same folder', async () => {
      for (const out of OUTS(id))
        expect(await made(disclosedRunOf(), undefined, out)).toEqual(await made(disclosedRunOf(), undefined, out));
    });
    it('says of each part what becomes of it, and keeps to it', async () => {
      const run = runs['that withholds rows']!;
      expect(aspectsIn(run)).toEqual(ASPECT_NAMES);
      const { files, losses } = await made(run);
      const told = toldBy(files, outOf(id));
      for (const part of ASPECT_NAMES) {
        const holds = format.holds[part];
        const absent = ASPECTS[part].tellsOf(run).filter((tell) => !shownAs(tell).some((text) => told.includes(text)));
        const loss = losses.find((each) => each.part === part);
        if (holds !== 'field' && 'lost' in holds) {
          expect({ part, lost: absent.length > 0, state: loss?.state }).toEqual({ part, lost: true, state: 'lost' });
        } else {
          expect({ part, absent }).toEqual({ part, absent: [] });
          expect(loss?.state).toBe(holds === 'field' ? undefined : 'as text');
        }
      }
    });
    it('makes nothing up: what it asked for is missing where nobody declared it, and stands there where somebody did', async () => {
      const [without, given] = [await made(disclosedRunOf()), await made(disclosedRunOf(), everyDetail())];
      const told = toldBy(given.files, outOf(id)).toLowerCase();
      const shown = DETAIL_IDS.filter((detail) => told.includes(detailText(detail).split(', ')[0]!.toLowerCase()));
      expect(without.missing).toEqual(shown);
      expect(given.missing).toEqual([]);
    });
    it.each(OUTS(id))('is broken by no text of the run or of the details: %s', async (out) => {
      const { files: plain } = await made(disclosedRunOf({ withheld: true }), everyDetail(), out);
      const { files: attacked } = await made(
        disclosedRunOf({ withheld: true, said: hostile }),
        everyDetail(hostile),
        out,
      );
      expect(attacked.length).toBe(plain.length);
      for (const [i, file] of attacked.entries())
        expect(await structureOf(file, out)).toEqual(await structureOf(plain[i]!, out));
    });
  });
}
