import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Answer, FeedbackRecord, Item, Judgment, RaterProfile } from '../feedback/index.ts';
import { createRng, type Rng } from '../stats/index.ts';
import { runForTest as run } from './command.fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'goodhart-cli-reward-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = '2026-01-01T00:00:00Z';
const WORDS = ['ant', 'bee', 'cat', 'dog', 'elk', 'fox', 'gnu', 'hen', 'owl', 'pig', 'rat', 'yak'];
const worth = (text: string) => text.split(' ').reduce((sum, word) => sum + (WORDS.indexOf(word) - 5.5) / 3, 0);

interface Rows {
  readonly items: Item[];
  readonly judgments: Judgment[];
  readonly raters: RaterProfile[];
}

/** Items of k replies with one ranking each, as raters give it who choose by what the words are worth. */
function ranked(k: number, count: number, rng: Rng): Rows {
  const reply = () => Array.from({ length: 5 }, () => WORDS[rng.integer(WORDS.length)]!).join(' ');
  const items = Array.from(
    { length: count },
    (_, i): Item => ({
      id: `i${i}`,
      projectId: 'p',
      prompt: 'q',
      replies: Array.from({ length: k }, (_, r) => ({ id: `${r}`, text: reply() })),
      source: { origin: 'test', selection: 'all' },
      strata: { topic: i % 2 === 0 ? 'land' : 'sea' },
    }),
  );
  const judgments = items.map(({ id, replies }, i): Judgment => {
    const noisy = replies.map(({ text }) => worth(text) - Math.log(-Math.log(rng.uniform())));
    const order = replies.map((_, r) => r).sort((a, b) => noisy[b]! - noisy[a]!);
    return judgment(`j${i}`, id, { kind: 'ranking', groups: order.map((r) => [r]) }, `h${i % 4}`);
  });
  const raters = [0, 1, 2, 3].map(
    (h): RaterProfile => ({
      id: `h${h}`,
      kind: 'human',
      demographics: { region: h < 2 ? 'north' : 'south' },
      ...(h !== 3 && { consent: { version: '1', at } }),
    }),
  );
  return { items, judgments, raters };
}

function judgment(id: string, itemId: string, answer: Answer, raterId: string): Judgment {
  const presentation = { order: [], view: 'full', instructionsVersion: '1', shownAt: at };
  return {
    id,
    projectId: 'p',
    itemId,
    raterId,
    presentation,
    answer,
    activeMs: null,
    submittedAt: at,
    source: 'simulated',
  };
}

/** The same rankings as the pairs in them, each an item of its own. */
function asPairs({ items, judgments, raters }: Rows): Rows {
  const pairs: Rows = { items: [], judgments: [], raters };
  for (const [i, { answer, raterId }] of judgments.entries()) {
    if (answer.kind !== 'ranking') throw new RangeError(`expected a ranking, got ${answer.kind}`);
    const order = answer.groups.flat();
    for (const [a, better] of order.entries()) {
      for (const worse of order.slice(a + 1)) {
        const id = `i${i}-${better}-${worse}`;
        const replies = [better, worse].map((r, place) => ({ ...items[i]!.replies[r]!, id: `${place}` }));
        pairs.items.push({ ...items[i]!, id, replies });
        pairs.judgments.push(judgment(id, id, { kind: 'comparison', outcome: 0 }, raterId));
      }
    }
  }
  return pairs;
}

function project(name: string, rows: Rows): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const part of ['items', 'judgments', 'raters'] as const)
    writeFileSync(join(path, `${part}.jsonl`), rows[part].map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

/** Answers of all nine kinds about replies of two lines, each as long in the making as it takes; worth is by words. */
function nineKinds(count: number, rng: Rng): Rows {
  const line = () => Array.from({ length: 3 }, () => WORDS[rng.integer(WORDS.length)]!).join(' ');
  const reply = () => `${line()}\n${line()}`;
  const sum = (text: string) => worth(text.replace('\n', ' '));
  const better = (texts: readonly string[]) =>
    texts
      .map((text) => sum(text) - Math.log(-Math.log(rng.uniform())))
      .reduce((a, v, i, all) => (v > all[a]! ? i : a), 0);
  const said = (text: string) => (sum(text) + Math.log(1 / rng.uniform() - 1) > 0 ? 'good' : 'bad');
  const answers: readonly ((texts: readonly string[]) => Answer)[] = [
    (texts) => ({ kind: 'comparison', outcome: better(texts) }),
    (texts) => ({ kind: 'ranking', groups: better(texts) === 0 ? [[0], [1]] : [[1], [0]] }),
    (texts) => ({
      kind: 'rating',
      scale: { min: 1, max: 3, step: 1 },
      values: texts.map((text, r) => ({ reply: r, criterion: 'all', value: 2 + Math.sign(Math.round(sum(text))) })),
    }),
    ([text]) => ({ kind: 'label', reply: 0, labels: said(text!) === 'good' ? ['good'] : [] }),
    () => ({
      kind: 'correction',
      reply: 0,
      text: [reply(), reply(), reply(), reply()].sort((a, b) => sum(b) - sum(a))[0]!,
    }),
    ([text]) => ({
      kind: 'spans',
      reply: 0,
      spans: [...text!.matchAll(/\w+/g)]
        .filter(([word]) => worth(word) < -1)
        .map((match) => ({ start: match.index, end: match.index + match[0].length, label: 'bad' })),
    }),
    ([text]) => ({
      kind: 'steps',
      reply: 0,
      mode: 'per-step',
      labels: text!.split('\n').map((own) => (worth(own) > 0 ? 1 : -1)),
    }),
    ([text]) => ({ kind: 'critique', reply: 0, text: said(text!) === 'good' ? 'Well put.' : 'This is poor.' }),
    () => ({ kind: 'demonstration', text: [reply(), reply(), reply()].sort((a, b) => sum(b) - sum(a))[0]! }),
  ];
  const items = Array.from({ length: count }, (_, i): Item => {
    const replies = [reply(), reply()].map((text, r) => ({ id: `${r}`, text }));
    return { id: `n${i}`, projectId: 'p', prompt: 'q', replies, source: { origin: 'test', selection: 'all' } };
  });
  const judgments = items.map(({ id, replies }, i) => ({
    ...judgment(`j${i}`, id, answers[i % answers.length]!(replies.map(({ text }) => text)), `h${i % 4}`),
    activeMs: 10_000,
  }));
  return { items, judgments, raters: [] };
}

describe('goodhart reward on all nine kinds of answers', () => {
  const rng = createRng('cli-nine-kinds');
  const [told, heldOut] = [project('nine', nineKinds(540, rng)), project('nine-held-out', ranked(2, 300, rng))];
  const model = join(folder, 'nine-model');
  const attributes =
    'attributes={ good: { speaks: for, phrases: [well put] }, bad: { speaks: against, phrases: [poor] } }';
  const fitNine = (...more: string[]) =>
    run('reward', 'fit', told, '--out', model, '--ridge', '1', '--set', 'order=1', ...more, '--json');

  it('fits one reward to them and says what each kind told a second', async () => {
    const fitted = JSON.parse((await fitNine('--set', attributes)).out);
    expect(fitted.unscored).toEqual({});
    expect(Object.values(fitted.answers)).toEqual(Array.from({ length: 9 }, () => 60));
    for (const { kind, nats, natsPerSecond, gain, seconds } of fitted.contributions) {
      expect(seconds, kind).toBe(600);
      expect(nats, kind).toBeGreaterThan(0);
      expect(natsPerSecond, kind).toBeCloseTo(nats / 600, 12);
      expect(gain, kind).toBeGreaterThan(0);
    }
    const { out } = await run('reward', 'eval', model, heldOut);
    expect(out).toMatch(/Nats a second/);
    expect(JSON.parse((await run('reward', 'eval', model, heldOut, '--json')).out).overall.accuracy).toBeGreaterThan(
      0.75,
    );
    // Answers are evaluated as they were read when the reward was fitted.
    const own = await run('reward', 'eval', model, told, '--json');
    expect(JSON.parse(own.out).contributions.map(({ kind }: { kind: string }) => kind)).toContain('critique');
  });

  it('counts what nothing was stated about, and reads only the kinds that are named', async () => {
    const { unscored, answers } = JSON.parse((await fitNine('--set', 'kinds=[comparison, label, critique]')).out);
    expect(answers).toEqual({ comparison: 60 });
    expect(unscored).toMatchObject({ 'no-stated-attribute': 60, 'no-stated-phrase': 60, 'not-read-ranking': 60 });
    expect((await fitNine('--set', 'kinds=[novel]')).err).toMatch(/kinds.*comparison/);
    expect((await fitNine('--set', 'attributes={ good: maybe }')).err).toMatch(
      /attributes\.good: expected for, against/,
    );
  });
});

describe('goodhart reward fit on decided items', () => {
  const { items } = ranked(2, 200, createRng('cli-decided'));
  const better = ({ replies }: Item) => (worth(replies[0]!.text) > worth(replies[1]!.text) ? 0 : 1);
  // Of the two votes on each item one contradicts the other; the decision says which is right.
  const votes = items.flatMap(({ id }) =>
    ([0, 1] as const).map((outcome) =>
      judgment(`${id}/${outcome}`, id, { kind: 'comparison', outcome }, `h${outcome}`),
    ),
  );
  const records: FeedbackRecord[] = [
    ...votes.map((one): FeedbackRecord => ({ type: 'judgment', judgment: one })),
    ...items.map(
      (item): FeedbackRecord => ({
        type: 'adjudication',
        id: `d/${item.id}`,
        projectId: 'p',
        itemId: item.id,
        raterId: 'lead',
        at,
        answer: { kind: 'comparison', outcome: better(item) },
        reason: 'fact',
        considered: [`${item.id}/0`, `${item.id}/1`],
      }),
    ),
  ];
  const path = project('decided', { items, judgments: votes, raters: [] });
  writeFileSync(join(path, 'records.jsonl'), records.map((row) => `${JSON.stringify(row)}\n`).join(''));

  it('learns from the decisions, and from the votes alone nothing', async () => {
    const heldOut = project('decided-held-out', ranked(2, 300, createRng('cli-decided-held-out')));
    const fitted = async (...more: string[]) => {
      const model = join(folder, `decided-model-${more.length}`);
      const fit = JSON.parse(
        (await run('reward', 'fit', path, '--out', model, '--ridge', '1', '--set', 'order=1', ...more, '--json')).out,
      );
      const { overall } = JSON.parse((await run('reward', 'eval', model, heldOut, '--json')).out);
      return { fit, accuracy: overall.accuracy as number };
    };
    const decided = await fitted();
    expect(decided.fit).toMatchObject({
      choice: 'decided',
      answers: { comparison: 200 },
      left: { 'a vote, for which the decision stands': 400 },
    });
    expect(decided.accuracy).toBeGreaterThan(0.65);
    const all = await fitted('--answers', 'all');
    expect(all.fit).toMatchObject({ choice: 'all', answers: { comparison: 400 }, left: {} });
    expect(all.accuracy).toBeLessThan(0.6);
  });
});

describe('goodhart reward', () => {
  const rng = createRng('cli-reward');
  const four = ranked(4, 300, rng);
  const rankings = project('rankings', four);
  const pairs = project('pairs', asPairs(four));
  const heldOut = project('held-out', ranked(2, 600, rng));
  const model = join(folder, 'model');
  const fitOn = (from: string, ...more: string[]) =>
    run('reward', 'fit', from, '--out', model, '--ridge', '1', '--set', 'order=1', ...more);
  const evaluated = async (...more: string[]) =>
    JSON.parse((await run('reward', 'eval', model, heldOut, '--json', ...more)).out);

  it('learns from rankings of four what it learns from the pairs in them', async () => {
    expect((await fitOn(pairs)).out).toMatch(/1800 of kind comparison/);
    const apart = await evaluated();
    expect((await fitOn(rankings)).out).toMatch(/300 of kind ranking/);
    const whole = await evaluated();
    expect(apart.overall.accuracy).toBeGreaterThan(0.8);
    expect(whole.overall.accuracy).toBeGreaterThan(apart.overall.accuracy - 0.015);
  });

  it('draws the resamples of an ensemble by the seed', async () => {
    const withSeed = async (seed: string) => {
      await fitOn(rankings, '--set', 'members=2', '--seed', seed);
      return (await evaluated()).ece;
    };
    const first = await withSeed('1');
    expect(await withSeed('2')).not.toBe(first);
    expect(await withSeed('1')).toBe(first);
  });

  it('prints calibration on the scale of log-odds, by stratum and group, with n and intervals', async () => {
    await fitOn(rankings);
    const evaluation = await evaluated();
    expect(evaluation.calibrationSlope).toBeGreaterThan(0.75);
    expect(evaluation.calibrationSlope).toBeLessThan(1.25);
    expect(evaluation.ece).toBeLessThan(0.07);
    const { out } = await run('reward', 'eval', model, heldOut, '--strata', 'topic', '--groups', 'region');
    for (const row of ['topic: land', 'topic: sea', 'raters: north', 'raters: south', 'raters: not recorded'])
      expect(out).toMatch(
        new RegExp(`Accuracy, ${row} +\\d+\\.\\d % \\(95 %: \\d+\\.\\d % to \\d+\\.\\d %; n = \\d+\\)`),
      );
    expect(out).toMatch(/Calibration slope \(1 is calibrated\) +[01]\.\d+ \(95 %: /);
  });

  it('fits ensembles, with the risk that a policy will see', async () => {
    expect((await fitOn(rankings, '--set', 'members=3', '--set', 'risk={ rule: pessimistic, k: 1 }')).code).toBe(0);
    const scores = JSON.parse((await run('reward', 'score', model, '--prompt', 'q', 'yak yak', '--json')).out);
    expect(scores[0].spread).toBeGreaterThan(0);
  });

  it.each([
    [() => fitOn(rankings, '--set', 'family=transformer'), /ridge: linear, head only; family is transformer/],
    [() => fitOn(rankings, '--set', 'ridg=3'), /unknown key ridg; did you mean ridge/],
    [() => run('reward', 'eval', model, heldOut, '--strata', 'topik'), /no stratum topik; the items have topic/],
    [() => run('reward', 'eval', model, heldOut, '--groups'), /no rater consented to be described by group/],
  ])('refuses what it cannot do in one line: %#', async (command, reason) => {
    const { code, err } = await command();
    expect(code).toBe(2);
    expect(err).toMatch(reason);
  });
});

describe('goodhart reward fit with raters of their own', () => {
  it('keeps them with the reward, and shows them where it is evaluated', async () => {
    const rng = createRng('cli-people');
    const told = project('people', asPairs(ranked(3, 120, rng)));
    const model = join(folder, 'people-model');
    const fit = ['reward', 'fit', told, '--out', model, '--set'] as const;
    const { code, out } = await run(...fit, 'disagreement=per-rater');
    expect(code).toBe(0);
    expect(out).toMatch(/4 raters fitted beside it/);
    const shown = await run('reward', 'eval', model, told);
    expect(shown.code).toBe(0);
    expect(shown.out).toMatch(/Raters, each fitted beside the reward, with 95 % intervals/);
    const differ = await run(
      ...fit,
      'disagreement={ rule: distributional, form: categorical }',
      '--set',
      'kinds=[comparison]',
    );
    expect(differ.code).toBe(0);
    expect(differ.out).toMatch(/Explained variance of worth/);
    const evaluated = await run('reward', 'eval', model, told, '--json');
    expect(JSON.parse(evaluated.out).differ.explained.value).toBeGreaterThan(0);
    const found = await run(...fit, 'disagreement={ rule: groups, found: 2 }');
    expect(found.code).toBe(0);
    expect(found.out).toMatch(/Do not trust these groups/);
    const refused = await run(...fit, 'disagreement=often');
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(/disagreement.*per-rater/);
  });
});
