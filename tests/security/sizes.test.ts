import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseSync } from 'vite';
import { afterAll, describe, expect, it } from 'vitest';
import { EVIDENCE, PROBE_IDS, probeOf, runProbe } from '../../src/audit/index.ts';
import { loadEvidence } from '../../src/audit/node.ts';
import { readClaims } from '../../src/disclosure/claims.ts';
import { linesOf } from '../../src/disclosure/commitments.ts';
import { bundleSchema } from '../../src/disclosure/dsse.ts';
import { MODEL_LIMITS, modelSpecSchema } from '../../src/engine/index.ts';
import { readCheckpoint, writeCheckpoint } from '../../src/engine-embedded/checkpoint.ts';
import { freshState } from '../../src/engine-embedded/store.ts';
import { openMetricsLog } from '../../src/pipeline/metrics-log.ts';
import { linearAxis } from '../../src/report/plots/frame.ts';
import {
  canonicalJson,
  JSON_BOUNDS,
  MOST_LINES,
  merkleLeaf,
  merkleRootOf,
  merkleRootsOf,
  parseJson,
} from '../../src/run/index.ts';
import { diskFolder, linesOfFile, readRecords } from '../../src/run/node.ts';
import { largest, smallest } from '../../src/stats/index.ts';

/** What is little on the disk may be much in memory, or much to compute: each has a bound, told before memory is taken. */
const root = mkdtempSync(join(tmpdir(), 'goodhart-sizes-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('JSON', () => {
  it('has a number of values, which also count where they are empty or nested', () => {
    const many = JSON_BOUNDS.values;
    for (const text of [
      `[${'{},'.repeat(many)}0]`,
      `[${'[[[]]],'.repeat(many / 4)}0]`,
      `{"a":[${'0,'.repeat(many)}0]}`,
    ])
      expect(() => parseJson(text)).toThrow(`more than ${many} values`);
    expect(parseJson('[[],[{}],0]')).toEqual([[], [{}], 0]);
    // Commas and brackets in texts are none.
    expect(parseJson(JSON.stringify([',['.repeat(many)]))).toHaveLength(1);
  });
});

describe('files of lines', () => {
  it('of nothing but lines are refused before they are held, whoever reads them', () => {
    const path = join(root, 'empty.jsonl');
    writeFileSync(path, '\n'.repeat(MOST_LINES + 1));
    const refused = `expected at most ${MOST_LINES} lines, got more`;
    expect(() => linesOfFile(path, 1e9)).toThrow(refused);
    expect(() => readRecords(path)).toThrow(refused);
    expect(() => openMetricsLog(path)).toThrow(refused);
    expect(linesOf(diskFolder(root), 'empty.jsonl')).toBeUndefined();
    writeFileSync(path, '\n'.repeat(1000));
    expect(linesOfFile(path, 1e9)).toHaveLength(1001);
    expect(linesOf(diskFolder(root), 'empty.jsonl')).toHaveLength(1000);
  });
  it('of evidence count as they unpack, all together', async () => {
    const folder = join(root, 'evidence-folder');
    mkdirSync(folder);
    const row = (i: number) => `${JSON.stringify({ promptId: `p${i}`, attack: 'a', budget: 1, success: null })}\n`;
    const rows = Array.from({ length: 2000 }, (_, i) => row(i)).join('');
    writeFileSync(join(folder, 'attacks.jsonl'), gzipSync(rows));
    expect((await loadEvidence(folder)).attacks).toHaveLength(2000);
    await expect(loadEvidence(folder, undefined, { characters: rows.length / 2 })).rejects.toThrow(
      /attacks\.jsonl:\d+: expected at most \d+ characters of evidence/,
    );
  });
});

describe('settings of probes in a run folder', () => {
  it('have whoever verifies compute no more often than a probe is worth', () => {
    for (const id of PROBE_IDS) {
      const { params } = probeOf(id);
      const counts = Object.entries(params.parse({})).filter(([, value]) => Number.isInteger(value));
      // What is demanded at least is compared, and costs nothing.
      for (const [key] of counts.filter(([name]) => !['concern', 'failure'].includes(name)))
        expect({ id, key, bounded: !params.safeParse({ [key]: 1e9 }).success }).toEqual({
          id,
          key,
          bounded: !key.startsWith('least'),
        });
    }
  });
});

describe('groups of a population', () => {
  const { judgments, raters } = EVIDENCE;
  const evidence = (groups: number, attributes = 1) => {
    const ids = Array.from({ length: 2 * groups }, (_, i) => `r${i}`);
    const names = Array.from({ length: attributes }, (_, i) => `attribute-${i}`);
    const value = (i: number) => `value-${i >> 1}`;
    return {
      raters: ids.map((id, i) => ({
        ...raters.example,
        id,
        demographics: Object.fromEntries(names.map((name) => [name, value(i)])),
      })),
      judgments: ids.map((raterId, i) => ({ ...judgments.example, id: `j${i}`, itemId: `item-${i % 30}`, raterId })),
      population: names.flatMap((attribute) =>
        Array.from({ length: groups }, (_, g) => ({ attribute, value: value(2 * g), share: 1 / groups })),
      ),
    };
  };
  it('are so many: every two of them are compared on every item', () => {
    const because = (...given: Parameters<typeof evidence>) =>
      runProbe(probeOf('representation'), evidence(...given), { seed: 1 }).because;
    expect([because(300), because(3, 21)]).toEqual(['too-many-groups', 'too-many-groups']);
    expect(because(40)).not.toMatch(/too-many|missing/);
  });
});

describe('claims', () => {
  it('are so many, with so many time stamps each, and the log is walked once for all of them', () => {
    const folder = join(root, 'claimed');
    mkdirSync(join(folder, 'disclosure'), { recursive: true });
    writeFileSync(join(folder, 'disclosure/claims.jsonl'), '{}\n'.repeat(1001));
    expect(() => readClaims(diskFolder(folder))).toThrow(/expected at most 1000 claims, got 1001/);
    const stamp = { signedTimestamp: 'AAAA' };
    const issue = bundleSchema
      .safeParse({
        verificationMaterial: {
          timestampVerificationData: { rfc3161Timestamps: Array.from({ length: 17 }, () => stamp) },
        },
      })
      .error!.issues.find(({ path }) => path.includes('rfc3161Timestamps'));
    expect(issue?.code).toBe('too_big');
    const leaves = Array.from({ length: 70 }, (_, i) => merkleLeaf(Buffer.from([i])));
    const counts = new Set(Array.from({ length: 72 }, (_, i) => i));
    const due = new Map(Array.from({ length: 71 }, (_, n) => [n, merkleRootOf(leaves.slice(0, n))]));
    expect(merkleRootsOf(leaves, counts)).toEqual(due);
  });
});

describe('sizes of a model in a run folder', () => {
  const spec = { vocabulary: 8, width: 4, layers: 1, heads: 1, feedForward: 4, maxContext: 8, seed: 1 };
  it('are those that some model has, before anything is listed by them', () => {
    const folder = join(root, 'checkpoint');
    writeCheckpoint(folder, freshState(spec));
    expect(readCheckpoint(folder).spec).toEqual(spec);
    const card = join(folder, 'state.json');
    const honest = JSON.parse(readFileSync(card, 'utf8')) as object;
    for (const change of [{ layers: 1e15 }, { layers: '1' }, { heads: 0 }, { vocabulary: 1e300 }, { width: null }]) {
      writeFileSync(card, canonicalJson({ ...honest, spec: { ...spec, ...change } }));
      expect(() => readCheckpoint(folder)).toThrow(/expected a whole checkpoint folder, got .*spec/);
    }
    expect(modelSpecSchema.safeParse({ ...spec, layers: MODEL_LIMITS.layers + 1 }).success).toBe(false);
  });
});

interface Call {
  readonly type?: string;
  readonly callee?: { readonly object?: { readonly name?: string }; readonly property?: { readonly name?: string } };
  readonly arguments?: readonly { readonly type?: string }[];
}

/** Calls of Math.max and Math.min with a list for arguments. */
function spreadsIn(file: string): number {
  const text = readFileSync(file, 'utf8');
  if (!/Math\.(max|min)\(/.test(text) || !text.includes('...')) return 0;
  let found = 0;
  const left: unknown[] = [parseSync(file, text).program];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (typeof node !== 'object' || node === null) continue;
    const { type, callee, arguments: given = [] } = node as Call;
    if (type === 'CallExpression' && callee?.object?.name === 'Math')
      if (/^(max|min)$/.test(callee.property?.name ?? '') && given.some((one) => one.type === 'SpreadElement'))
        found += 1;
    for (const part of Object.values(node)) if (part !== null) left.push(part);
  }
  return found;
}

/** Parts that compute with whole files of a stranger's. */
const PARTS = /^(audit|stats|report|pipeline|disclosure)\//;
/** Files of these in which the list is short whatever the data are: probes, members, answers to one item, readings of one thing. */
const SHORT: Readonly<Record<string, number>> = {
  'audit/probes/goal-misgeneralisation.ts': 1,
  'audit/probes/hidden-view.ts': 1,
  'audit/probes/mode-collapse.ts': 1,
  'audit/probes/type-reversal.ts': 2,
  'audit/suspects.ts': 2,
  'pipeline/labels.ts': 1,
  'pipeline/stages/best-of-n.ts': 2,
  'stats/preference-groups.ts': 1,
};

describe('lists as arguments', () => {
  it('are short: a long one ends the process', () => {
    const many = new Float64Array(500_000).map((_, i) => i);
    expect([largest(many), smallest(many), largest([]), smallest([])]).toEqual([499_999, 0, -Infinity, Infinity]);
    expect(linearAxis([...many], [0, 1]).ticks.length).toBeGreaterThan(2);
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
      (name) =>
        PARTS.test(name.replaceAll('\\', '/')) && /\.tsx?$/.test(name) && !/\.(test|fake|contract)\.tsx?$/.test(name),
    );
    const found = files.map((name) => [name, spreadsIn(join('src', name))] as const).filter(([, count]) => count > 0);
    expect(Object.fromEntries(found)).toEqual(SHORT);
  });
});
