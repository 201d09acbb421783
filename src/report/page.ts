import type { ReportDocument } from './document.ts';
import { h, toHtml } from './element.ts';
import { STYLE } from './style.ts';
import { documentTree } from './tree.ts';

/** Nothing but the page's own style is loaded or run, also where the file is opened from a disk. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** A document as one self-contained HTML file: light and dark, no script, no outside request. */
export function documentPage(document: ReportDocument): string {
  const head = [
    h('meta', { charset: 'utf-8' }),
    h('meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }),
    h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    h('title', {}, document.title),
    h('link', { rel: 'icon', href: 'data:,' }),
  ].map(toHtml);
  // The style is the house's own and holds quotes: the one text that is not escaped.
  const style = `<style>${STYLE}</style>`;
  const body = toHtml(h('main', {}, documentTree(document)));
  return `<!doctype html>\n<html lang="en"><head>${head.join('')}${style}</head><body>${body}</body></html>\n`;
}
