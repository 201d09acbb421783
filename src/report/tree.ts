import type { Block, Cell, ReportDocument, Section, Text, Tone, Verdict } from './document.ts';
import { type Element, h, Mention, type Node } from './element.ts';
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

const isVerdict = (cell: Cell): cell is Verdict => typeof cell === 'object' && 'tone' in cell;

/** A document as a tree of elements: what HTML and the Studio's pages are made from. */
export function documentTree({ title, note, sections }: ReportDocument): Element {
  return h(
    'article',
    { class: 'report' },
    h('h1', {}, title),
    h('p', { class: 'note' }, note),
    sections.map((section) => sectionTree(section)),
  );
}

/** One section of a document. */
export function sectionTree({ id, title, note, blocks }: Section): Element {
  return h(
    'section',
    { id },
    h('h2', {}, title),
    note === undefined ? undefined : h('p', { class: 'note' }, note),
    blocks.map((block) => blockTree(block)),
  );
}

const textTree = (text: Text): Node =>
  typeof text === 'string' ? text : text.map((part) => (typeof part === 'string' ? part : new Mention(part)));

const verdictTree = ({ tone, text }: Verdict): Element =>
  h('span', { class: `verdict ${tone}` }, h('span', { 'aria-hidden': 'true' }, TONES[tone]), ` ${text}`);

const cellTree = (cell: Cell): Node => (isVerdict(cell) ? verdictTree(cell) : textTree(cell));

function tableTree(block: Extract<Block, { kind: 'table' }>): Element {
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
            h('th', { scope: 'row' }, cellTree(head!)),
            cells.map((cell, i) => h('td', kind(i + 1), cellTree(cell))),
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
const BLOCKS: { readonly [K in Block['kind']]: (block: Extract<Block, { kind: K }>) => Node } = {
  facts: ({ name, rows }) =>
    scroll(
      name,
      h(
        'table',
        { class: 'facts' },
        h(
          'tbody',
          {},
          rows.map(([label, value]) => h('tr', {}, h('th', { scope: 'row' }, label), h('td', {}, cellTree(value)))),
        ),
      ),
    ),
  table: tableTree,
  text: ({ text, soft }) => h('p', soft === true ? { class: 'note' } : {}, textTree(text)),
  verdict: ({ verdict, text }) => h('p', {}, verdictTree(verdict), ' ', textTree(text)),
  list: ({ items }) =>
    h(
      'ul',
      {},
      items.map((item) => h('li', {}, textTree(item))),
    ),
  heading: ({ text }) => h('h3', {}, text),
  fold: ({ summary, blocks, open }) =>
    h(
      'details',
      { open: open && 'open' },
      h('summary', {}, summary),
      blocks.map((block) => blockTree(block)),
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

function blockTree(block: Block): Node {
  return (BLOCKS[block.kind] as (block: Block) => Node)(block);
}
