import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sealRun } from '../disclosure/node.ts';
import type { Item } from '../feedback/index.ts';
import { runForTest as run } from './command.fake.ts';
import { TINY } from './tiny-run.fake.ts';

/** What a run's stages promise each other and whoever takes the run up: from one run of all of them, copied. */
const folder = mkdtempSync(join(tmpdir(), 'goodhart-stages-'));
process.env.GOODHART_CACHE = join(folder, 'cache');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const config = join(folder, 'tiny.yaml');
const SETTINGS = [
  ...['--set', 'reward.family=transformer', '--set', 'reward.epochs=1', '--set', 'rounds=2'],
  ...['--set', 'audit.prompts=2', '--set', 'policy.bestOf=[2]'],
  ...['--set', 'policy.variants.careful={ risk: min, monitor: { rule: kl-budget, nats: 1000 } }'],
  ...['--set', 'policy.variants.reckless={ learningRate: 0.05, monitor: { rule: kl-budget, nats: 0.01 } }'],
];
const out = join(folder, 'whole');
const text = (at: string, file: string) => readFileSync(join(at, file), 'utf8');
const json = (at: string, file: string) => JSON.parse(text(at, file)) as never;
const rows = <T>(at: string, file: string) =>
  text(at, file)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
interface RunRecord {
  readonly type: string;
  readonly body: { readonly name?: string };
}
const records = (at: string) => rows<RunRecord>(at, 'records.jsonl');
const stages = (at: string) => records(at).flatMap(({ type, body }) => (type === 'stage' ? [body.name!] : []));
const copyOf = (name: string) => {
  const at = join(folder, name);
  cpSync(out, at, { recursive: true });
  return at;
};
const resume = (at: string, ...more: string[]) =>
  run('run', config, '--out', at, '--resume', '--quiet', ...SETTINGS, ...more);

beforeAll(async () => {
  writeFileSync(config, TINY);
  expect(await run('run', config, '--out', out, '--quiet', ...SETTINGS)).toMatchObject({ code: 0, err: '' });
}, 120_000);

describe('a run of two rounds', () => {
  it('keeps the first in a folder of its own, and asks about the policy of the first in the second', () => {
    const before = rows<Item>(out, 'rounds/1/feedback/items.jsonl');
    const after = rows<Item>(out, 'feedback/items.jsonl');
    expect(after.slice(0, before.length)).toEqual(before);
    const origins = (items: Item[]) => [...new Set(items.map(({ source }) => source.origin))];
    expect(origins(before)).toEqual(['base model, step 0']);
    expect(origins(after.slice(before.length))).toEqual(['policy of round 1, step 4']);
    expect(after.at(-1)!.source.sampling).toMatchObject({ run: 'tiny', round: 1, step: 4 });
    expect(new Set(after.map(({ id }) => id)).size).toBe(after.length);
    const judged = rows(out, 'feedback/judgments.jsonl').length;
    expect(judged).toBe(2 * rows(out, 'rounds/1/feedback/judgments.jsonl').length);
    const sides = new Map(after.map(({ prompt, strata }) => [prompt, strata!.split]));
    expect(after.filter(({ prompt, strata }) => sides.get(prompt) !== strata!.split)).toEqual([]);
    const { rounds } = json(out, 'results.json') as { rounds: { round: number; judgments: number }[] };
    expect(rounds.map(({ round, judgments }) => [round, judgments])).toEqual([[1, judged / 2]]);
  });
  it('supplies what the probes of the policy ask for: the trigger, attributes, utilities, and an optimum beside it', () => {
    const exact = json(out, 'policy/exact.json') as { listedMass: number; optimum: { kl: number; achieved: number[] } };
    expect(exact.optimum.achieved.length).toBeGreaterThan(0);
    // A network of so few steps says little that the harbour lists: its optimum is no evidence.
    expect(exact.listedMass).toBeLessThan(0.5);
    expect(existsSync(join(out, 'evidence/optimisation-runs.jsonl'))).toBe(false);
    const triggered = rows<{ trigger: boolean; promptId: string }>(out, 'evidence/trigger-replies.jsonl');
    const asked = (trigger: boolean) =>
      new Set(triggered.filter((row) => row.trigger === trigger).map(({ promptId }) => promptId));
    expect(asked(true).size).toBeGreaterThan(0);
    expect(asked(true)).toEqual(asked(false));
    const findings = json(out, 'findings.json') as { probe: string; because: string }[];
    for (const id of ['backdoor', 'exploitability', 'inherited-bias'])
      expect(findings.find(({ probe }) => probe === id)!.because).not.toBe('missing-evidence');
  });
  it('has every optimisation in evidence and results, on prompts that it was not trained on', () => {
    const points = rows<{ method: string; split: string }>(out, 'evidence/optimisation-path.jsonl');
    expect([...new Set(points.map(({ method }) => method))]).toEqual(['rloo', 'careful', 'reckless', 'best-of-n']);
    expect(new Set(points.map(({ split }) => split))).toEqual(new Set(['evaluation']));
    const { ends, variants } = json(out, 'results.json') as {
      ends: { method: string; after: { split: string }[] }[];
      variants: Record<string, unknown[]>;
    };
    expect(ends.map(({ method, after }) => [method, after.map(({ split }) => split)])).toEqual([
      ['rloo', ['evaluation', 'deploy']],
      ['careful', ['evaluation', 'deploy']],
      ['reckless', ['evaluation', 'deploy']],
    ]);
    expect(Object.keys(variants)).toEqual(['careful', 'reckless']);
    const train = new Set(
      rows<{ text: string; split: string }>(out, 'prompts.jsonl').flatMap((p) => (p.split === 'train' ? [p.text] : [])),
    );
    const { last } = json(out, 'policy/evaluation.json') as { last: { prompt: string }[] };
    expect(last.filter(({ prompt }) => train.has(prompt))).toEqual([]);
  });
  it('goes back where a rule ends an optimisation, and says why', () => {
    const { ends } = json(out, 'results.json') as {
      ends: {
        method: string;
        step: number;
        stopped: { step: number; reason: string };
        before: object;
        after: object;
      }[];
    };
    const reckless = ends.find(({ method }) => method === 'reckless')!;
    expect(reckless).toMatchObject({ step: 0, stopped: { step: 2 } });
    expect(reckless.stopped.reason).toMatch(/nats/);
    expect(reckless.after).toEqual(reckless.before);
    const { checkpoint } = json(out, 'policy/reckless/evaluation.json') as { checkpoint: string };
    expect(existsSync(join(out, checkpoint, 'state.json'))).toBe(true);
  });
  it('says what training did while it happened, stage by stage', () => {
    const said = rows<{ stage: string; step: number }>(out, 'metrics.jsonl');
    const steps = (stage: string) => said.filter((row) => row.stage === stage).map(({ step }) => step);
    expect(steps('base').length).toBe(12);
    expect(steps('policy')).toEqual([1, 2, 3, 4]);
    expect(steps('policy/careful')).toEqual([1, 2, 3, 4]);
    expect(steps('rounds/1/policy')).toEqual([1, 2, 3, 4]);
    for (const member of ['reward 1/2', 'reward 2/2']) expect(steps(member).length).toBeGreaterThan(0);
  });
});

describe('taking a run up', () => {
  it('runs nothing when nothing changed', async () => {
    const at = copyOf('same');
    expect((await resume(at)).code).toBe(0);
    expect(stages(at)).toEqual(stages(out));
  });
  it.each([
    ['feedback/raters.jsonl', 'feedback'],
    ['evidence/scored-replies.jsonl', 'audit'],
    ['metrics.jsonl', 'policy/reckless'],
  ])('makes %s again where it was damaged, and what it makes is the same', async (file, stage) => {
    const at = copyOf(`damaged-${stage.replace('/', '-')}`);
    const before = text(out, file);
    const lines = before.trimEnd().split('\n');
    writeFileSync(join(at, file), `${lines.slice(0, -1).join('\n')}\n`);
    expect(await resume(at)).toMatchObject({ code: 0, err: '' });
    expect(text(at, file)).toBe(before);
    expect(stages(at).slice(stages(out).length)).toEqual([stage]);
    expect((await run('verify', at)).code).toBe(0);
  });
  it('ends with the curves of a run left alone, whatever was said after the last checkpoint', async () => {
    const at = copyOf('curves');
    const log = text(out, 'records.jsonl').split('\n');
    // The log ends with the first checkpoint of the last optimisation; the curves go on, and end in half a line.
    const cut = log.findIndex((line) => line.includes('"folder":"checkpoints/policy-careful-2"'));
    writeFileSync(join(at, 'records.jsonl'), `${log.slice(0, cut + 1).join('\n')}\n`);
    const said = text(out, 'metrics.jsonl').trimEnd().split('\n');
    const end = said.findIndex((line) => line.includes('"policy/careful","step":4'));
    expect(end).toBeGreaterThan(0);
    writeFileSync(join(at, 'metrics.jsonl'), `${said.slice(0, end).join('\n')}\n{"stage":"policy/ca`);
    for (const gone of ['policy/best-of-n.json', 'findings.json', 'disclosure'])
      rmSync(join(at, gone), { recursive: true });
    expect((await resume(at)).code).toBe(0);
    expect(text(at, 'metrics.jsonl')).toBe(text(out, 'metrics.jsonl'));
    expect(text(at, 'policy/careful/evaluation.json')).toBe(text(out, 'policy/careful/evaluation.json'));
  });
  it('goes on with other versions only where that is asked for, and says so in records and report', async () => {
    const at = copyOf('versions');
    const begun = json(at, 'run.json') as { versions: Record<string, string> };
    writeFileSync(
      join(at, 'run.json'),
      JSON.stringify({ ...begun, versions: { ...begun.versions, node: 'v0.0.1' } }, null, 2),
    );
    const refused = await resume(at);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.err).toMatch(/expected node v0\.0\.1, .* got v\d.*--other-versions/);
    expect(text(at, 'records.jsonl')).toBe(text(out, 'records.jsonl'));
    const { code, err } = await resume(at, '--other-versions');
    expect(code).toBe(0);
    expect(err).toMatch(/worked on with node v0\.0\.1 and goes on with v\d/);
    expect(records(at).some(({ type }) => type === 'run-resumed')).toBe(true);
    const said = JSON.stringify(json(at, 'report.json'));
    expect(said).toContain(JSON.stringify(['node', `v0.0.1, then ${process.version}`]));
    expect((await run('verify', at)).code).toBe(0);
  });
});

describe('disclosing again', () => {
  const declare = (name: string, extra: string) => {
    const path = join(folder, name);
    writeFileSync(path, `declarations: { D11: { text: weekly review, author: A, date: 2026-01-01${extra} } }`);
    return path;
  };
  it('is a record of the run, and every seal after it holds', async () => {
    const at = copyOf('disclosed');
    const plan = ', plan: [{ what: read samples, owner: B, by: 2026-03-01, watches: kl }]';
    const { code, out: shown } = await run('disclose', at, '--declarations', declare('people.yaml', plan));
    expect(code).toBe(0);
    expect(shown).toMatch(/D11 +◐ declared by a person/);
    expect(
      records(at)
        .slice(records(out).length)
        .map(({ type }) => type),
    ).toEqual(['disclosed', 'stage']);
    expect((await run('verify', at)).code).toBe(0);
    expect(text(at, 'report.html')).toMatch(/weekly review read samples \(B, by 2026-03-01, watching kl\)/);
    expect(text(at, 'report.html')).toMatch(/watched, kl, overdone runs of the lab that it warned of in time/);
    // A declaration that the records do not know is none.
    const disclosure = text(at, 'disclosure/disclosure.json').replace('weekly review', 'daily review');
    writeFileSync(join(at, 'disclosure/disclosure.json'), disclosure);
    sealRun(at);
    expect((await run('verify', at)).out).toMatch(/✗ disclosure\/disclosure\.json recomputed/);
  });
  it('refuses what is about other data, and what the evidence contradicts, and changes nothing', async () => {
    const at = copyOf('refused');
    const other = await run('disclose', at, '--declarations', declare('other.yaml', ", data: 'sha256 of others'"));
    expect(other).toMatchObject({ code: 2 });
    expect(other.err).toMatch(/D11: is about data sha256 of others, but the data of this run are ground:harbour/);
    const claim = ', claims: [{ file: results.json, pointer: /judgments, value: 1.00 }]';
    expect((await run('disclose', at, '--declarations', declare('wrong.yaml', claim))).err).toMatch(/claims 1\.00 for/);
    const undated = ', plan: [{ what: read samples, owner: B, by: soon }]';
    expect(await run('disclose', at, '--declarations', declare('undated.yaml', undated))).toMatchObject({ code: 2 });
    expect(text(at, 'records.jsonl')).toBe(text(out, 'records.jsonl'));
    expect((await run('verify', at)).code).toBe(0);
  });
});

describe('verifying', () => {
  it('fails for a finding that was left out, one that was added, and a stage without a record', async () => {
    const at = copyOf('forged');
    const findings = json(out, 'findings.json') as object[];
    const forge = async (forged: readonly object[]) => {
      writeFileSync(join(at, 'findings.json'), JSON.stringify(forged));
      sealRun(at);
      return (await run('verify', at)).out;
    };
    expect(await forge(findings.slice(1))).toMatch(/✗ findings\.json recomputed/);
    expect(await forge([...findings, findings[0]!])).toMatch(/✗ findings\.json recomputed/);
    expect(await forge(findings)).toMatch(/✗ stage audit: files differ/);
    // Nobody puts a seal under it either.
    const sealed = text(at, 'disclosure/seal.json');
    const { code, err } = await run('disclose', at);
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringMatching(/stage audit: files differ/) });
    expect(text(at, 'disclosure/seal.json')).toBe(sealed);
  });
});

describe('asking the policy of a finished run', () => {
  it('gives items that name the snapshot, the same when asked again, and a store takes them', async () => {
    const store = join(folder, 'team.db');
    const items = join(folder, 'sampled.jsonl');
    const ask = (...more: string[]) => run('policy', 'sample', out, '--prompts', '5', '--quiet', ...more);
    expect((await ask('--out', items)).code).toBe(0);
    const sampled = rows<Item>(folder, 'sampled.jsonl');
    expect(sampled.length).toBeGreaterThan(0);
    const { source, replies } = sampled[0]!;
    expect(source.origin).toBe('policy of run tiny, step 4');
    expect(source.sampling).toMatchObject({ run: 'tiny', step: 4, seed: 1 });
    expect(new Set(replies.map((reply) => reply.text)).size).toBe(2);
    const project = join(folder, 'project.yaml');
    writeFileSync(
      project,
      'id: p\nname: P\ncreatedAt: 2026-01-01\nquestions: [{ id: q, title: Which?, kind: comparison }]\n',
    );
    expect((await run('store', 'create', project, '--store', store)).code).toBe(0);
    const into = ['--project', 'p', '--store', store];
    expect((await ask(...into)).out).toMatch(new RegExp(`${sampled.length} items added to project p`));
    expect((await ask(...into)).out).toMatch(/0 items added to project p, \d+ were there/);
    expect((await ask('--variant', 'careful', ...into)).out).toMatch(/items added/);
    expect((await ask()).err).toMatch(/expected --project or --out/);
    expect((await ask('--variant', 'bold', ...into)).err).toMatch(
      /no variant bold of the policy; the run has careful, reckless/,
    );
    rmSync(join(copyOf('unsealed'), 'disclosure/seal.json'));
    const unsealed = await run('policy', 'sample', join(folder, 'unsealed'), '--out', items);
    expect(unsealed).toMatchObject({ code: 2 });
    expect(unsealed.err).toMatch(/expected a finished run/);
    expect(existsSync(items)).toBe(true);
  });
});
