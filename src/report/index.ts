export * from './document.ts';
export { Element, h, Mention, type Node, toHtml } from './element.ts';
export * from './figures.ts';
export { documentPage } from './page.ts';
export { drawPlot } from './plots/index.ts';
export { documentText, table } from './text.ts';
export { documentTree, sectionTree, TONES } from './tree.ts';
export { visibleJson, visibleLine, visibleText } from './visible.ts';
