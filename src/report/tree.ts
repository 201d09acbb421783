import type { Block, Cell, Reference, ReportDocument, Section, Text, Tone, Verdict } from './document.ts';
import { type Element, h, type Node } from './element.ts';
import { drawPlot } from './plots/index.ts';

/** Marks beside verdicts and states, so that none is told by colour alone. */
export const TONES: { readonly [T in Tone]: string } = {
  clear: '●',
  concern: '▲',
  failure: '■',
  inconclusive: '◇',
  'not-assessed': '○',
  measured: '●',
  declared: '◐',
  missing: '○',
};

/** How a mention becomes part of the page: its text, or a link. */
export type Link = (reference: Reference) => Node;
const asText: Link = ({ text }) => text;

const isVerdict = (cell: Cell): cell is Verdict => typeof cell === 'object' && 'tone' in cell;

/** A document as a tree of elements: what HTML and the Studio's pages are made from. */
export function documentTree({ title, note, sections }: ReportDocument, link: Link = asText): Element {
  return h(
    'article',
    { class: 'report' },
    h('h1', {}, title),
    h('p', { class: 'note' }, note),
    sections.map((section) => sectionTree(section, link)),
  );
}

/** One section of a document. */
export function sectionTree({ id, title, note, blocks }: Section, link: Link = asText): Element {
  return h(
    'section',
    { id },
    h('h2', {}, title),
    note === undefined ? undefined : h('p', { class: 'note' }, note),
    blocks.map((block) => blockTree(block, link)),
  );
}

const textTree = (text: Text, link: Link): Node =>
  typeof text === 'string' ? text : text.map((part) => (typeof part === 'string' ? part : link(part)));

const verdictTree = ({ tone, text }: Verdict): Element =>
  h('span', { class: `verdict ${tone}` }, h('span', { 'aria-hidden': 'true' }, TONES[tone]), ` ${text}`);

const cellTree = (cell: Cell, link: Link): Node => (isVerdict(cell) ? verdictTree(cell) : textTree(cell, link));

function tableTree(block: Extract<Block, { kind: 'table' }>, link: Link): Element {
  const { name, columns, rows, none = 'None.' } = block;
  if (rows.length === 0) return h('p', { class: 'missing' }, none);
  const kind = (i: number) => (columns[i]?.number === true ? { class: 'number' } : {});
  return scroll(
    name,
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          columns.map((column, i) => h('th', { scope: 'col', ...kind(i) }, column.title)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map(([head, ...cells]) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, cellTree(head!, link)),
            cells.map((cell, i) => h('td', kind(i + 1), cellTree(cell, link))),
          ),
        ),
      ),
    ),
  );
}

/** A wide table scrolls by itself, also by keyboard. */
const scroll = (name: string, body: Element): Element =>
  h('div', { class: 'scroll', role: 'region', tabindex: 0, 'aria-label': name }, body);

/** How each block becomes elements; a block without a way does not compile. */
const BLOCKS: { readonly [K in Block['kind']]: (block: Extract<Block, { kind: K }>, link: Link) => Node } = {
  facts: ({ name, rows }, link) =>
    scroll(
      name,
      h(
        'table',
        { class: 'facts' },
        h(
          'tbody',
          {},
          rows.map(([label, value]) =>
            h('tr', {}, h('th', { scope: 'row' }, label), h('td', {}, cellTree(value, link))),
          ),
        ),
      ),
    ),
  table: tableTree,
  text: ({ text, soft }, link) => h('p', soft === true ? { class: 'note' } : {}, textTree(text, link)),
  verdict: ({ verdict, text }, link) => h('p', {}, verdictTree(verdict), ' ', textTree(text, link)),
  list: ({ items }, link) =>
    h(
      'ul',
      {},
      items.map((item) => h('li', {}, textTree(item, link))),
    ),
  heading: ({ text }) => h('h3', {}, text),
  fold: ({ summary, blocks }, link) =>
    h(
      'details',
      {},
      h('summary', {}, summary),
      blocks.map((block) => blockTree(block, link)),
    ),
  sides: ({ title, note, sides }) =>
    h(
      'div',
      { class: 'sides' },
      h('p', {}, h('strong', {}, title), ' ', h('span', { class: 'missing' }, note)),
      sides.map(({ name, text }) => h('blockquote', {}, h('span', { class: 'missing' }, name), `\n${text}`)),
    ),
  code: ({ code }) => h('pre', {}, code),
  plot: ({ plot }) => h('figure', {}, drawPlot(plot)),
};

function blockTree(block: Block, link: Link): Node {
  return (BLOCKS[block.kind] as (block: Block, link: Link) => Node)(block, link);
}
