import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EVIDENCE_KINDS, evidenceKind } from '../audit/index.ts';
import { runForTest } from './command.fake.ts';

const root = mkdtempSync(join(tmpdir(), 'goodhart-evidence-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A folder of files with so much in them, each row a line. */
function folderOf(files: Readonly<Record<string, readonly unknown[] | string>>): string {
  const folder = mkdtempSync(join(root, 'of-'));
  for (const [file, rows] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    const text = typeof rows === 'string' ? rows : rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

/** The one line on which the command ends with 2. */
async function refusal(folder: string): Promise<string> {
  const { code, out, err } = await runForTest('audit', folder);
  expect({ code, out, lines: err.trim().split('\n').length }).toEqual({ code: 2, out: '', lines: 1 });
  return err;
}

const choices = Array.from({ length: 60 }, (_, i) => ({
  itemId: `i${i}`,
  raterId: `r${i % 6}`,
  preferredAgreement: i % 10 !== 0,
}));

describe('goodhart audit on a folder of evidence that somebody made', () => {
  it('assesses what the files allow, without a run, and says of the rest why not', async () => {
    const folder = folderOf({ 'agreement-choices.jsonl': choices, 'README.md': 'made by hand' });
    const { code, out } = await runForTest('audit', folder);
    expect(code).toBe(0);
    expect(out).toMatch(/H2 pandering-raters +■ failure +0\.4 /);
    expect(out).toMatch(/H2 sycophancy \(belief-replies\).*: this run has no evidence for it/);
    expect(out).toMatch(/Agreement with a mistaken user\n+ *It entered with the raters\./);
  });
  it('takes the example of every kind, side by side or at the places of a run', async () => {
    const rows = (place: (file: string) => string) =>
      folderOf(
        Object.fromEntries(EVIDENCE_KINDS.map((id) => [place(evidenceKind(id).file), [evidenceKind(id).example]])),
      );
    for (const folder of [rows((file) => file.split('/').at(-1)!), rows((file) => file)]) {
      const { code, out } = await runForTest('audit', folder, '--json');
      expect(code).toBe(0);
      expect(out).not.toContain('missing-evidence');
    }
  });
  it('names a row that is none of its kind by file, line and field, of every kind', async () => {
    for (const id of EVIDENCE_KINDS) {
      const { file, example } = evidenceKind(id);
      const name = file.split('/').at(-1)!;
      const [field] = Object.keys(example as object) as [string];
      const folder = folderOf({ [name]: [example, { ...(example as object), [field]: [[]] }] });
      expect(await refusal(folder)).toContain(`${name}:2: ${field}: `);
      expect(await refusal(folderOf({ [name]: `${JSON.stringify(example)}\n{"torn": \n` }))).toContain(`${name}:2: `);
    }
  });
  it('says plainly of a folder without evidence, of a file, and of nothing what it expected', async () => {
    expect(await refusal(folderOf({}))).toMatch(/expected evidence, for example .*docs\/evidence\.md names every file/);
    expect(await refusal(folderOf({ 'notes.txt': 'hello' }))).toMatch(/expected evidence/);
    const file = join(folderOf({ 'agreement-choices.jsonl': choices }), 'agreement-choices.jsonl');
    expect(await refusal(file)).toMatch(/expected a folder, got a file/);
    expect(await refusal(join(root, 'nowhere'))).toMatch(/no such folder/);
  });
  it('refuses data that nobody would read: a slip of the pen, another format, a kind given twice, a link', async () => {
    const [misspelt, packed, other] = ['agreement-choice.jsonl', 'agreement-choices.jsonl.gz', 'deep/down/answers.csv'];
    expect(await refusal(folderOf({ [misspelt]: choices }))).toMatch(
      /agreement-choice\.jsonl: .*did you mean agreement-ch/,
    );
    expect(await refusal(folderOf({ 'agreement-choices.jsonl': choices, [packed]: '' }))).toMatch(
      /\.gz: no evidence is/,
    );
    expect(await refusal(folderOf({ 'agreement-choices.jsonl': choices, [other]: '' }))).toMatch(
      /answers\.csv: no evid/,
    );
    const twice = { 'agreement-choices.jsonl': choices, 'evidence/agreement-choices.jsonl': choices };
    expect(await refusal(folderOf(twice))).toMatch(/expected one file of agreement-choices, got .* and /);
    const linked = folderOf({ 'agreement-choices.jsonl': choices });
    symlinkSync('/etc/hostname', join(linked, 'items.jsonl'));
    expect(await refusal(linked)).toMatch(/items\.jsonl: expected a regular file/);
  });
});
