import JSZip from 'jszip';

/** A paragraph of a document: its style, none for plain text, and what it says. */
export interface Paragraph {
  readonly style: string;
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
/** Characters that XML 1.0 allows nowhere, not even written as entities, and others that show nothing. */
const FORBIDDEN = /(?![\t\n\r])[\p{Cc}\p{Cs}\ufffe\uffff]/u;

/** Tags of an XML text in their order. @throws where it is not well-formed. */
export function tagsOfXml(xml: string): string[] {
  if (FORBIDDEN.test(xml)) throw new Error('a character that no XML may have');
  const open: string[] = [];
  const tags: string[] = [];
  for (const [token, tag, text] of xml.matchAll(/<([^<>]*)>|([^<]+)/g)) {
    if (text !== undefined) {
      if (/>|&(?!(lt|gt|amp|quot|apos);)/.test(text)) throw new Error(`a mark in the text: ${token.slice(0, 60)}`);
    } else if (tag!.startsWith('/')) {
      const last = open.pop();
      if (last !== tag!.slice(1)) throw new Error(`</${last}> expected, got <${tag}>`);
    } else if (!tag!.startsWith('?')) {
      if (!/^[\w:]+(\s+[\w:]+="[^"]*")*\s*\/?$/.test(tag!)) throw new Error(`no tag: <${tag!.slice(0, 60)}>`);
      const [name] = /^[\w:]+/.exec(tag!)!;
      tags.push(name);
      if (!tag!.endsWith('/')) open.push(name);
    }
  }
  if (open.length > 0) throw new Error(`not closed: ${open.join(', ')}`);
  return tags;
}

/** What a word processor reads of a document: its parts, each well-formed, and its paragraphs. */
export async function readDocx(
  bytes: Uint8Array,
): Promise<{ readonly parts: readonly string[]; readonly tags: string[]; readonly paragraphs: Paragraph[] }> {
  const zip = await JSZip.loadAsync(bytes);
  const parts = Object.keys(zip.files).filter((name) => !zip.files[name]!.dir);
  if (Object.values(zip.files).some(({ date }) => date.getUTCFullYear() !== 1980)) throw new Error('a date of a clock');
  const xmlOf = (part: string) => zip.file(part)!.async('string');
  for (const part of parts) tagsOfXml(await xmlOf(part));
  const xml = await xmlOf('word/document.xml');
  const paragraphs = [...xml.matchAll(/<w:p>([\s\S]*?)<\/w:p>/g)].map(([, inner]) => ({
    style: /<w:pStyle w:val="(\w+)"\/>/.exec(inner!)?.[1] ?? '',
    text: [...inner!.matchAll(/<w:t[^>]*>([^<]*)<\/w:t>/g)]
      .map(([, text]) => text!.replaceAll(/&(\w+);/g, (_, name: string) => ENTITIES[name]!))
      .join(''),
  }));
  return { parts, tags: tagsOfXml(xml), paragraphs };
}
