export * from './document.ts';
export { Element, h, type Node, toHtml } from './element.ts';
export * from './figures.ts';
export { documentPage } from './page.ts';
export { drawPlot } from './plots/index.ts';
export { documentText, table } from './text.ts';
export { documentTree, type Link, sectionTree, TONES } from './tree.ts';
