import type { Block, ReportDocument, Section } from './document.ts';
import { cellText } from './text.ts';

/** A section of a document by its id. */
export const sectionOf = ({ sections }: ReportDocument, id: string): Section | undefined =>
  sections.find((section) => section.id === id);

/** Labels and values that a section holds, as plain text. */
export const factsOf = (document: ReportDocument, id: string): { label: string; value: string }[] =>
  (sectionOf(document, id)?.blocks ?? []).flatMap((block) =>
    block.kind === 'facts' ? block.rows.map(([label, value]) => ({ label, value: cellText(value) })) : [],
  );

/** Texts side by side that a section holds. */
export const sidesOf = (document: ReportDocument, id: string): Extract<Block, { kind: 'sides' }>[] =>
  (sectionOf(document, id)?.blocks ?? []).flatMap((block) => (block.kind === 'sides' ? [block] : []));
