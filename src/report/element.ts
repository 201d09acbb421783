import type { Reference } from './document.ts';

/**
 * A small tree of elements, made by code alone: data can be a text in it and never a tag, for nothing but `h` makes an
 * `Element`, and only instances of the class are drawn as elements. It becomes HTML (`toHtml`) or whatever a page is made of.
 */
export class Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly children: readonly Node[];
  constructor(tag: string, attributes: Readonly<Record<string, string | number>>, children: readonly Node[]) {
    this.tag = tag;
    this.attributes = attributes;
    this.children = children;
  }
}
/** A mention in the tree: a page may make a link of it, HTML prints its text. */
export class Mention {
  readonly reference: Reference;
  constructor(reference: Reference) {
    this.reference = reference;
  }
}
export type Node = string | number | Element | Mention | undefined | readonly Node[];

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element: tag, attributes in HTML's and SVG's own names (left out where undefined), children. */
export function h(tag: string, attributes: Attributes = {}, ...children: readonly Node[]): Element {
  const given = Object.entries(attributes).filter(
    (entry): entry is [string, string | number] => entry[1] !== undefined,
  );
  return new Element(tag, Object.fromEntries(given), children);
}

/** Text made safe for HTML content and quoted attributes. */
const escapeHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

/** Elements that have no end tag. */
const VOID = new Set(['br', 'meta', 'link']);

/** The tree as HTML; every text and attribute is escaped. */
export function toHtml(node: Node): string {
  if (node === undefined) return '';
  if (node instanceof Mention) return escapeHtml(node.reference.text);
  if (node instanceof Element) {
    const attributes = Object.entries(node.attributes)
      .map(([name, value]) => ` ${name}="${escapeHtml(String(value))}"`)
      .join('');
    const open = `<${node.tag}${attributes}>`;
    return VOID.has(node.tag) ? open : `${open}${node.children.map(toHtml).join('')}</${node.tag}>`;
  }
  if (Array.isArray(node)) return node.map(toHtml).join('');
  return escapeHtml(String(node));
}
