import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { HOSTILE } from './hostile.fake.ts';
import { Markdown } from './markdown.tsx';

const html = (text: string, level: 3 | 4 | 5 | 6 = 4) => renderToStaticMarkup(createElement(Markdown, { text, level }));

describe('text from data', () => {
  it.each(HOSTILE)('is inert: %s', (text) => {
    const out = html(text);
    // What is left as text is escaped, so that these can only be tags and attributes.
    expect(out).not.toMatch(
      /<(script|img|svg|iframe|form|input|base|meta|link|style|object|embed|math|details|video|audio)/i,
    );
    expect(out).not.toMatch(/<[^>]*\s(on\w+|style|srcset|src|formaction)=/i);
    for (const [, href] of out.matchAll(/href="([^"]*)"/g)) expect(href).toMatch(/^(https?|mailto):/);
  });
  it('shows raw HTML as it was written', () => {
    expect(html('Use <b>bold</b> here')).toContain('&lt;b&gt;bold&lt;/b&gt;');
  });
  it('names an image instead of fetching it, and shows check boxes as marks', () => {
    expect(html('![a cat](https://evil.example/c.png)')).toContain('[image: a cat]');
    expect(html('- [x] done\n- [ ] open')).toMatch(/☑[\s\S]*☐/);
  });
  it('renders Markdown with links that tell nothing and headings below the page’s own', () => {
    const out = html('# Title\n\n**bold** [x](https://example.org) `code`\n\n| a |\n|---|\n| b |', 5);
    expect(out).toContain('<h5 class="md-h md-h1">Title</h5>');
    expect(out).toContain('<strong>bold</strong>');
    expect(out).toContain('<a href="https://example.org" rel="noopener noreferrer nofollow" target="_blank">x</a>');
    expect(out).toContain('<code>code</code>');
    expect(out).toContain('<td>b</td>');
  });
});
