export * from './document.ts';
export { Element, h, Mention, type Node, toHtml } from './element.ts';
export * from './figures.ts';
export * from './find.ts';
export { documentPage } from './page.ts';
export { drawPlot } from './plots/index.ts';
export { documentSchema } from './schema.ts';
export { documentText, table } from './text.ts';
export { documentTree, sectionTree, TONES } from './tree.ts';
