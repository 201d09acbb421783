import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { Markdown } from './markdown.tsx';

const html = (text: string, level: 3 | 4 | 5 | 6 = 4) => renderToStaticMarkup(createElement(Markdown, { text, level }));

/** Ways in which a text could run something, fetch something or pass for part of the page. */
const HOSTILE = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg/onload=alert(1)>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<a href="javascript:alert(1)">x</a>',
  '<div style="position:fixed" onclick="alert(1)">x</div>',
  '<form action="https://evil.example"><input name=p></form>',
  '<base href="https://evil.example/">',
  '<meta http-equiv="refresh" content="0;url=https://evil.example">',
  '<link rel=stylesheet href="https://evil.example/x.css">',
  '<style>*{display:none}</style>',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](java\u0000script:alert(1))',
  '[x](&#106;avascript:alert(1))',
  '[x](data:text/html,<script>alert(1)</script>)',
  '[x](vbscript:msgbox(1))',
  '[x](#main)',
  '<javascript:alert(1)>',
  '![x](https://evil.example/pixel.png)',
  '![x](javascript:alert(1))',
  '![x][ref]\n\n[ref]: https://evil.example/pixel.png',
  '[x]: javascript:alert(1)\n\n[x]',
  '`<script>alert(1)</script>`',
  '```html\n<script>alert(1)</script>\n```',
  '<details open ontoggle=alert(1)>',
  '<math><mtext></mtext><script>alert(1)</script></math>',
  '"><script>alert(1)</script>',
  '- [x] <script>alert(1)</script>',
  'x[^1]\n\n[^1]: <script>alert(1)</script> [y](javascript:alert(1))',
  '| a |\n|---|\n| <img src=x onerror=alert(1)> |',
];

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
