/** What about a reply's form may sway a judge beside its worth. */
export const STYLE_FEATURES = ['length', 'headings', 'lists', 'emphasis', 'code'] as const;
export type StyleFeature = (typeof STYLE_FEATURES)[number];

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

/** How much of it a text has, 0 or more; marks are those of Markdown. */
export const STYLE_AMOUNTS: { readonly [F in StyleFeature]: { readonly what: string; of(text: string): number } } = {
  length: { what: 'characters', of: (text) => text.length },
  headings: { what: 'headings', of: (text) => count(text, /^#{1,6} /gm) },
  lists: { what: 'list items', of: (text) => count(text, /^[ \t]*(?:[-*+]|\d{1,9}[.)]) /gm) },
  emphasis: { what: 'bold passages', of: (text) => count(text, /\*\*[^*\n]+\*\*|__[^_\n]+__/g) },
  code: { what: 'code blocks', of: (text) => count(text, /^```/gm) / 2 },
};
