import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { canonicalJson, merkleRoot } from './canonical.ts';
import { parseConfig } from './config.ts';
import {
  createRunFolder,
  digestFile,
  entryAt,
  fileOf,
  filesBelow,
  hashBytes,
  PIECE_BYTES,
  pathWithin,
  readInto,
  readJson,
  readJsonLines,
  readLines,
  readRegularFile,
  removeLeftovers,
  requireRegularFiles,
  strangersBelow,
  targetAt,
  withRegularFile,
  writeFileAtomic,
  writeJson,
} from './node.ts';
import { closeObjectPrototype } from './prototype.ts';
import { openRecordLog, readRecords } from './record-log.ts';
import { chainFault, chainRecord, type RunRecord } from './records.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-run-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fixtures = JSON.parse(readFileSync(new URL('../../fixtures/run.json', import.meta.url), 'utf8'));

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of source) all.push(value);
  return all;
}
const file = (name: string, data: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, data);
  return path;
};

describe('digests', () => {
  it('Merkle roots agree with the RFC 6962 vectors', () => {
    const leaves = (fixtures.rfc6962.leavesHex as string[]).map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));
    for (const [count, root] of Object.entries(fixtures.rfc6962.roots as Record<string, string>)) {
      expect(merkleRoot(leaves.slice(0, Number(count)))).toBe(root);
    }
  });
  it('canonical JSON does not depend on key order', () => {
    expect(canonicalJson({ b: [1, 'é'], a: 1e21 })).toBe(canonicalJson({ a: 1e21, b: [1, 'é'] }));
  });
});

describe('the record log', () => {
  it('detects any altered, dropped or reordered record', () => {
    const chain: RunRecord[] = [];
    for (let i = 0; i < 4; i++) chain.push(chainRecord(chain.at(-1), { type: 'step', body: { i }, at: '2026-01-01' }));
    expect(chainFault(chain)).toBeUndefined();
    expect(chainFault(chain.map((r, i) => (i === 2 ? { ...r, body: { i: 9 } } : r)))?.seq).toBe(2);
    expect(chainFault([chain[0]!, chain[2]!])?.seq).toBe(1);
    expect(chainFault([chain[1]!, chain[0]!])?.seq).toBe(0);
  });
  it('keeps what was acknowledged and cuts a torn tail', () => {
    const path = join(folder, 'records.jsonl');
    const log = openRecordLog(path, () => '2026-01-01');
    log.append('a', { x: 1 });
    log.append('b', { x: 2 });
    log.close();
    appendFileSync(path, '{"seq":2,"at":"20');
    const again = openRecordLog(path, () => '2026-01-02');
    expect(again.records.map((r) => r.type)).toEqual(['a', 'b']);
    again.append('c', {});
    again.close();
    expect(chainFault(readRecords(path).records)).toBeUndefined();
    expect(readRecords(path).records.map((r) => r.type)).toEqual(['a', 'b', 'c']);
  });
  it.each(['null', '[]', '{}', '{"seq":0,"at":"","type":"stage","body":{},"prevHash":"","hash":{"toString":1}}'])(
    'refuses a line that is no record: %s',
    (line) => {
      const path = join(folder, 'lines.jsonl');
      writeFileSync(path, `${line}\n`);
      expect(() => readRecords(path)).toThrow(/lines.jsonl:1: expected a record of a run/);
    },
  );
  it('refuses to continue an altered log', () => {
    const path = join(folder, 'altered.jsonl');
    const log = openRecordLog(path, () => '2026-01-01');
    log.append('a', { x: 1 });
    log.close();
    writeFileSync(path, readFileSync(path, 'utf8').replace('"x":1', '"x":2'));
    expect(() => openRecordLog(path, () => '')).toThrow(/record 0: its content/);
  });
});

describe('reading lines', () => {
  it('reads plain and gzip files alike, with line numbers, without blank lines', async () => {
    const text = 'one\n\nthree\r\nfour';
    const want = [
      { line: 1, text: 'one' },
      { line: 3, text: 'three\r' },
      { line: 4, text: 'four' },
    ];
    expect(await collect(readLines(file('plain', text)))).toEqual(want);
    expect(await collect(readLines(file('packed', gzipSync(text))))).toEqual(want);
  });
  it.each<[string, string | Uint8Array, RegExp]>([
    ['truncated gzip', gzipSync('x'.repeat(5000)).subarray(0, 20), /truncated gzip:1: expected a whole gzip file/],
    ['not UTF-8', Uint8Array.of(97, 10, 0xff, 10), /not UTF-8:2: expected UTF-8/],
    ['long line', `a\n${'x'.repeat(200)}\n`, /long line:2: expected at most 100 bytes/],
    ['empty', '', /empty: expected records, got an empty file/],
  ])('%s is one clear error', async (name, data, message) => {
    await expect(collect(readLines(file(name, data), { maxLineBytes: 100 }))).rejects.toThrow(message);
  });
  it('a missing file, malformed JSON and a wrong field name place and cure', async () => {
    const schema = z.strictObject({ a: z.number() });
    await expect(collect(readJsonLines(join(folder, 'none'), schema))).rejects.toThrow(/none: no such file/);
    await expect(collect(readJsonLines(file('j', '{"a":1}\n{"a":'), schema))).rejects.toThrow(
      /j:2: expected a JSON value/,
    );
    await expect(collect(readJsonLines(file('f', '{"a":"x"}'), schema))).rejects.toThrow(/f:1: a: .*expected number/);
  });
});

describe('writing', () => {
  it('leaves the old file and no litter when a write fails', () => {
    const path = join(folder, 'value.json');
    writeJson(path, { a: 1 });
    expect(() => writeJson(path, { a: Number.NaN })).toThrow(/a is NaN/);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ a: 1 });
    expect(() => writeFileAtomic(join(path, 'below'), 'x')).toThrow(/a file stands where a folder is needed|EEXIST/);
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
  });
  it('takes a new or empty folder for a run, and no other', () => {
    const path = join(folder, 'run');
    createRunFolder(path, { resume: false });
    expect(existsSync(path)).toBe(true);
    writeFileSync(join(path, 'notes.txt'), '');
    expect(() => createRunFolder(path, { resume: false })).toThrow(/choose another --out/);
    writeFileSync(join(path, 'run.json'), '{}');
    expect(() => createRunFolder(path, { resume: false })).toThrow(/continue it with --resume/);
    createRunFolder(path, { resume: true });
    expect(filesBelow(path)).toEqual(['notes.txt', 'run.json']);
  });
});

describe('regular files', () => {
  const long = join(folder, 'long.bin');
  const bytes = PIECE_BYTES + 4097;
  writeFileSync(long, 'at the start');
  truncateSync(long, bytes);
  appendFileSync(long, 'and at the end');

  it('are digested and read beyond the size of one piece', () => {
    const whole = readFileSync(long);
    const sha256 = createHash('sha256').update(whole).digest('hex');
    expect(digestFile(long)).toEqual({ bytes: whole.length, sha256 });
    const hash = createHash('sha256');
    hashBytes(hash, whole);
    expect(hash.digest('hex')).toBe(sha256);
    expect(readRegularFile(long, whole.length).equals(whole)).toBe(true);
    expect(() => readRegularFile(long, whole.length - 1)).toThrow(/expected at most \d+ bytes, got/);
    const tail = new Uint8Array(20);
    expect(withRegularFile(long, (file) => readInto(file, tail, whole.length - 14))).toBe(14);
    expect(Buffer.from(tail.subarray(0, 14)).toString()).toBe('and at the end');
    const copy = join(folder, 'copy.bin');
    writeFileAtomic(copy, [whole.subarray(0, 5), new Uint8Array(), whole.subarray(5)]);
    expect(digestFile(copy).sha256).toBe(sha256);
    rmSync(copy);
  });

  describe.skipIf(process.platform === 'win32')('among links, pipes and devices', () => {
    const strange = join(folder, 'strange');
    const outside = join(folder, 'outside.json');
    mkdirSync(join(strange, 'inner'), { recursive: true });
    writeFileSync(outside, '{"secret":1}');
    writeFileSync(join(strange, 'inner/own.json'), '{}');
    symlinkSync(outside, join(strange, 'linked.json'));
    symlinkSync(folder, join(strange, 'up'));
    symlinkSync('inner', join(strange, 'alias'));
    symlinkSync('/dev/zero', join(strange, 'inner/endless.json'));
    execFileSync('mkfifo', [join(strange, 'pipe.json')]);

    it('are the only ones that lie within a folder', () => {
      expect(pathWithin(strange, 'inner/own.json')).toBe(join(realpathSync(strange), 'inner/own.json'));
      for (const path of [
        'linked.json',
        'up/outside.json',
        'alias/own.json',
        '../outside.json',
        outside,
        '',
        '.',
        'inner/none.json',
        'inner/own.json\0',
      ])
        expect({ path, found: pathWithin(strange, path) }).toEqual({ path, found: undefined });
    });
    it('are not there below a file, nor where nothing is', () => {
      for (const path of ['inner/own.json/run.json', 'inner/none.json']) {
        expect({ path, entry: entryAt(join(strange, path)) }).toEqual({ path, entry: undefined });
        expect({ path, target: targetAt(join(strange, path)) }).toEqual({ path, target: undefined });
        expect({ path, file: fileOf(strange, path) }).toEqual({ path, file: undefined });
      }
      expect(entryAt(join(strange, 'linked.json'))!.isSymbolicLink()).toBe(true);
      expect(targetAt(join(strange, 'linked.json'))!.isFile()).toBe(true);
    });
    it('are told from all else, by name, without waiting or reading without end', () => {
      expect(Object.fromEntries(strangersBelow(strange).map(({ path, what }) => [path, what]))).toEqual({
        alias: 'a link',
        'inner/endless.json': 'a link',
        'linked.json': 'a link',
        'pipe.json': 'a pipe',
        up: 'a link',
      });
      expect(() => requireRegularFiles(strange)).toThrow(/expected a regular file or a folder, got a link; remove it/);
      expect(filesBelow(strange)).toEqual(['inner/own.json']);
      for (const path of ['pipe.json', 'inner/endless.json', 'inner'])
        expect(() => readJson(join(strange, path))).toThrow(
          /expected a regular file, got a (pipe|device|folder)|folder stands/,
        );
    });
  });
});

describe('what a killed process leaves', () => {
  it('goes when the run is taken up again, and nothing else does', () => {
    const path = join(folder, 'killed');
    for (const name of [
      'a.json',
      'a.json.partial-77',
      'checkpoints/p-2/state.bin',
      'checkpoints/p-4.partial-9/state.bin',
    ]) {
      mkdirSync(join(path, name, '..'), { recursive: true });
      writeFileSync(join(path, name), '');
    }
    removeLeftovers(path);
    expect(filesBelow(path)).toEqual(['a.json', 'checkpoints/p-2/state.bin']);
  });
});

describe('the prototype of all objects', () => {
  closeObjectPrototype();
  const write = (target: object, key: string, value: unknown) => () => {
    (target as Record<string, unknown>)[key] = value;
  };
  it.each(['NODE_OPTIONS', 'toString', 'constructor', '0'])('takes no %s, by whatever way', (key) => {
    const before = ({} as Record<string, unknown>)[key];
    const through: Record<string, Record<string, unknown>> = {};
    for (const way of ['__proto__', 'constructor']) {
      const target = way === '__proto__' ? through[way]! : (through[way]!.prototype as object);
      expect(target).toBe(Object.prototype);
      expect(write(target, key, 1)).toThrow(TypeError);
    }
    expect(({} as Record<string, unknown>)[key]).toBe(before);
  });
  it('leaves every object free to have properties of those names', () => {
    const one = {};
    write(one, 'toString', () => 'mine')();
    write(one, 'constructor', Array)();
    expect(`${one}`).toBe('mine');
    expect(Object.keys(one)).toEqual(['toString', 'constructor']);
    expect(`${{}}`).toBe('[object Object]');
    expect(Object.isFrozen(Object.prototype)).toBe(true);
  });
});

describe('configuration', () => {
  const schema = z.strictObject({
    name: z.string(),
    policy: z.strictObject({ steps: z.int().positive().default(5), beta: z.number().default(0.1) }).prefault({}),
  });
  const read = (text: string, set: string[] = []) => parseConfig(schema, text, { source: 'run.yaml', set });
  it('keeps the zeros of a number where they say how exact it is meant, and nowhere else', () => {
    const claimed = z.strictObject({ rate: z.number(), claims: z.array(z.unknown()) });
    const text = 'rate: 0.80\nclaims: [{ value: 0.80 }, { value: 0.8 }, { value: 10 }, { value: "0.80" }]';
    expect(parseConfig(claimed, text, { source: 'a', asWritten: ['claims'] })).toEqual({
      rate: 0.8,
      claims: [{ value: '0.80' }, { value: 0.8 }, { value: 10 }, { value: '0.80' }],
    });
    expect(parseConfig(claimed, text, { source: 'a' }).claims[0]).toEqual({ value: 0.8 });
    const json = '{"rate": 0.80, "claims": [{"value": 1.50e-3}, {"value": 1.5e-3}]}';
    expect(parseConfig(claimed, json, { source: 'a', asWritten: ['claims'] })).toEqual({
      rate: 0.8,
      claims: [{ value: '1.50e-3' }, { value: 0.0015 }],
    });
    expect(
      parseConfig(z.looseObject({}), '{}', {
        source: 'a',
        set: ['x.claims=[0.80, 2]', 'y={claims: 0.80, z: 0.80}'],
        asWritten: ['claims'],
      }),
    ).toEqual({ x: { claims: ['0.80', 2] }, y: { claims: '0.80', z: 0.8 } });
  });
  it('fills defaults and applies overrides as YAML values', () => {
    expect(read('name: x', ['policy.steps=7', 'policy.beta=0.5'])).toEqual({
      name: 'x',
      policy: { steps: 7, beta: 0.5 },
    });
  });
  it.each<[string, string, string[], RegExp]>([
    [
      'an unknown key, with the nearest known one',
      'name: x\npolicy:\n  stpes: 3',
      [],
      /unknown key policy.stpes; did you mean steps/,
    ],
    ['a wrong type', 'name: x\npolicy: {steps: many}', [], /policy.steps: .*expected/],
    ['text that is no YAML', 'name: [', [], /run.yaml: expected YAML/],
    ['a bad override', 'name: x', ['steps'], /expected key=value/],
    ['an override that is no YAML', 'name: x', ['policy.steps=[1'], /--set policy.steps=\[1: expected a YAML value/],
    [
      'an override of all objects',
      'name: x',
      ['__proto__.polluted=1'],
      /expected keys of a configuration, got __proto__/,
    ],
    ['one by another way', 'name: x', ['policy.constructor.prototype.polluted=1'], /got constructor; remove it/],
    ['a reserved key in the text', 'name: x\n__proto__: { polluted: 1 }', [], /run.yaml: .* got __proto__; remove it/],
    ['one in a list', 'name: x\npolicy: [{ a: { prototype: 1 } }]', [], /got policy.0.a.prototype; remove it/],
    ['one in the value of an override', 'name: x', ['policy={constructor: 1}'], /got policy.constructor; remove it/],
    ['one behind an alias that holds itself', 'name: &a\n  b: *a\n  __proto__: 1', [], /got name.__proto__; remove it/],
  ])('names %s', (_, text, set, message) => {
    expect(() => read(text, set)).toThrow(message);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
