import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { sealRun } from '../disclosure/node.ts';
import { runForTest as run } from './command.fake.ts';
import { progressLine } from './terminal.ts';
import { TINY } from './tiny-run.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-cli-'));
process.env.GOODHART_CACHE = join(folder, 'cache');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, data: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, data);
  return path;
};

/** The executable, unbuilt. */
const MAIN = `import { main } from ${JSON.stringify(new URL('./main.ts', import.meta.url).href)};\nawait main(process.argv);\n`;

describe('the whole loop from the command line', () => {
  const config = () => write('tiny.yaml', TINY);
  const out = join(folder, 'run');
  it('ends with findings, disclosure and a seal that verifies', async () => {
    const { code, out: text, err } = await run('run', config(), '--out', out);
    expect({ code, err: err.split('\n').filter((l) => l.startsWith('goodhart:')) }).toEqual({ code: 0, err: [] });
    expect(text).toMatch(/Krippendorff/);
    expect(text).toMatch(/D11 +○ missing/);
    const lines = async (...more: string[]) => (await run('verify', out, ...more)).out.split('\n').length;
    expect((await run('verify', out)).code).toBe(0);
    expect(await lines('--all')).toBeGreaterThan(await lines());
    const results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
    expect(results.policy.map((p: { step: number }) => p.step)).toEqual([0, 2, 4]);
    expect(JSON.parse(readFileSync(join(out, 'findings.json'), 'utf8')).length).toBeGreaterThanOrEqual(23);
  });
  it.each(['transformer', 'log-ratio'])(
    'a %s reward runs the same loop, and where a rule goes back it verifies',
    async (family) => {
      const out = join(folder, family);
      const reward = `reward={ family: ${family}, members: 2, epochs: 1, risk: min }`;
      const settings = [reward, 'policy.learningRate=0.05', 'policy.monitor={ rule: kl-budget, nats: 1e-6 }'];
      const set = settings.flatMap((setting) => ['--set', setting]);
      expect((await run('run', config(), '--out', out, ...set)).code).toBe(0);
      const path = JSON.parse(readFileSync(join(out, 'policy/evaluation.json'), 'utf8'));
      expect(path.stopped.step).toBeGreaterThan(path.finalStep);
      // A network's numbers depend on what stands beside them in a pass: an end is the point of the path that it is.
      const { code, out: checks } = await run('verify', out);
      expect({ code, checks }).toEqual({ code: 0, checks: expect.stringMatching(/^\d+ of \d+ checks passed/) });
      const card = JSON.parse(readFileSync(join(out, 'reward/model/card.json'), 'utf8'));
      expect([card.members[0].family, card.risk]).toEqual([family, 'min']);
    },
  );
  it('the same seed gives the same evidence, and an interrupted run resumes to it', async () => {
    const again = join(folder, 'again');
    const stopped = join(folder, 'stopped');
    expect((await run('run', config(), '--out', again)).code).toBe(0);
    // A run cut off in the middle of optimisation: the log ends with the first checkpoint.
    expect((await run('run', config(), '--out', stopped)).code).toBe(0);
    const log = readFileSync(join(stopped, 'records.jsonl'), 'utf8').split('\n');
    const cut = log.findIndex((line) => line.includes('policy-checkpoint'));
    writeFileSync(join(stopped, 'records.jsonl'), `${log.slice(0, cut + 1).join('\n')}\n{"seq":`);
    for (const path of ['findings.json', 'report.html', 'disclosure', 'evidence'])
      rmSync(join(stopped, path), { recursive: true });
    expect((await run('run', config(), '--out', stopped, '--resume')).code).toBe(0);
    for (const path of [
      'findings.json',
      'results.json',
      'evidence/optimisation-path.jsonl',
      'feedback/judgments.jsonl',
    ]) {
      const original = readFileSync(join(out, path), 'utf8');
      expect({ path, same: readFileSync(join(again, path), 'utf8') === original }).toEqual({ path, same: true });
      expect({ path, same: readFileSync(join(stopped, path), 'utf8') === original }).toEqual({ path, same: true });
    }
  });
  it.each([
    ['when its stage was cut off', 1],
    ['when its stage was done', 2],
  ])(
    'a torn checkpoint is passed over for the one before, with a line, and the run ends the same: %s',
    async (...row) => {
      const kept = row[1];
      const torn = join(folder, `torn-${kept}`);
      cpSync(out, torn, { recursive: true });
      const log = readFileSync(join(torn, 'records.jsonl'), 'utf8').split('\n');
      const cut = log.findLastIndex((line) => line.includes('policy-checkpoint'));
      writeFileSync(join(torn, 'records.jsonl'), `${log.slice(0, cut + kept).join('\n')}\n`);
      expect(log[cut + 1]).toContain('"name":"policy"');
      for (const path of ['findings.json', 'report.html', 'disclosure', ...(kept === 1 ? ['evidence'] : [])])
        rmSync(join(torn, path), { recursive: true });
      const last = join(torn, 'checkpoints/policy-4');
      const binary = readdirSync(last).find((file) => file.endsWith('.bin'))!;
      writeFileSync(join(last, binary), readFileSync(join(last, binary)).subarray(0, 100));
      const { code, err } = await run('run', config(), '--out', torn, '--resume', '--quiet');
      expect({ code, lines: err.trim().split('\n').length }).toEqual({ code: 0, lines: 1 });
      expect(err).toMatch(/policy-4: the checkpoint is torn or altered.*; going on from .*policy-2$/m);
      for (const path of ['results.json', 'evidence/optimisation-path.jsonl', join('checkpoints/policy-4', binary)]) {
        const same = readFileSync(join(torn, path)).equals(readFileSync(join(out, path)));
        expect({ path, same }).toEqual({ path, same: true });
      }
    },
  );
  it('a number forged and sealed anew still fails: it is computed again from its sources', async () => {
    const forged = join(folder, 'forged');
    cpSync(out, forged, { recursive: true });
    // One digit of the first fraction in each file that others of the folder determine.
    for (const file of [
      'feedback/report.json',
      'feedback/labels.jsonl',
      'reward/evaluation.json',
      'policy/evaluation.json',
      'evidence/optimisation-path.jsonl',
      'metrics.jsonl',
      'results.json',
      'report.json',
      'disclosure/disclosure.json',
    ]) {
      const path = join(forged, file);
      const text = readFileSync(path, 'utf8');
      const at = text.search(/\d\.\d*[1-8]/) + 2;
      const digit = text.slice(at).search(/[1-8]/) + at;
      writeFileSync(path, `${text.slice(0, digit)}9${text.slice(digit + 1)}`);
      sealRun(forged);
      const { code, out: checks } = await run('verify', forged);
      expect({ file, code, digest: /digest differs/.test(checks) }).toEqual({ file, code: 1, digest: false });
      writeFileSync(path, text);
    }
    sealRun(forged);
    expect((await run('verify', forged)).code).toBe(0);
  });
  it('a base model that is damaged in the cache is trained again', async () => {
    const cache = join(folder, 'cache');
    for (const name of readdirSync(cache)) {
      const base = join(cache, name, 'checkpoints/base');
      const path = join(base, readdirSync(base).find((file) => file.endsWith('.bin'))!);
      writeFileSync(path, readFileSync(path).subarray(0, -1));
    }
    const mended = join(folder, 'mended');
    expect((await run('run', config(), '--out', mended)).code).toBe(0);
    const file = 'evidence/reply-samples.jsonl';
    expect(readFileSync(join(mended, file), 'utf8')).toBe(readFileSync(join(out, file), 'utf8'));
  });
  it('a number that is not finite stops training: tensor, step and last good checkpoint in one line', async () => {
    const broken = join(folder, 'broken');
    const { code, err } = await run('run', config(), '--out', broken, '--quiet', '--set', 'policy.learningRate=1e30');
    expect({ code, lines: err.trim().split('\n').length }).toEqual({ code: 2, lines: 1 });
    expect(err).toMatch(/(loss|logits|logprobs|activations|grad:\S+)( at step \d+)?: .*lower policy\.learningRate/);
    expect(err).toMatch(/last good checkpoint is .*checkpoints\/base/);
    expect(existsSync(join(broken, 'disclosure'))).toBe(false);
  });
  it('Ctrl-C in the middle of optimisation says how to go on, and a resumed run ends as if nothing had happened', async () => {
    const [stopped, script] = [join(folder, 'interrupted'), write('main.mjs', MAIN)];
    const child = spawn(process.execPath, ['--import', 'tsx', script, 'run', config(), '--out', stopped], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let err = '';
    child.stderr.on('data', (data) => {
      if (!err.includes('policy ') && String(data).includes('policy ')) child.kill('SIGINT');
      err += data;
    });
    const [code, signal] = await once(child, 'close');
    expect({ code, signal, aborted: err.includes('terminate called') }).toEqual({
      code: null,
      signal: 'SIGINT',
      aborted: false,
    });
    expect(err).toMatch(/goodhart: interrupted; .*continue with: goodhart run .* --resume\n$/);
    expect(existsSync(join(stopped, 'disclosure'))).toBe(false);
    expect((await run('run', config(), '--out', stopped, '--resume')).code).toBe(0);
    for (const file of ['findings.json', 'results.json', 'evidence/optimisation-path.jsonl']) {
      const same = readFileSync(join(stopped, file), 'utf8') === readFileSync(join(out, file), 'utf8');
      expect({ file, same }).toEqual({ file, same: true });
    }
  });
  it('reads its own folders: audit, feedback report, disclose, verify after a change', async () => {
    expect((await run('audit', out, '--json')).out).toBe(
      `${JSON.stringify(JSON.parse(readFileSync(join(out, 'findings.json'), 'utf8')))}\n`,
    );
    const asked = async (...args: string[]) => {
      const { code, err } = await run('audit', ...args, '--quiet');
      return { code, lines: err.trim().split('\n').length, err };
    };
    expect(await asked(join(folder, 'no-such-run'), '--seed', '1', '--fail-on', 'concern')).toMatchObject({
      code: 2,
      lines: 1,
    });
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    expect(await asked(empty)).toMatchObject({ code: 2, err: expect.stringMatching(/expected evidence/) as string });
    expect(await asked(out, '--require', 'P4')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/P4 required, not assessed/) as string,
    });
    expect(await asked(out, '--require', 'R44')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/did you mean R4/) as string,
    });
    expect(await asked(out, '--set', 'poisoning.concerm=1')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/did you mean/) as string,
    });
    const lone = join(folder, 'lone');
    mkdirSync(lone);
    cpSync(join(out, 'evidence/optimisation-path.jsonl'), join(lone, 'optimisation-path.jsonl'));
    expect(await asked(lone)).toMatchObject({ code: 0 });
    expect((await run('feedback', 'report', join(out, 'feedback'))).out).toMatch(
      /Judgments +\d+ on \d+ items by 4 raters/,
    );
    const people = write('people.yaml', 'declarations: { D11: { text: weekly review, author: A, date: 2026-01-01 } }');
    expect((await run('disclose', out, '--declarations', people)).out).toMatch(/D11 +◐ declared by a person/);
    expect((await run('verify', out)).code).toBe(0);
    writeFileSync(join(out, 'results.json'), readFileSync(join(out, 'results.json'), 'utf8').replace('0', '1'));
    const { code, err } = await run('verify', out);
    expect(code).toBe(1);
    expect(err).toMatch(/^goodhart: verify: \d+ of \d+ checks failed/);
  });
});

const pair = (i: number) =>
  JSON.stringify({
    chosen: `\n\nHuman: q${i}\n\nAssistant: fine ${i}`,
    rejected: `\n\nHuman: q${i}\n\nAssistant: rude ${i}`,
  });

describe('projects and reward models', () => {
  it('imports, fits, evaluates and scores', async () => {
    const data = write('pairs.jsonl.gz', gzipSync(Array.from({ length: 40 }, (_, i) => pair(i)).join('\n')));
    const [project, model] = [join(folder, 'project'), join(folder, 'model')];
    expect((await run('import', 'dialogue-pairs', data, '--out', project)).out).toMatch(/40 items and 40 judgments/);
    expect((await run('reward', 'fit', project, '--out', model, '--ridge', '1')).code).toBe(0);
    expect(JSON.parse((await run('reward', 'eval', model, project, '--json')).out).overall.accuracy).toBe(1);
    const scores = JSON.parse((await run('reward', 'score', model, '--prompt', 'q', 'fine', 'rude', '--json')).out);
    expect(scores[0].mean).toBeGreaterThan(scores[1].mean);
  });
});

describe('mistakes are one line and exit code 2, with nothing half-written', () => {
  const recipe = (text: string) => write('bad.yaml', text);
  const dialogues = (path: string) => `name: x\ndata: { layout: import, format: hh-rlhf, path: ${path} }\n`;
  const cases: [string, () => string, RegExp][] = [
    ['malformed JSON', () => dialogues(write('a.jsonl', `${pair(1)}\n{"chosen"`)), /a\.jsonl:2: expected a JSON value/],
    [
      'a wrong field',
      () => dialogues(write('b.jsonl', '{"chosen":"x","rejected":3}')),
      /b\.jsonl:1: rejected: .*expected string/,
    ],
    [
      'a truncated gzip',
      () => dialogues(write('c.gz', gzipSync(pair(1).repeat(99)).subarray(0, 40))),
      /c\.gz:1: expected a whole gzip file/,
    ],
    ['an empty file', () => dialogues(write('d.jsonl', '')), /d\.jsonl: expected records, got an empty file/],
    [
      'a byte that is not UTF-8',
      () => dialogues(write('e.jsonl', Uint8Array.of(0xff, 10))),
      /e\.jsonl:1: expected UTF-8/,
    ],
    [
      'a line of 10 MB',
      () => dialogues(write('f.jsonl', 'x'.repeat(10_000_000))),
      /f\.jsonl:1: expected at most \d+ bytes/,
    ],
    ['a missing file', () => dialogues(join(folder, 'nowhere.jsonl')), /nowhere\.jsonl: no such file/],
    [
      'an unknown key',
      () => 'name: x\ndata: { layout: ground, ground: harbour }\nfeedback: { pears: 3 }',
      /unknown key feedback\.pears; did you mean pairs/,
    ],
    ['an unknown rater', () => `${TINY}`.replace('noisy: 4', 'nosy: 4'), /unknown kind nosy; did you mean noisy/],
    [
      'no base for a policy',
      () => 'name: x\ndata: { layout: ground, ground: harbour }\npolicy: {}',
      /add (base|feedback): \{\}/,
    ],
    ['no raters', () => TINY.replace('noisy: 4', 'noisy: 0'), /feedback\.raters: expected at least one rater/],
    ['a width that heads do not divide', () => TINY.replace('width: 16', 'width: 18'), /multiple of twice base\.heads/],
    [
      'simulated feedback on real judgments',
      () => `${dialogues(write('g.jsonl', pair(1)))}base: {}\nfeedback: {}`,
      /brings its own judgments; remove feedback/,
    ],
    [
      'a policy where strata are left out in turn',
      () =>
        'name: x\ndata: { layout: import, format: ukp, path: x, holdout: { leaveOut: topic } }\nbase: {}\npolicy: {}',
      /holds out no prompts; hold out a share/,
    ],
  ];
  it.each(cases)('%s', async (_, text, message) => {
    const out = join(folder, `bad-${Math.abs(text().length)}`);
    const { code, err } = await run('run', recipe(text()), '--out', out, '--quiet');
    expect({ code, lines: err.trim().split('\n').length }).toEqual({ code: 2, lines: 1 });
    expect(err).toMatch(message);
    expect(err).not.toMatch(/ {4}at /);
    const left = existsSync(out) ? readdirSync(out) : [];
    expect(left.filter((name) => ['disclosure', 'findings.json', 'report.html'].includes(name))).toEqual([]);
    rmSync(out, { recursive: true, force: true });
  });
  it('duplicate ids name the line', async () => {
    const item = {
      id: 'i',
      projectId: 'p',
      prompt: 'q',
      replies: [{ id: 'a', text: 'x' }],
      source: { origin: 'o', selection: 's' },
    };
    const project = join(folder, 'twice');
    await run('import', 'dialogue-pairs', write('one.jsonl', pair(1)), '--out', project);
    writeFileSync(join(project, 'items.jsonl'), `${JSON.stringify(item)}\n${JSON.stringify(item)}\n`);
    const { code, err } = await run('feedback', 'report', project);
    expect(code).toBe(2);
    expect(err).toMatch(/items\.jsonl:2: id i occurs twice/);
  });
  it('a folder that cannot be written, a used folder, and an unknown command', async () => {
    const file = write('file', '');
    expect((await run('run', recipe(TINY), '--out', join(file, 'below'))).code).toBe(2);
    write('keep.txt', 'mine');
    expect((await run('run', recipe(TINY), '--out', folder)).err).toMatch(/expected an empty or new folder/);
    expect((await run('frobnicate')).code).toBe(2);
    expect((await run('quickstart', '--resume')).err).toMatch(/--resume: expected --out/);
    expect((await run('serve', '--port', 'x')).err).toMatch(/whole number from 1 to 65535/);
    expect((await run('--help')).out).toMatch(/Exit codes/);
  });
});

describe('progress', () => {
  it('prints step, rate and ETA', () => {
    const line = progressLine(
      { stage: 'policy', done: 30, total: 90, unit: 'steps', metrics: { kl: 0.1234 } },
      { done: 0, atMs: 0 },
      10_000,
    );
    expect(line).toBe('policy      30/90 steps  3.0/s  ETA 20s  kl 0.123');
  });
});
