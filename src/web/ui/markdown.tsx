import { memo, type ReactNode, useId } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import rehypeSanitize, { defaultSchema } from 'rehype-sanitize';
import remarkGfm from 'remark-gfm';
import { Scroll } from './scroll.tsx';

type Level = 3 | 4 | 5 | 6;

/** Nothing that loads, runs or points at us: images would tell their host who reads, ids could shadow those of the page. */
const SCHEMA = {
  ...defaultSchema,
  tagNames: (defaultSchema.tagNames ?? []).filter((tag) => !['img', 'picture', 'source', 'input'].includes(tag)),
  protocols: { ...defaultSchema.protocols, href: ['http', 'https', 'mailto'] },
};

/** Headings of a text are not headings of the page: they keep their look, and one level below where the text stands. */
const heading =
  (level: Level, size: number) =>
  ({ children }: { readonly children?: ReactNode }): ReactNode => {
    const Tag = `h${level}` as const;
    return <Tag className={`md-h md-h${size}`}>{children}</Tag>;
  };

const componentsAt = (level: Level): Components => ({
  h1: heading(level, 1),
  h2: heading(level, 2),
  h3: heading(level, 3),
  h4: heading(level, 4),
  h5: heading(level, 4),
  h6: heading(level, 4),
  a: ({ href, children }) =>
    href === undefined || href.startsWith('#') ? (
      <span>{children}</span>
    ) : (
      <a href={href} rel="noopener noreferrer nofollow" target="_blank">
        {children}
      </a>
    ),
  table: ({ children }) => (
    <Scroll name="Table">
      <table>{children}</table>
    </Scroll>
  ),
});
const COMPONENTS: Readonly<Record<Level, Components>> = {
  3: componentsAt(3),
  4: componentsAt(4),
  5: componentsAt(5),
  6: componentsAt(6),
};
const PLUGINS = [remarkGfm];
const wordsOnly = (): ((tree: unknown) => void) => (tree) => asText(tree as Node);
const SAFE: NonNullable<Parameters<typeof ReactMarkdown>[0]['rehypePlugins']> = [wordsOnly, [rehypeSanitize, SCHEMA]];

interface Node {
  type: string;
  tagName?: string;
  value?: string;
  properties?: Record<string, unknown>;
  children?: Node[];
}

/** Raw HTML, images and check boxes become words: nothing of them is interpreted, fetched or taken for a control. */
function asText(node: Node): void {
  if (node.children === undefined) return;
  node.children = node.children.map((child) => {
    if (child.type === 'raw') return { type: 'text', value: child.value ?? '' };
    if (child.tagName === 'img')
      return { type: 'text', value: `[image: ${String(child.properties?.alt || 'no description')}]` };
    if (child.tagName === 'input') return { type: 'text', value: child.properties?.checked === true ? '☑' : '☐' };
    asText(child);
    return child;
  });
}

/**
 * The one renderer of text from data (prompts, replies, instructions): GitHub-flavoured Markdown without raw HTML,
 * images or scripts; links open elsewhere and tell nothing of where they come from. `level` is that of its headings.
 */
export const Markdown = memo(function Markdown({
  text,
  level = 4,
}: {
  readonly text: string;
  readonly level?: Level;
}): ReactNode {
  const id = useId();
  return (
    <div className="markdown">
      <ReactMarkdown
        remarkPlugins={PLUGINS}
        rehypePlugins={SAFE}
        remarkRehypeOptions={{ clobberPrefix: `${id}-` }}
        components={COMPONENTS[level]}
      >
        {text}
      </ReactMarkdown>
    </div>
  );
});
