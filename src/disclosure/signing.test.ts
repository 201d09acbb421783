import { X509Certificate } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { diskFolder, openRecordLog, readRecords } from '../run/node.ts';
import { verdictsOf } from './check.ts';
import { type ClaimRole, signedBytes, subjectAt } from './claims.ts';
import { bundleSchema, isSignedBy, PAYLOAD_TYPE, preAuthEncoding } from './dsse.ts';
import { labelOf, readPrivateKey, readPublicKey, type SigningKey, writeKeyPair } from './key-files.ts';
import { modelStatement, signModel } from './model-signature.ts';
import { originAndTime } from './origin.ts';
import { sealRun } from './seal-run.ts';
import { CLAIMS, SEAL } from './sealed-files.ts';
import { sealedRun } from './sealed-run.fake.ts';
import { signClaim, signPayload, stampClaim } from './sign-claims.ts';
import { createTimeAuthority, hasOpenssl } from './time-authority.fake.ts';
import { readTimestamp, stampReader, timestampQuery } from './timestamp.ts';
import { type Reader, verifyRun } from './verify-run.ts';

const root = mkdtempSync(join(tmpdir(), 'goodhart-signing-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const NOW = '2026-02-03T04:05:06.000Z';

function keyPair(name: string, kind: 'ed25519' | 'p256' = 'ed25519'): SigningKey & { readonly name: string } {
  const path = join(root, `${name}.pem`);
  if (!existsSync(path)) writeKeyPair(path, { kind });
  return { ...readPrivateKey(path, undefined), name };
}
const [issuer, auditor, stranger] = ['issuer', 'auditor', 'stranger'].map((name) => keyPair(name)) as [
  ReturnType<typeof keyPair>,
  ReturnType<typeof keyPair>,
  ReturnType<typeof keyPair>,
];

const sign = (folder: string, key: SigningKey, role: ClaimRole, statement?: string) =>
  signClaim(folder, {
    key,
    role,
    statement,
    now: () => NOW,
    records: readRecords(join(folder, 'records.jsonl')).records,
  });
const known = (...keys: readonly (typeof issuer)[]): Reader => ({ keys });
/** Origin and time alone: the rest of verifying takes longer and is tested elsewhere. */
const origin = async (folder: string, reader: Reader = {}) => {
  const { records } = readRecords(join(folder, 'records.jsonl'));
  const checks = originAndTime(
    { folder: diskFolder(folder), records, seal: subjectAt(diskFolder(folder), SEAL)!, withheld: undefined },
    reader,
    stampReader(reader.authorities ?? []),
  );
  return verdictsOf(checks).find(({ aspect }) => aspect === 'origin')!;
};

describe('keys', () => {
  it('are written for their owner alone, the public one beside, and never twice or into a run', () => {
    const path = join(root, 'mine.pem');
    const made = writeKeyPair(path, { kind: 'ed25519' });
    expect(made.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o077).toBe(0);
    expect([labelOf(path), labelOf(join(root, 'mine.pub.pem'))]).toEqual(['private', 'public']);
    expect(readPublicKey(join(root, 'mine.pub.pem')).fingerprint).toBe(readPrivateKey(path, undefined).fingerprint);
    expect(() => writeKeyPair(path, { kind: 'ed25519' })).toThrow(/there is a file already/);
    const run = sealedRun(root, 'run-of-keys');
    writeFileSync(join(run, 'run.json'), '{}');
    expect(() => writeKeyPair(join(run, 'disclosure/x.pem'), { kind: 'ed25519' })).toThrow(/no place in a run folder/);
  });
  it('are encrypted with a passphrase, and open with no other', () => {
    const path = join(root, 'locked.pem');
    writeKeyPair(path, { kind: 'p256', passphrase: 'open sesame' });
    expect(labelOf(path)).toBe('encrypted private');
    expect(readPrivateKey(path, 'open sesame').kind).toBe('p256');
    expect(() => readPrivateKey(path, 'shut')).toThrow(/does not open with the passphrase/);
    expect(() => readPrivateKey(path, undefined)).toThrow(/GOODHART_KEY_PASSPHRASE/);
  });
  it('of another kind, and files that are none, are refused in a line', () => {
    const not = join(root, 'not.pem');
    writeFileSync(not, 'hello');
    expect(() => readPublicKey(not)).toThrow(/expected a public key, Ed25519 or P-256, as PEM, got something else/);
    expect(() => readPublicKey(join(root, 'issuer.pem'))).toThrow(/got another kind of PEM/);
    expect(() => readPrivateKey(join(root, 'issuer.pub.pem'), undefined)).toThrow(/got a public key/);
    writeFileSync(not, '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n');
    expect(() => readPublicKey(not)).toThrow(/got a damaged one/);
  });
});

describe('envelopes', () => {
  it('sign what DSSE says', () => {
    const example = preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world'));
    expect(Buffer.from(example).toString()).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  });
  it('hold for their key and their bytes alone, of either kind', () => {
    for (const key of [issuer, keyPair('curve', 'p256')]) {
      const bundle = signPayload(key, Buffer.from('{}'));
      expect(bundleSchema.parse(bundle)).toEqual(bundle);
      expect([isSignedBy(bundle, key), isSignedBy(bundle, stranger)]).toEqual([true, false]);
      const other = {
        ...bundle,
        dsseEnvelope: { ...bundle.dsseEnvelope, payload: Buffer.from('[]').toString('base64') },
      };
      expect(isSignedBy(other, key)).toBe(false);
      expect(bundle.dsseEnvelope.payloadType).toBe(PAYLOAD_TYPE);
    }
  });
});

describe('claims', () => {
  it('leave the seal whole, and are believed of keys that the reader gives', async () => {
    const folder = sealedRun(root, 'claimed');
    expect(await origin(folder)).toMatchObject({
      state: 'cannot be checked',
      detail: 'self-asserted: nobody signed it; time declared by issuer',
    });
    sign(folder, issuer, 'issuer');
    sign(folder, auditor, 'auditor', 'ran every probe again');
    const checks = await verifyRun(folder, { reader: known(issuer) });
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(verdictsOf(checks).map(({ aspect, state }) => [aspect, state])).toEqual([
      ['integrity', 'holds'],
      ['origin', 'holds'],
      ['completeness', 'holds'],
    ]);
    const alone = await origin(folder);
    expect(alone.state).toBe('cannot be checked');
    expect(alone.detail).toMatch(/self-asserted: 2 signed, and no key was given; time declared by issuer: 2026-02-03/);
    const both = await origin(folder, known(issuer, auditor));
    expect(both.state).toBe('holds');
    expect(both.detail).toMatch(/signed as issuer with issuer.*signed as auditor.*"ran every probe again"/);
    expect((await origin(folder, known(issuer))).detail).toMatch(/which was not given \(self-asserted\)/);
  });
  it('a key that signed nothing fails, and so does a digest that was not published', async () => {
    const folder = sealedRun(root, 'unknown');
    sign(folder, issuer, 'issuer');
    expect(await origin(folder, known(stranger))).toMatchObject({
      state: 'fails',
      detail: expect.stringMatching(/no claim about this seal is signed with stranger/) as string,
    });
    const published = subjectAt(diskFolder(folder), SEAL)!.sha256;
    expect((await origin(folder, { published })).state).toBe('holds');
    expect((await origin(folder, { published: '0'.repeat(64) })).state).toBe('fails');
  });
  it('a claim of another run, an altered, dropped, doubled or moved one, and a torn line fail', async () => {
    const folder = sealedRun(root, 'forged');
    const other = sealedRun(root, 'other');
    writeFileSync(join(other, 'notes.txt'), 'of another run');
    sealRun(other);
    for (const each of [folder, other]) {
      sign(each, issuer, 'issuer');
      sign(each, auditor, 'auditor', 'sound');
      sign(each, stranger, 'reviewer');
    }
    const path = join(folder, CLAIMS);
    const text = readFileSync(path, 'utf8');
    const [first, second, third] = text.split('\n') as [string, string, string];
    const foreign = readFileSync(join(other, CLAIMS), 'utf8');
    const forged = (line: string, change: (statement: string) => string) => {
      const bundle = JSON.parse(line);
      const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString('utf8');
      bundle.dsseEnvelope.payload = Buffer.from(change(payload)).toString('base64');
      return line.replace(JSON.parse(line).dsseEnvelope.payload, bundle.dsseEnvelope.payload);
    };
    const cases: Record<string, string> = {
      'of another run': foreign,
      'altered statement': text.replace(
        second,
        forged(second, (s) => s.replace('sound', 'poor!')),
      ),
      'altered role': text.replace(
        second,
        forged(second, (s) => s.replace('"auditor"', '"issuer"')),
      ),
      'first dropped': `${second}\n${third}\n`,
      'middle dropped': `${first}\n${third}\n`,
      'its own dropped': `${first}\n`,
      doubled: `${first}\n${second}\n${second}\n${third}\n`,
      moved: `${second}\n${first}\n${third}\n`,
      torn: text.slice(0, -20),
      'no claims': '',
      'no line end': text.slice(0, -1),
      'with blanks': text.replace('{', '{ '),
      junk: `${text}{}\n`,
    };
    for (const [what, content] of Object.entries(cases)) {
      writeFileSync(path, content);
      expect({ what, state: (await origin(folder, known(issuer, auditor))).state }).toEqual({ what, state: 'fails' });
    }
    writeFileSync(path, text);
    expect((await origin(folder, known(issuer, auditor))).state).toBe('holds');
    appendFileSync(path, '{"seq":');
    expect(() => sign(folder, issuer, 'issuer')).toThrow(/claims\.jsonl:4: .*fetch the file again/);
  });
  it('every flipped byte of a signed claim fails', async () => {
    const folder = sealedRun(root, 'flipped');
    sign(folder, issuer, 'issuer');
    const path = join(folder, CLAIMS);
    const honest = readFileSync(path);
    for (let at = 0; at < honest.length; at += 37) {
      const bytes = Buffer.from(honest);
      bytes[at]! ^= 1;
      writeFileSync(path, bytes);
      expect({ at, state: (await origin(folder, known(issuer))).state }).toEqual({ at, state: 'fails' });
    }
  });
  it('of an earlier seal of the same run stand, and count for nothing now', async () => {
    const folder = sealedRun(root, 'earlier');
    sign(folder, issuer, 'issuer');
    const log = openRecordLog(join(folder, 'records.jsonl'), () => NOW);
    log.append('disclosed', {});
    log.close();
    sealRun(folder);
    const { state, detail } = await origin(folder);
    expect(state).toBe('cannot be checked');
    expect(detail).toMatch(/signed an earlier seal as issuer/);
    expect((await origin(folder, known(issuer))).state).toBe('fails');
    sign(folder, issuer, 'issuer');
    expect((await origin(folder, known(issuer))).state).toBe('holds');
  });
});

const { message, stamps } = JSON.parse(readFileSync('fixtures/timestamp.json', 'utf8')) as {
  message: string;
  stamps: { signer: string; root: string; response: string }[];
};

describe('time stamps', () => {
  it.each(stamps)('of openssl with $signer are read, and trusted by their root alone', ({ root: pem, response }) => {
    const bytes = Buffer.from(response, 'base64');
    const read = (of: string, trusted: readonly X509Certificate[]) => readTimestamp(bytes, Buffer.from(of), trusted);
    const authority = new X509Certificate(pem);
    expect(read(message, [authority])).toMatchObject({ authority: 'CN=Test Authority', trusted: true });
    expect(read(message, [authority]).at.getUTCFullYear()).toBe(2026);
    const others = stamps.filter((stamp) => stamp.root !== pem).map((stamp) => new X509Certificate(stamp.root));
    expect([read(message, []).trusted, read(message, others).trusted]).toEqual([false, false]);
    expect(() => read('other bytes', [authority])).toThrow(/of another signature/);
    // Whatever else is altered: never trusted with another time, never an error of another kind.
    const { at } = read(message, [authority]);
    for (let i = 0; i < bytes.length; i += 7) {
      const altered = Buffer.from(bytes);
      altered[i]! ^= 1 << (i % 8);
      try {
        const got = readTimestamp(altered, Buffer.from(message), [authority]);
        if (got.trusted) expect({ i, at: got.at }).toEqual({ i, at });
      } catch (error) {
        expect((error as Error).message).toMatch(/^expected (DER|a time stamp of RFC 3161), got /);
      }
      expect(() => readTimestamp(bytes.subarray(0, i), Buffer.from(message), [])).toThrow(/^expected /);
    }
  });
  it.skipIf(!hasOpenssl())('of a claim are asked for, stored and checked', async () => {
    const folder = sealedRun(root, 'stamped');
    const authority = createTimeAuthority(join(root, 'authority'));
    const authorities = [new X509Certificate(authority.root)];
    const claim = sign(folder, issuer, 'issuer');
    sign(folder, auditor, 'auditor');
    const response = authority.respond(timestampQuery(signedBytes(claim)));
    expect(() => stampClaim(folder, 2, response)).toThrow(/of another signature/);
    stampClaim(folder, 1, response);
    expect(await origin(folder, { ...known(issuer, auditor), authorities })).toMatchObject({
      state: 'holds',
      detail: expect.stringMatching(/sealed before 20.*says CN=Test Authority/) as string,
    });
    expect((await origin(folder, known(issuer))).detail).toMatch(/whose certificate was not given/);
    const unstamped = sealedRun(root, 'unstamped');
    sign(unstamped, issuer, 'issuer');
    expect((await origin(unstamped, { ...known(issuer), authorities })).state).toBe('fails');
    // A stamp of one signature put beside another.
    const path = join(folder, CLAIMS);
    const [first, second] = readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => (line === '' ? '' : JSON.parse(line)));
    second.verificationMaterial = { ...first.verificationMaterial, publicKey: second.verificationMaterial.publicKey };
    const { canonicalJson } = await import('../run/index.ts');
    writeFileSync(path, `${canonicalJson(first)}\n${canonicalJson(second)}\n`);
    expect((await origin(folder, known(issuer))).state).toBe('fails');
  });
});

describe('model signing', () => {
  it('lists every file with its digest, and one digest over them; the signature itself is no part', () => {
    const folder = join(root, 'weights');
    cpSync('fixtures/pretrained/llama', folder, { recursive: true });
    const key = keyPair('weights-key', 'p256');
    const files = signModel(folder, { key, out: join(folder, 'model.sig') });
    expect(files).toContain('config.json');
    expect(files).not.toContain('model.sig');
    const bundle = bundleSchema.parse(JSON.parse(readFileSync(join(folder, 'model.sig'), 'utf8')));
    expect(isSignedBy(bundle, key)).toBe(true);
    const statement = JSON.parse(Buffer.from(bundle.dsseEnvelope.payload, 'base64').toString('utf8'));
    expect(statement).toEqual(modelStatement(folder, ['model.sig']));
    expect(statement.predicate.serialization.ignore_paths).toEqual(['model.sig']);
    expect(() => signModel(folder, { key: issuer, out: join(root, 'x.sig') })).toThrow(/expected a key on P-256/);
  });
});
