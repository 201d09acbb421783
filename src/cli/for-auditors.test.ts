import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditPack, OPENINGS } from '../disclosure/index.ts';
import { filesBelow } from '../run/node.ts';
import { runForTest as run } from './command.fake.ts';
import { TINY } from './tiny-run.fake.ts';

/** Walks docs/for-auditors.md as it stands: every command of it, on a run of this machine. */
const place = mkdtempSync(join(tmpdir(), 'goodhart-auditor-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));
const at = (name: string) => join(place, name);
const DOC = readFileSync(new URL('../../docs/for-auditors.md', import.meta.url), 'utf8');

const blocks = (language: string): string[] =>
  [...DOC.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, of, body]) => (of === language ? [body!] : []));
const COMMANDS = blocks('').flatMap((block) => block.trimEnd().split('\n'));
const [ABOUT, FINDINGS] = blocks('yaml');

/** Arguments of a command of the document; what is a file or a folder there lies in the place of this test. */
const argumentsOf = (line: string): string[] =>
  line
    .split(' ')
    .slice(1)
    .map((word) => (/^(runs\/|theirs|again$)|\.(pem|yaml|html|jsonl|tar\.gz)$/.test(word) ? at(word) : word));
const told: Record<string, string> = {};
const walk = async (line: string): Promise<void> => {
  const words = argumentsOf(line);
  // The page is bundled for browsers, where it is tested.
  if (line.includes('--page')) return;
  if (line.startsWith('goodhart ')) {
    const { code, out, err } = await run(...words);
    expect({ line, code, err }).toEqual({ line, code: 0, err });
    told[line] = out;
  } else if (line.startsWith('tar ')) {
    mkdirSync(at('theirs'));
    execFileSync('tar', words);
  } else {
    expect(line).toMatch(/sha256sum --check \.\.\/theirs\/replicate\/expected\.sha256/);
    for (const row of readFileSync(at('theirs/replicate/expected.sha256'), 'utf8').trimEnd().split('\n')) {
      const [digest, path] = row.split('  ') as [string, string];
      const made = createHash('sha256')
        .update(readFileSync(join(at('again'), path)))
        .digest('hex');
      expect({ path, made }).toEqual({ path, made: digest });
    }
  }
};

beforeAll(async () => {
  process.env.GOODHART_CACHE = at('cache');
  writeFileSync(at('run.yaml'), TINY);
  expect(await run('run', at('run.yaml'), '--out', at('runs/theirs'), '--quiet')).toMatchObject({ code: 0 });
  expect((await run('keys', 'make', at('issuer.pem'))).code).toBe(0);
  expect(await run('disclose', 'sign', at('runs/theirs'), '--key', at('issuer.pem'), '--as', 'issuer')).toMatchObject({
    code: 0,
  });
  writeFileSync(at('pack.yaml'), ABOUT!);
  writeFileSync(at('findings.yaml'), FINDINGS!);
});

describe('an auditor', () => {
  it('walks from the pack to findings that stand in the disclosure', async () => {
    expect(COMMANDS.length).toBeGreaterThan(9);
    for (const line of COMMANDS) await walk(line);
    const last = COMMANDS.filter((line) => line.startsWith('goodhart verify')).at(-1)!;
    expect(told[last]).toMatch(
      /integrity +holds[\s\S]*origin and time +holds +signed as issuer[\s\S]*signed as auditor/,
    );
    expect(told[last]).toMatch(
      /What third parties found, item by item[\s\S]*D5 +. qualified +Agreement rests on few overlaps/,
    );
    cpSync(at('runs/theirs'), at('sealed-again'), { recursive: true });
    expect((await run('disclose', at('sealed-again'))).out).toMatch(
      /D5 +. qualified +Agreement rests on few overlaps.*an earlier seal/,
    );
    const received = COMMANDS.find((line) => line.includes('receive'))!;
    expect(told[received]).toMatch(/findings of a third party, signed as auditor/);
    expect(told[received]).toMatch(/Agreement rests on few overlaps/);
    expect(told[received]).toMatch(/We may not name the raters/);
  }, 300_000);

  it('finds in the pack what was declared, evidence by item, and what nobody knows', () => {
    const pack = JSON.parse(readFileSync(at('theirs/pack.json'), 'utf8')) as AuditPack;
    expect(pack).toMatchObject({ access: { model: 'AL2' }, assurance: 'AAL-1', salts: 'all rows', withheld: [] });
    expect(pack.evidence.map(({ item }) => item)).toEqual(Array.from({ length: 11 }, (_, i) => `D${i + 1}`));
    expect(pack.evidence.flatMap(({ files }) => files.map(({ path }) => path))).toContain(
      'evidence/optimisation-path.jsonl',
    );
    const answers = new Map(pack.questionnaire.map(({ id, answer }) => [id as string, answer]));
    expect(answers.get('strongest-model')).toBe('It is the only one.');
    expect(answers.get('elicitation')).toBe(null);
    expect(answers.get('D11')).toBe(null);
    expect(answers.get('D7')).toMatch(/#\//);
    expect(readFileSync(at('theirs/pack.html'), 'utf8')).toMatch(/not known/);
    expect(filesBelow(at('theirs')).every((path) => path.startsWith('run/') || /^(pack|replicate)/.test(path))).toBe(
      true,
    );
  });

  it('is refused what does not hold, and takes nothing in by halves', async () => {
    const again = ['disclose', 'pack', at('runs/theirs'), '--about', at('pack.yaml'), '--out'];
    expect((await run(...again, at('pack.tar.gz'))).err).toMatch(/there is a file already/);
    const receive = (claims: string) => run('disclose', 'receive', at('runs/theirs'), '--claims', claims);
    const claims = at('theirs/run/disclosure/claims.jsonl');
    expect((await receive(claims)).err).toMatch(/expected lines besides those that are there/);
    const before = readFileSync(at('runs/theirs/disclosure/claims.jsonl'), 'utf8');
    const [first, second] = before.trimEnd().split('\n') as [string, string];
    const tries = { half: `${before}${second.slice(0, 40)}\n`, other: `${second}\n`, twice: `${before}${second}\n` };
    for (const [name, text] of Object.entries(tries)) {
      writeFileSync(at(name), text);
      expect(await receive(at(name))).toMatchObject({ code: expect.toSatisfy((code: number) => code > 0) });
    }
    expect(readFileSync(at('runs/theirs/disclosure/claims.jsonl'), 'utf8')).toBe(before);
    // An issuer who leaves the auditor's line out again fails whoever has the auditor's key.
    cpSync(at('runs/theirs'), at('silent'), { recursive: true });
    writeFileSync(at('silent/disclosure/claims.jsonl'), `${first}\n`);
    expect(await run('verify', at('silent'), '--key', at('auditor.pub.pem'))).toMatchObject({ code: 1 });
    const sign = ['disclose', 'sign', at('runs/theirs'), '--key', at('issuer.pem'), '--findings', at('findings.yaml')];
    expect((await run(...sign, '--as', 'issuer')).err).toMatch(/expected --as auditor or reviewer/);
    writeFileSync(at('bad.yaml'), FINDINGS!.replace('D7', 'D12'));
    expect((await run(...sign.with(-1, at('bad.yaml')), '--as', 'auditor')).code).toBe(2);
  });

  it('sees what changed between releases', async () => {
    const { out } = await run('disclose', 'compare', at('runs/theirs'), at('again'), '--html', at('compare.html'));
    expect(out).toMatch(/Nothing: both say the same/);
    const path = at('again/disclosure/disclosure.json');
    const later = readFileSync(path, 'utf8').replace('"status": "missing"', '"status": "declared"');
    writeFileSync(path, later);
    expect((await run('disclose', 'compare', at('runs/theirs'), at('again'))).out).toMatch(/declared/);
    expect(readFileSync(at('compare.html'), 'utf8')).toMatch(/What changed from tiny/);
  });

  it('refuses hostile archives before a byte of them is used', async () => {
    const evil = at('evil');
    mkdirSync(evil);
    cpSync(at('theirs/run'), join(evil, 'run'), { recursive: true });
    execFileSync('ln', ['-s', '/etc/hostname', join(evil, 'run/link')]);
    execFileSync('tar', ['-C', evil, '--format=ustar', '-cf', at('link.tar'), 'run']);
    rmSync(join(evil, 'run/link'));
    execFileSync('tar', [
      '-C',
      evil,
      '--format=ustar',
      '--transform=s,^run/run.json,run/../../run.json,',
      '-cPf',
      at('out.tar'),
      'run',
    ]);
    execFileSync('tar', ['-C', evil, '--format=ustar', '-cf', at('good.tar'), 'run']);
    expect(await run('verify', at('link.tar'))).toMatchObject({ code: 2, err: expect.stringMatching(/got a link/) });
    expect(await run('verify', at('out.tar'))).toMatchObject({
      code: 2,
      err: expect.stringMatching(/leads elsewhere/),
    });
    writeFileSync(at('cut.tar.gz'), readFileSync(at('pack.tar.gz')).subarray(0, 4000));
    expect((await run('verify', at('cut.tar.gz'))).code).toBe(2);
    expect(await run('verify', at('good.tar'), '--key', at('auditor.pub.pem'))).toMatchObject({ code: 0 });
    expect(filesBelow(at('theirs/run'))).not.toContain(OPENINGS);
    expect((await run('verify', at('good.tar'), '--page', at('page.html'))).err).toMatch(/one of the two/);
  });
});
