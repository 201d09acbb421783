import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Item, Judgment, RaterProfile } from '../feedback/index.ts';
import { openTestStudio, type TestStudio } from '../server/studio.fake.ts';
import { runForTest as run } from './command.fake.ts';
import { projectIn } from './run-files.ts';
import { playPeople } from './studio-people.fake.ts';

/** The recipe in which people judge, at a size of some seconds; the people are played over the Studio's HTTP interface. */
const folder = mkdtempSync(join(tmpdir(), 'goodhart-people-'));
process.env.GOODHART_CACHE = join(folder, 'cache');
const [store, out] = [join(folder, 'team.db'), join(folder, 'run')];
const PROJECT = 'harbour-people';
const RECIPE = fileURLToPath(new URL('../../recipes/studio-rounds/run.yaml', import.meta.url));
const COMMAND = fileURLToPath(new URL('../../bin/goodhart.js', import.meta.url));
const SMALL = [
  ...['base.width=16', 'base.layers=1', 'base.heads=2', 'base.feedForward=16', 'base.examples=300', 'base.steps=12'],
  ...['base.batch=8', 'base.vocabulary=400', 'feedback.pairs=12', 'reward.members=2', 'reward.epochs=1'],
  ...['policy.steps=2', 'policy.promptsPerStep=2', 'policy.samples=3', 'policy.maxTokens=24', 'policy.evaluateEvery=1'],
  ...['policy.bestOf=[2]', 'audit.prompts=2', 'audit.samples=2'],
].flatMap((set) => ['--set', set]);
const ARGUMENTS = ['run', RECIPE, '--store', store, '--out', out, ...SMALL];
const rows = <T>(file: string) =>
  readFileSync(join(out, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

let studio: TestStudio;
beforeAll(async () => {
  studio = await openTestStudio({}, store);
});
afterAll(async () => {
  await studio.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The state of the store once it is as wanted. */
async function until<T>(read: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await read();
    if (found !== undefined) return found;
    await setTimeout(50);
  }
}

describe('rounds with people', () => {
  it('wait for their answers, lose none of them when the run is killed, and go on to a sealed disclosure', async () => {
    const child = spawn(process.execPath, [COMMAND, ...ARGUMENTS, '--json'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let told = '';
    child.stderr.on('data', (chunk) => {
      told += chunk;
    });
    const asked = () => studio.store.progress(PROJECT).then(({ judgments }) => judgments);
    await until(async () => ((await studio.store.getProject(PROJECT)) === undefined ? undefined : true));
    const first = await until(async () => ((await asked()).wanted > 0 ? asked() : undefined));
    // What a policy of twelve steps says is babble: whoever knows the truth would decide nothing.
    const people = await playPeople(studio, { project: PROJECT, people: 3, slips: 1, seed: 1 });
    // Some answers, and the run is killed while it waits for the others.
    await people.turn(2);
    await until(async () =>
      /wait for people in project harbour-people: goodhart studio --store/.test(told) ? true : undefined,
    );
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    let ended = false;
    const going = run(...ARGUMENTS, '--resume', '--quiet').finally(() => {
      ended = true;
    });
    while (!ended) if ((await people.turn()) === 0) await setTimeout(100);
    expect(await going).toMatchObject({ code: 0, err: expect.stringMatching(/wait for people|^$/) });
    const { wanted, done } = await asked();
    expect([first.done, wanted, done]).toEqual([0, expect.any(Number), wanted]);
    expect(wanted).toBeGreaterThan(first.wanted);

    const [before, items] = [rows<Item>('rounds/1/feedback/items.jsonl'), rows<Item>('feedback/items.jsonl')];
    expect(items.slice(0, before.length)).toEqual(before);
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
    expect(first.wanted).toBe(2 * before.length);
    const origins = (of: readonly Item[]) => [...new Set(of.map(({ source }) => source.origin))];
    expect([origins(before), origins(items.slice(before.length))]).toEqual([
      ['base model, step 0'],
      ['policy of round 1, step 2'],
    ]);
    const judgments = rows<Judgment>('feedback/judgments.jsonl');
    expect(judgments.length).toBe(wanted);
    const { judgments: stored } = await studio.store.state(PROJECT);
    expect(new Set(judgments.map(({ id }) => id))).toEqual(new Set(stored.map(({ id }) => id)));
    expect(new Set(rows<RaterProfile>('feedback/raters.jsonl').map(({ kind }) => kind))).toEqual(new Set(['human']));
    expect((await run('verify', out)).code).toBe(0);
    const disclosure = readFileSync(join(out, 'disclosure/disclosure.json'), 'utf8');
    expect(disclosure).not.toMatch(/simulated raters asked for/);
    // Whoever may not see the project may not see the run.
    expect(projectIn(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')).config)).toBe(PROJECT);
  }, 240_000);
  it('refuse a project that holds other questions, a store that is none, and what only simulated raters have', async () => {
    const elsewhere = ['run', RECIPE, '--store', store, '--out', join(folder, 'other'), '--quiet', ...SMALL];
    const other = await run(...elsewhere, '--set', 'name=another');
    expect(other).toMatchObject({ code: 2, err: expect.stringMatching(/holds item studio-rounds\/1\/1\/item-/) });
    for (const set of ['feedback.raters.noisy=3', 'feedback.selection.rule=information', 'feedback.offTopic=0.1'])
      expect(await run(...elsewhere, '--set', set)).toMatchObject({ code: 2, err: expect.stringMatching(/people/) });
  });
});
