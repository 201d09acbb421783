import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { documentPage } from '../../src/report/index.ts';
import { filesBelow } from '../../src/run/node.ts';
import { verifyHtml } from '../../src/web/verify/html.ts';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));
const HOSTILE = '</title></style></script><script>alert(1)</script><img src=x onerror=alert(1)>"\'&';

/** The policy that a page states itself, also where it is opened from a disk. */
function policyOf(page: string): Map<string, string> {
  const [, content] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page)!;
  return new Map(
    content!
      .replaceAll('&#39;', "'")
      .split('; ')
      .map((directive) => directive.split(/ (.*)/) as [string, string]),
  );
}

describe('pages that are written', () => {
  it('are made in two places, each with a policy under which nothing is loaded', () => {
    const makers = filesBelow(SRC).filter(
      (path) =>
        /\.tsx?$/.test(path) &&
        !/\.test\./.test(path) &&
        /<!doctype|<html\b/i.test(readFileSync(join(SRC, path), 'utf8')),
    );
    expect(makers.sort()).toEqual(['report/page.ts', 'web/verify/html.ts']);
    const report = policyOf(documentPage({ title: HOSTILE, note: '', sections: [] }));
    const verifier = policyOf(verifyHtml('serve();'));
    for (const policy of [report, verifier]) {
      expect(policy.get('default-src')).toBe("'none'");
      expect(policy.get('base-uri')).toBe("'none'");
      expect(policy.get('form-action')).toBe("'none'");
      expect(policy.has('connect-src')).toBe(false);
    }
    expect(report.has('script-src')).toBe(false);
    expect(verifier.get('script-src')).toMatch(/^'sha256-[\w+/]+=*'$/);
  });
  it('hold text as text', () => {
    const page = documentPage({
      title: HOSTILE,
      note: HOSTILE,
      sections: [
        {
          id: 's',
          title: HOSTILE,
          note: HOSTILE,
          blocks: [
            { kind: 'text', text: HOSTILE },
            { kind: 'facts', name: HOSTILE, rows: [[HOSTILE, HOSTILE]] },
            { kind: 'table', name: HOSTILE, columns: [{ title: HOSTILE }], rows: [[HOSTILE]] },
            { kind: 'list', items: [HOSTILE] },
          ],
        },
      ],
    });
    expect(page).not.toMatch(/<script|<img/);
    expect(page.split(HOSTILE.slice(0, 20)).length).toBe(1);
  });
  it('of the verifier end their script where it ends', () => {
    const page = verifyHtml('const end = "</script><b>";');
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page.match(/<\/script>/g)).toHaveLength(1);
  });
});
