import type { Block, Cell, ReportDocument, Section, Text } from './document.ts';
import { TONES } from './tree.ts';
import { visibleLine, visibleText } from './visible.ts';

/**
 * A document, or some sections of one, for a terminal: aligned tables, no plots; folds and sections marked as detail only when
 * asked for.
 */
export function documentText(
  { sections }: Pick<ReportDocument, 'sections'>,
  { all = false }: { readonly all?: boolean } = {},
): string {
  return sections
    .filter((section) => all || section.detail !== true)
    .map((section) => sectionText(section, all))
    .filter((text) => text !== '')
    .join('\n\n');
}

function sectionText({ title, blocks }: Section, all: boolean): string {
  const lines = blocks.flatMap((block) => blockLines(block, all)).map((line) => `  ${line}`.trimEnd());
  return lines.length === 0 ? '' : [visibleLine(title), ...lines].join('\n');
}

const plain = (text: Text): string =>
  visibleLine(
    typeof text === 'string' ? text : text.map((part) => (typeof part === 'string' ? part : part.text)).join(''),
  );

/** A cell as plain text; a verdict with its mark. */
export const cellText = (cell: Cell): string =>
  typeof cell === 'object' && 'tone' in cell ? `${TONES[cell.tone]} ${visibleLine(cell.text)}` : plain(cell);

const blockLines = (block: Block, all: boolean): string[] => {
  switch (block.kind) {
    case 'facts':
      return table(block.rows.map(([label, value]) => [label, cellText(value)])).split('\n');
    case 'table':
      return block.rows.length === 0
        ? [block.none ?? 'None.']
        : table([block.columns.map((column) => column.title), ...block.rows.map((row) => row.map(cellText))]).split(
            '\n',
          );
    case 'text':
      return [plain(block.text)];
    case 'verdict':
      return [`${TONES[block.verdict.tone]} ${visibleLine(block.verdict.text)} ${plain(block.text)}`];
    case 'list':
      return block.items.map((item) => `- ${plain(item)}`);
    case 'heading':
      return ['', visibleLine(block.text)];
    case 'fold':
      return all ? ['', visibleLine(block.summary), ...block.blocks.flatMap((inner) => blockLines(inner, all))] : [];
    case 'sides':
      return [
        visibleLine(`${block.title} (${block.note})`),
        ...block.sides.map(({ name, text }) => `  ${visibleLine(`${name}: ${text}`)}`),
      ];
    case 'code':
      return visibleText(block.code).split('\n');
    case 'plot':
      return [];
  }
};

/** Cells in columns as wide as their widest, each on its line; the last one runs free. */
export function table(given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map(visibleLine));
  // However many rows there are: as arguments of one call they would end the process.
  const widest = (size: (row: readonly string[]) => number) => rows.reduce((most, row) => Math.max(most, size(row)), 0);
  const columns = widest((row) => row.length);
  const widths = Array.from({ length: columns }, (_, c) => widest((row) => row[c]?.length ?? 0));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
