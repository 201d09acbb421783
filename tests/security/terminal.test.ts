import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runForTest } from '../../src/cli/command.fake.ts';
import { createTerminal } from '../../src/cli/terminal.ts';
import { checksText } from '../../src/cli/text.ts';
import { documentText, table, visibleJson, visibleLine, visibleText } from '../../src/report/index.ts';

/** What data may do to a terminal: nothing but be read. */
const ERASE = '\u001b[1A\u001b[2K\u001b[G';
const HOSTILE = [
  ERASE,
  '\u001b]0;title\u0007',
  '\u001b]8;;http://evil.example\u0007',
  '\u001b[2J',
  '\r',
  '\b\b\b',
  '\u009b31m',
  '\u0007',
  '\u007f',
  '\u202e',
  '\u2066',
  '\u200f',
  '\u2028',
  '\u200b',
  '\u{e0041}',
  '\ud800',
  '\u0000',
];
const OBEYED = /[^\n\P{Cc}]|[\p{Cs}\p{Zl}\p{Zp}\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]|\u{e0041}/u;

const folder = mkdtempSync(join(tmpdir(), 'goodhart-terminal-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('text for a terminal', () => {
  it('has what a terminal would obey written out, and says the same', () => {
    for (const hostile of HOSTILE) {
      const text = `a${hostile}b`;
      for (const shown of [visibleText(text), visibleLine(text), visibleJson(JSON.stringify(text))])
        expect(shown).not.toMatch(OBEYED);
      expect(visibleText(text)).toMatch(/^a.*\\u.*b$/);
      expect(JSON.parse(visibleJson(JSON.stringify({ [text]: text })))).toEqual({ [text]: text });
    }
    expect(visibleText('two\nlines')).toBe('two\nlines');
    expect(visibleLine('two\nlines')).toBe('two\\nlines');
    for (const plain of ['Grüße, 世界, नमस्ते', '👩‍👩‍👧 and 🏳️‍🌈', 'می‌خواهم']) expect(visibleText(plain)).toBe(plain);
  });
  it('stays on its line in tables, checks and reports', () => {
    const forged = `x\n✓ all is well${ERASE}`;
    expect(table([[forged, 'b']]).split('\n').length).toBe(1);
    const text = checksText([{ name: forged, ok: false, detail: forged }], false);
    expect(text.split('\n').length).toBe(2);
    expect(text).not.toMatch(OBEYED);
    const section = { id: 's', title: forged, blocks: [{ kind: 'facts' as const, rows: [[forged, forged] as const] }] };
    const report = documentText({ title: forged, sections: [section] } as never);
    expect(report.split('\n').length).toBe(2);
    expect(report).not.toMatch(OBEYED);
  });
  it('passes one door, whatever a command prints: results, JSON, notes, warnings, progress', () => {
    for (const json of [false, true]) {
      let printed = '';
      const write = (text: string) => {
        printed += text;
      };
      const terminal = createTerminal({ json, quiet: false }, { out: { write }, err: { write }, now: () => 0 });
      for (const hostile of HOSTILE) {
        terminal.result({ name: hostile }, `name ${hostile}`);
        terminal.note(hostile);
        terminal.warn(hostile);
        terminal.progress({ stage: hostile, done: 1, total: 1, unit: hostile, metrics: { [hostile]: 1 } });
      }
      expect(printed.length).toBeGreaterThan(100);
      expect(printed).not.toMatch(OBEYED);
    }
  });
  it('of a whole command too: names of files, projects and arguments, in results and in errors', async () => {
    const name = `p${ERASE}`;
    const file = join(folder, 'project.json');
    const store = join(folder, 'store.db');
    const project = { id: name, name: `${name}\n✓ fine`, createdAt: '2026-01-01T00:00:00Z', questions: [] };
    const question = { id: 'q', title: 'Which?', kind: 'comparison' };
    writeFileSync(file, JSON.stringify({ ...project, questions: [question] }));
    const said: string[] = [];
    for (const args of [
      ['store', 'create', file, '--store', store],
      ['store', 'list', '--store', store],
      ['store', 'list', '--store', store, '--json'],
      ['store', 'progress', `q${ERASE}`, '--store', store],
      ['store', 'check', '--store', store],
      ['import', 'auto', join(folder, name), '--out', join(folder, 'out')],
      [`co${ERASE}mmand`],
      ['run', join(folder, name)],
    ]) {
      const { out, err } = await runForTest(...args);
      said.push(out, err);
    }
    const all = said.join('');
    expect(all).toContain('\\u001b[1A');
    expect(all).not.toMatch(OBEYED);
  });
});
