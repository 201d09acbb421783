import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runAudit } from '../audit/index.ts';
import { documentSchema, documentText } from '../report/index.ts';
import { filesBelow, writeJson } from '../run/node.ts';
import { agreesWithClaim, atPointer, type Disclosure, disclosureSchema, INTERVAL_LABEL } from './build.ts';
import { DISCLOSURE_IDS } from './items.ts';
import { sealRun } from './seal-run.ts';
import { build, EVIDENCE, reportOf, sealedRun as sealedFolder } from './sealed-run.fake.ts';
import { verifyRun } from './verify-run.ts';

const root = mkdtempSync(join(tmpdir(), 'goodhart-disclosure-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const sealedRun = (name: string) => sealedFolder(root, name);
const statusOf = (disclosure: Disclosure, id: string) => disclosure.items.find((item) => item.id === id)!.status;

describe('joining the disclosure', () => {
  it('has eleven items, each measured by evidence, declared by a person, or missing', () => {
    const disclosure = build();
    expect(disclosure.items.map((item) => item.id)).toEqual(DISCLOSURE_IDS);
    expect(DISCLOSURE_IDS.length).toBe(11);
    expect([
      statusOf(disclosure, 'D7'),
      statusOf(disclosure, 'D2'),
      statusOf(disclosure, 'D5'),
      statusOf(disclosure, 'D11'),
    ]).toEqual(['measured', 'declared', 'missing', 'missing']);
  });
  it('a supporting value alone does not make an item measured', () => {
    const at = { item: 'D5', label: 'x', file: 'a.json', pointer: '/accuracy', basis: 'evidence' } as const;
    const disclosure = build({ statements: [{ ...at, supporting: true }] });
    expect(statusOf(disclosure, 'D5')).toBe('missing');
    expect(disclosure.items.find((item) => item.id === 'D5')!.statements.length).toBe(1);
    expect(statusOf(build({ statements: [at] }), 'D5')).toBe('measured');
  });
  it('a setting is declared by configuration, whatever it is, and never measured', () => {
    const at = { item: 'D6', label: 'members', file: 'a.json', pointer: '/accuracy', basis: 'configuration' } as const;
    const item = build({ statements: [at] }).items.find(({ id }) => id === 'D6')!;
    expect([item.status, item.basis, item.statements[0]!.basis]).toEqual([
      'declared',
      'configuration',
      'configuration',
    ]);
    const text = { text: 'mean loss', author: 'A. Person', date: '2026-01-01' };
    expect(build({ statements: [at], declarations: { D6: text } }).items.find(({ id }) => id === 'D6')!.basis).toBe(
      'person',
    );
  });
  it('takes a claim as exactly as it is written', () => {
    expect(agreesWithClaim(0.026, 0.031)).toBe(false);
    expect([0.8, 0.84, 0.85, '0.80', '0.800'].map((claimed) => agreesWithClaim(0.8004, claimed))).toEqual([
      true,
      false,
      false,
      true,
      true,
    ]);
    expect(agreesWithClaim(0.8004, '0.8000')).toBe(false);
    expect([385, 386].map((claimed) => agreesWithClaim(385, claimed))).toEqual([true, false]);
    expect([1e-5, 2e-5].map((claimed) => agreesWithClaim(0.0000104, claimed))).toEqual([true, false]);
    expect(['1.50e-3', '1.500e-3'].map((claimed) => agreesWithClaim(0.001503, claimed))).toEqual([true, false]);
    expect(agreesWithClaim(0.8004, 'many')).toBe(false);
  });
  it('fails when a declared number contradicts the evidence', () => {
    const claim = (value: number) => ({
      D7: {
        text: `${value}`,
        author: 'a',
        date: '2026-01-01',
        claims: [{ file: 'a.json', pointer: '/accuracy', value }],
      },
    });
    expect(() => build({ declarations: claim(0.9) })).toThrow(/claims 0.9 .* the evidence says 0.8/);
    expect(statusOf(build({ declarations: claim(0.8) }), 'D7')).toBe('measured');
  });
  it('tells expected risks with the number and the interval of each, and of the others that there is none', () => {
    const [first, ...rest] = runAudit({}, { seed: 1 }).filter(({ challenge }) => challenge === 'R4');
    const interval = { low: 0.1, high: 0.3, level: 0.95 };
    const found = { ...first!, verdict: 'concern' as const, estimate: 0.2, interval, estimand: 'loss' };
    const item = build({
      findings: [found, ...rest, ...runAudit({}, { seed: 1 }).filter(({ challenge }) => challenge === 'H6')],
    }).items.find(({ id }) => id === 'D10')!;
    expect(item.status).toBe('measured');
    expect(item.statements).toMatchObject([
      { pointer: '/0/estimate', value: 0.2, basis: 'evidence', better: 'lower' },
      { label: INTERVAL_LABEL, pointer: '/0/interval', value: interval },
    ]);
    expect(item.findings.filter(({ value }) => value === 'not-assessed').length).toBe(item.findings.length - 1);
  });
  it('a plan has steps with owners and dates, and measures nothing', () => {
    const plan = [{ what: 'read a sample each week', owner: 'B. Person', by: '2026-03-01' }];
    const told = build({ declarations: { D11: { text: 'watched', author: 'A. Person', date: '2026-01-01', plan } } });
    expect(statusOf(told, 'D11')).toBe('declared');
    expect(documentText(reportOf('planned', told), { all: true })).toMatch(
      /watched read a sample each week \(B\. Person, by 2026-03-01\)/,
    );
    expect(disclosureSchema.parse(told)).toEqual(told);
  });
  it('follows JSON pointers with escapes', () => {
    expect(atPointer(EVIDENCE['a.json'], '/list/1/x~1y')).toBe(2);
    expect(atPointer(EVIDENCE['a.json'], '/list/9/q')).toBeUndefined();
  });
});

describe('sealing and verifying', () => {
  it('an untouched run passes every check, findings recomputed', async () => {
    const checks = await verifyRun(sealedRun('whole'));
    expect(checks.filter((check) => !check.ok)).toEqual([]);
    expect(checks.map((check) => check.name)).toContain('finding R3 misgeneralisation');
  });
  it('a single changed byte in any file fails, wherever it is', async () => {
    const folder = sealedRun('tampered');
    for (const path of filesBelow(folder)) {
      const original = readFileSync(join(folder, path));
      for (const at of [
        0,
        Math.floor(original.length / 3),
        Math.floor((2 * original.length) / 3),
        original.length - 1,
      ]) {
        const changed = Buffer.from(original);
        changed[at]! ^= 1;
        writeFileSync(join(folder, path), changed);
        const ok = (await verifyRun(folder)).every((check) => check.ok);
        expect({ path, at, ok }).toEqual({ path, at, ok: false });
      }
      writeFileSync(join(folder, path), original);
    }
    expect((await verifyRun(folder)).every((check) => check.ok)).toBe(true);
  });
  it('a number changed together with its digests still fails: findings are computed again', async () => {
    const folder = sealedRun('forged');
    const path = join(folder, 'findings.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"verdict": "(concern|failure)"/, '"verdict": "clear"'));
    sealRun(folder);
    const failed = (await verifyRun(folder)).filter((check) => !check.ok).map((check) => check.name);
    expect(failed).toContain('finding R3 misgeneralisation');
  });
  it('missing and extra files fail; an unsealed folder is refused', async () => {
    const folder = sealedRun('files');
    writeFileSync(join(folder, 'extra.txt'), '');
    expect((await verifyRun(folder)).find((c) => c.name === 'extra.txt')).toMatchObject({
      ok: false,
      detail: 'not in the manifest',
    });
    await expect(verifyRun(root)).rejects.toThrow(/expected a sealed run/);
  });
  it('a statement about a file outside the folder fails, though the value stands there', async () => {
    const folder = sealedRun('pointing');
    writeJson(join(root, 'outside.json'), { secret: 1 });
    const path = join(folder, 'disclosure/disclosure.json');
    const disclosure = JSON.parse(readFileSync(path, 'utf8')) as Disclosure;
    const places = ['../outside.json', join(root, 'outside.json'), 'evidence', 'records.jsonl/../../outside.json'];
    const statements = places.map((file) => ({ label: file, file, pointer: '/secret', value: 1 }));
    const inherited = { label: 'inherited', file: 'findings.json', pointer: '/constructor/length', value: 1 };
    for (const statement of [...statements, inherited]) {
      const items = disclosure.items.map((item, i) => (i === 0 ? { ...item, statements: [statement] } : item));
      writeJson(path, { ...disclosure, items });
      sealRun(folder);
      const { label } = statement;
      expect({ label, ok: (await verifyRun(folder)).every(({ ok }) => ok) }).toEqual({ label, ok: false });
    }
  });
  it.skipIf(process.platform === 'win32')('links, pipes and endless files fail by name, and are not read', async () => {
    const folder = sealedRun('strange');
    const whole = (path: string, make: (path: string) => void) => {
      const place = join(folder, path);
      rmSync(place, { force: true });
      make(place);
      return path;
    };
    const strange = [
      whole('notes.txt', (path) => symlinkSync('/etc/hostname', path)),
      whole('evidence/counterfactual-edits.jsonl', (path) => symlinkSync('/dev/zero', path)),
      whole('report.json', (path) => execFileSync('mkfifo', [path])),
    ];
    const checks = await verifyRun(folder);
    expect(checks.map(({ name, ok }) => ({ name, ok }))).toEqual(
      expect.arrayContaining(strange.map((name) => ({ name, ok: false }))),
    );
    expect(checks.length).toBe(strange.length);
    expect(() => sealRun(folder)).toThrow(/expected a regular file or a folder, got a (link|pipe); remove it/);
  });
});

describe('the disclosure in a report', () => {
  const text = (disclosure: Disclosure) => documentText(reportOf('x', disclosure), { all: true });
  it('says of each item whether it is measured, declared or missing, on what that rests, and where values stand', () => {
    const said = text(build());
    expect(said).toMatch(/D7 +● measured/);
    expect(said).toMatch(/D2 +◐ declared by a person/);
    expect(said).toMatch(/D11 +○ missing/);
    expect(said).toContain('accuracy  0.8 · a.json#/accuracy');
    expect(said).toContain('Declared by A. Person, 2026-01-01: volunteers');
    expect(said).toMatch(/D10[\s\S]*Findings: not measured: H6/);
    const setting = {
      item: 'D6',
      label: 'members',
      file: 'a.json',
      pointer: '/accuracy',
      basis: 'configuration',
    } as const;
    expect(text(build({ statements: [setting] }))).toMatch(
      /D6 +◐ declared by configuration[\s\S]*members, as configured/,
    );
  });
  it('changes with every value and every status', () => {
    const disclosure = build();
    const items = disclosure.items.flatMap((item, i) => {
      const others = [
        { ...item, status: item.status === 'missing' ? 'declared' : 'missing' } as const,
        { ...item, title: 'another' },
        { ...item, category: 'another' },
        ...item.statements.map((_, at) => ({
          ...item,
          statements: item.statements.map((s, j) => (j === at ? { ...s, value: 17 } : s)),
        })),
        ...(item.declaration === undefined ? [] : [{ ...item, declaration: { ...item.declaration, text: 'no' } }]),
        ...(item.declaration === undefined ? [] : [{ ...item, declaration: { ...item.declaration, data: 'no' } }]),
      ];
      return others.map((other) => disclosure.items.with(i, other));
    });
    expect(items.length).toBeGreaterThan(DISCLOSURE_IDS.length * 3);
    for (const changed of items) expect(text({ ...disclosure, items: changed })).not.toBe(text(disclosure));
  });
  it('is read back by the schema of documents', () => {
    const document = reportOf('x');
    expect(documentSchema.parse(JSON.parse(JSON.stringify(document)))).toEqual(document);
  });
});

it('a report that is changed and rendered again still fails where its file is no document', async () => {
  const folder = sealedRun('no-document');
  writeJson(join(folder, 'report.json'), { ...reportOf('x'), sections: [{ id: 'x', html: '<script>' }] });
  sealRun(folder);
  const failed = (await verifyRun(folder)).filter(({ ok }) => !ok);
  expect(failed).toMatchObject([{ name: 'report.html', detail: expect.stringMatching(/sections.0/) as string }]);
});
