import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { carriedBy } from '../pipeline/index.ts';
import { digestFile, filesBelow } from '../run/node.ts';
import { runForTest as run } from './command.fake.ts';
import { saveTinyProject } from './tiny-run.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-redact-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const [made, copy] = [join(folder, 'run'), join(folder, 'copy')];
const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const grounds =
  'reason: personal-data, justification: asked for, custodian: the laboratory, retainUntil: 2031-12-31, materialToConclusion: false';
const states = async (at: string, ...more: string[]) => {
  const { code, out } = await run('verify', at, '--json', ...more);
  const { verdicts, checks } = JSON.parse(out) as {
    verdicts: { state: string }[];
    checks: { name: string; ok: boolean; open?: boolean; detail: string }[];
  };
  return { code, states: verdicts.map(({ state }) => state), checks };
};

beforeAll(async () => {
  saveTinyProject(join(folder, 'project'));
  const project = JSON.stringify(join(folder, 'project'));
  const config = write(
    'alone.yaml',
    `name: alone\ndata: { layout: project, folder: ${project} }\nreward: { members: 2 }\n`,
  );
  expect(await run('run', config, '--out', made, '--quiet')).toMatchObject({ code: 0 });
});

describe('goodhart disclose sign', () => {
  const signed = join(folder, 'signed');
  const [key, pub] = [join(folder, 'issuer.pem'), join(folder, 'issuer.pub.pem')];
  const claim = ['disclose', 'sign', signed, '--key', key, '--as'];
  it('is for whoever has a key, and verify tells integrity, origin and completeness apart', async () => {
    cpSync(made, signed, { recursive: true });
    expect((await run('keys', 'make', key)).out).toMatch(/Ed25519[\s\S]*not encrypted/);
    expect((await run('keys', 'show', pub)).out).toMatch(/public key/);
    expect(await states(signed)).toMatchObject({ code: 0, states: ['holds', 'cannot be checked', 'holds'] });
    expect((await run(...claim, 'issuer', '--statement', 'as we made it')).code).toBe(0);
    expect((await run(...claim, 'king')).code).toBe(2);
    const { out: text, code } = await run('verify', signed, '--key', pub);
    expect(code).toBe(0);
    expect(text).toMatch(/^\d+ of \d+ checks passed; 1 cannot be checked\n/);
    expect(text).toMatch(/origin and time +holds +signed as issuer with issuer.pub.pem; .*time declared by issuer/);
    expect(text).toMatch(/never recorded cannot be excluded/);
    const seal = digestFile(join(signed, 'disclosure/seal.json')).sha256;
    expect((await states(signed, '--published', seal)).states[1]).toBe('holds');
    expect((await run('verify', signed, '--published', 'x')).err).toMatch(/expected a SHA-256 of 64 hex digits/);
  });
  it('takes an outside time, which only a trusted authority gives', async () => {
    const query = join(folder, 'seal.tsq');
    const stamp = (...more: string[]) => run('disclose', 'timestamp', signed, ...more);
    expect((await stamp('--query', query, '--claim', '1')).code).toBe(0);
    expect((await stamp('--query', query, '--claim', '2')).err).toMatch(/expected a claim on line 2, got 1/);
    expect((await stamp()).err).toMatch(/expected --query <file> or --response <file>/);
    expect((await stamp('--response', query)).err).toMatch(/expected (DER|a time stamp)/);
    expect((await run('verify', signed, '--tsa', query)).err).toMatch(/expected a certificate as PEM/);
  });
  it('signs nothing that does not hold together', async () => {
    writeFileSync(join(signed, 'results.json'), '{}');
    expect(await run(...claim, 'auditor')).toMatchObject({ code: 1 });
    expect(readFileSync(join(signed, 'disclosure/claims.jsonl'), 'utf8').split('\n').length).toBe(2);
  });
  it('weights are signed with a key on P-256', async () => {
    const [weights, out] = [join(folder, 'weights.pem'), join(folder, 'model.sig')];
    expect((await run('keys', 'make', weights, '--kind', 'p256')).out).toMatch(/P-256/);
    const sign = ['model', 'sign', 'fixtures/pretrained/llama', '--out', out, '--key'];
    expect((await run(...sign, weights)).out).toMatch(/\d+ files signed/);
    expect((await run(...sign, key)).err).toMatch(/expected a key on P-256/);
  });
});

describe('goodhart disclose export', () => {
  const to = (name: string) => join(folder, 'exports', name);
  const attempt = (format: string, at: string, out: string, ...more: string[]) =>
    run('disclose', 'export', format, at, '--out', out, ...more);
  it('writes a form, says what it cannot hold and what nobody declared, and takes both from a file of details', async () => {
    const { code, out } = await attempt('cyclonedx', made, to('bom.json'));
    expect(code).toBe(0);
    expect(out).toMatch(/no field for:\n +as text +D2 Selection and training of evaluators/);
    expect(out).toMatch(/Not declared[\s\S]* provider +legal name/);
    expect(JSON.parse(readFileSync(to('bom.json'), 'utf8'))).toMatchObject({ specVersion: '1.7' });
    const details = write(
      'details.yaml',
      'author: A. Person\ndate: 2026-01-02\ndetails: { provider: Someone, license: MIT }',
    );
    const declared = await attempt('cyclonedx', made, to('bom.json'), '--details', details);
    expect(declared.out).not.toMatch(/ provider +legal name/);
    expect(readFileSync(to('bom.json'), 'utf8')).toMatch(/"Someone"[\s\S]*declared by A\. Person, 2026-01-02/);
    const unknown = write('unknown.yaml', 'author: A. Person\ndate: 2026-01-02\ndetails: { licence: MIT }');
    expect(await attempt('cyclonedx', made, to('b.json'), '--details', unknown)).toMatchObject({ code: 2 });
  });
  it('reads a folder of several files, and the public copy with what it withholds', async () => {
    const { out } = await attempt('every-eval-ever', made, to('eee'), '--json');
    const { files } = JSON.parse(out) as { files: string[] };
    expect(files.map((path) => existsSync(path))).toEqual([true]);
    expect((await attempt('every-eval-ever', made, to('eee'))).err).toMatch(/empty or new folder/);
    const rules = write(
      'export-rules.yaml',
      `rules: [{ file: feedback/judgments.jsonl, where: { pointer: /raterId, is: [ann] }, ${grounds} }]`,
    );
    const shown = join(folder, 'exports', 'shown');
    expect((await run('disclose', made, '--redact', rules, '--out', shown)).code).toBe(0);
    expect((await attempt('in-toto', shown, to('statements.jsonl'))).code).toBe(0);
    expect(readFileSync(to('statements.jsonl'), 'utf8')).toMatch(
      /"withheld":\[\{"path":"feedback\/judgments\.jsonl","count":24/,
    );
  });
  it('fills a form in as a document, which --as can ask for too', async () => {
    const { code, out } = await attempt('eu-mdf', made, to('form.docx'));
    expect(code).toBe(0);
    expect(out).toMatch(/form\.docx: EU model documentation form/i);
    expect((await attempt('eu-mdf', made, to('form'), '--as', 'docx')).code).toBe(0);
    expect(readFileSync(to('form'))).toEqual(readFileSync(to('form.docx')));
    expect(readFileSync(to('form')).subarray(0, 2).toString()).toBe('PK');
    expect((await attempt('eu-mdf', made, to('other'), '--as', 'pdf')).err).toMatch(/one of docx, html, json, md/);
    expect(existsSync(to('other'))).toBe(false);
  });
  it('quotes nothing that does not hold together, and writes nothing into the run', async () => {
    expect((await attempt('croissant', made, join(made, 'card.json'))).err).toMatch(/outside the run/);
    expect((await attempt('crossant', made, to('c.json'))).err).toMatch(/did you mean croissant/);
    const altered = join(folder, 'altered');
    cpSync(made, altered, { recursive: true });
    writeFileSync(join(altered, 'results.json'), '{}');
    expect(await attempt('croissant', altered, to('c.json'))).toMatchObject({ code: 1 });
    expect(existsSync(to('c.json'))).toBe(false);
  });
});

describe('goodhart disclose --redact', () => {
  it('makes a copy that verifies, with the same findings, and opens one row of it', async () => {
    const rules = write(
      'rules.yaml',
      `rules: [{ file: feedback/judgments.jsonl, where: { pointer: /raterId, is: [ann] }, ${grounds} }]`,
    );
    const { code, out, err } = await run('disclose', made, '--redact', rules, '--out', copy);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/feedback\/judgments\.jsonl +24 rows +personal-data +asked for/);
    expect(out).toMatch(/integrity +holds .*not recomputable: 24 rows withheld/);
    const [whole, shown] = [await states(made), await states(copy)];
    expect([whole.code, shown.code]).toEqual([0, 0]);
    expect(shown.states).toEqual(whole.states);
    for (const file of ['findings.json', 'disclosure/disclosure.json', 'disclosure/seal.json'])
      expect(readFileSync(join(copy, file))).toEqual(readFileSync(join(made, file)));
    // What needs nothing that is withheld is computed again, and nothing else is left out.
    const names = (checks: typeof whole.checks) => checks.map(({ name }) => name);
    const open = new Set(shown.checks.flatMap((check) => (check.open === true ? [check.name] : [])));
    expect(names(whole.checks).filter((name) => /^finding /.test(name) && !names(shown.checks).includes(name))).toEqual(
      [],
    );
    expect([...open].filter((name) => /^finding /.test(name)).length).toBeGreaterThan(0);
    expect(await carriedBy(copy)).toMatchObject({ judgments: (await carriedBy(made))!.judgments - 24 });
    if (process.platform !== 'win32') expect(statSync(join(made, 'disclosure/secret.json')).mode & 0o077).toBe(0);
    // What is withheld in part is not audited as if it were all there was.
    const { out: again, err: warned } = await run('audit', copy, '--json');
    expect(warned).toMatch(/withheld rows are not audited: feedback\/judgments\.jsonl/);
    const judged = (JSON.parse(again) as { evidence: string[]; verdict: string }[]).filter(({ evidence }) =>
      evidence.includes('judgments'),
    );
    expect(new Set(judged.map(({ verdict }) => verdict))).toEqual(new Set(['not-assessed']));
    const row = join(folder, 'row.json');
    expect((await run('disclose', 'open', made, '--row', 'feedback/judgments.jsonl:2', '--out', row)).code).toBe(0);
    const { checks } = await states(copy, '--opening', row);
    expect(checks.find(({ name }) => name.startsWith('opened'))).toMatchObject({ ok: true });
    expect(await run('disclose', 'open', copy, '--row', 'feedback/judgments.jsonl:2')).toMatchObject({ code: 2 });
    expect((await run('disclose', copy)).err).toMatch(/expected a run, got a public copy of one/);
  });
  it('refuses rules that say nothing, places that are taken, and repeats; nothing half-made is left', async () => {
    const before = filesBelow(folder).length;
    const attempt = async (rule: string, out = join(folder, 'other'), ...more: string[]) =>
      (
        await run(
          'disclose',
          made,
          '--redact',
          write('bad.yaml', `rules: [{ ${rule}, ${grounds} }]`),
          '--out',
          out,
          ...more,
        )
      ).err;
    expect(await attempt('file: nothing.json')).toMatch(/expected a file of the run, got none/);
    expect(await attempt('file: findings.json')).toMatch(/always shown/);
    expect(await attempt('file: feedback/judgments.jsonl, line: [1]')).toMatch(/line/);
    expect(await attempt('file: feedback/judgments.jsonl', made)).toMatch(/outside the run/);
    expect(await attempt('file: feedback/judgments.jsonl', copy)).toMatch(/empty or new folder/);
    expect(await attempt('file: evidence/items.jsonl')).toMatch(/expected a file of the run/);
    expect(await attempt('file: prompts.jsonl')).toMatch(/stands in the copy all the same: .*feedback\/items\.jsonl/);
    expect(existsSync(join(folder, 'other'))).toBe(false);
    expect(filesBelow(folder).length).toBe(before + 1);
    expect(await attempt('file: prompts.jsonl', join(folder, 'other'), '--allow-repeats')).toBe('');
  });
});
