import { createElement, Fragment, type ReactNode } from 'react';
import { Element, Mention, type Node, type Reference } from '../../report/index.ts';
import { own } from '../../run/index.ts';

/** HTML's and SVG's names of attributes that React calls otherwise. */
const NAMES: Readonly<Record<string, string>> = {
  class: 'className',
  tabindex: 'tabIndex',
  'text-anchor': 'textAnchor',
  'fill-opacity': 'fillOpacity',
};

/** A tree of a report as part of the page; mentions become what `mention` makes of them. */
export function Tree({
  node,
  mention,
}: {
  readonly node: Node;
  readonly mention: (reference: Reference) => ReactNode;
}): ReactNode {
  const draw = (part: Node): ReactNode => {
    if (part instanceof Mention) return mention(part.reference);
    if (part instanceof Element) {
      const attributes = Object.entries(part.attributes).map(([name, value]) => [own(NAMES, name) ?? name, value]);
      return createElement(part.tag, Object.fromEntries(attributes), ...part.children.map(draw));
    }
    return Array.isArray(part)
      ? createElement(Fragment, null, ...part.map(draw))
      : (part as string | number | undefined);
  };
  return draw(node);
}
