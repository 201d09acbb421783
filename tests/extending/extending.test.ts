import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHALLENGES, runProbe } from '../../src/audit/index.ts';
import { collectJudgments } from '../../src/feedback/index.ts';
import { armName, ratedArms, runArm, settingOf } from '../../src/lab/index.ts';
import { describeAlgorithm } from '../../src/policy/algorithm.contract.ts';
import { describeMonitor } from '../../src/policy/monitors/monitor.contract.ts';
import { createRng } from '../../src/stats/index.ts';
import { describeGround } from '../../src/world/ground.contract.ts';
import { comparisonItems, raterPool } from '../../src/world/index.ts';
import { createColours } from './colours.ts';
import { patience } from './patience.ts';
import { reinforce } from './reinforce.ts';
import { replyGrowth } from './reply-growth.ts';
import { replyGrowthExperiment } from './reply-growth-experiment.ts';
import { replyLengths } from './reply-lengths.ts';
import { secondOpinions } from './second-opinions.ts';
import { thumbs } from './thumbs.ts';

/** Extensions as somebody else would write them: one file each, held to the same promises as the project's own. */
describeGround('colours', createColours);
describeAlgorithm(reinforce, {
  settings: { steps: 12, promptsPerStep: 2, samples: 8, learningRate: 0.02, maxTokens: 4, missingEosPenalty: 0 },
});
const pointAt = (step: number, proxy: number) => ({ step, kl: step / 10, proxy: [proxy], spread: 1 });
describeMonitor(patience, {
  sound: [0, 1, 2, 3, 4].map((step) => pointAt(step, step)),
  overdone: [0, 1, 2, 1, 1, 1, 0].map((proxy, step) => pointAt(step, proxy)),
  kept: 2,
});

it('simulated raters judge a ground that they have never seen', async () => {
  const [ground, rng] = [createColours(), createRng(1)];
  const replies = async (prompts: readonly unknown[]) => prompts.map(() => ['It is red.', 'It is green.']);
  const work = { ground, prompts: ground.prompts('train'), projectId: 'colours', origin: 'written' };
  const items = await comparisonItems({ ...work, count: 40, rng, replies });
  const { raters } = raterPool(ground, { oracle: 1 });
  const decided = items.filter(({ gold }) => gold !== 'tie');
  expect(decided.length).toBeGreaterThan(5);
  for await (const { itemId, answer } of collectJudgments({ items: decided, raters, overlap: 1, rng, now: () => '' }))
    expect(answer).toMatchObject({ outcome: decided.find(({ id }) => id === itemId)!.gold });
});

describe('a probe with its experiment', () => {
  const seeds = [1, 2, 3, 4, 5];
  const found = async (arm: Parameters<typeof runArm>[2], seed: number) => {
    // The id only names the stream of randomness: a new probe has none in the table yet.
    const { evidence, truth } = await runArm(replyGrowthExperiment, 'mode-collapse', arm, seed);
    return { ...runProbe(replyGrowth, evidence, { seed }), truth: truth! };
  };
  it('finds what is planted at the documented dose, and is quiet where nothing is', async () => {
    expect(CHALLENGES).toHaveProperty(replyGrowth.challenge);
    for (const seed of seeds) {
      const planted = await found({ kind: 'planted', dose: replyGrowthExperiment.documented }, seed);
      expect(['concern', 'failure']).toContain(planted.verdict);
      for (const kind of ['clean', 'look-alike'] as const)
        expect(['clear', 'inconclusive']).toContain((await found({ kind }, seed)).verdict);
    }
  });
  it('has intervals that hold the truth in every arm, and arms that differ', async () => {
    let [covered, n] = [0, 0];
    const arms = ratedArms(replyGrowthExperiment);
    expect(new Set(arms.map((arm) => JSON.stringify(settingOf(replyGrowthExperiment, arm)))).size).toBe(arms.length);
    expect(new Set(arms.map(armName)).size).toBe(arms.length);
    for (const seed of seeds)
      for (const arm of arms) {
        const { interval, truth } = await found(arm, seed);
        covered += Number(interval!.low <= truth && truth <= interval!.high);
        n += 1;
      }
    // Fewer than 16 of 20 at a coverage of .95 has a chance below .001.
    expect(covered / n).toBeGreaterThanOrEqual(0.8);
  });
});

it('a kind of evidence is gathered from what a run shows, as its schema says', async () => {
  const prompt = (text: string) => ({ promptId: 'p', prompt: 'q', split: 'evaluation', replies: [reply(text)] });
  const reply = (text: string) => ({ text, logprob: -1, proxy: 0 });
  const snapshots = [
    { id: 'step-0', role: 'base' as const, step: 0, prompts: [prompt('At six.')] },
    { id: 'step-9', role: 'policy' as const, step: 9, prompts: [prompt('It opens at six.')] },
  ];
  const feedback = { items: [], judgments: [], raters: [] };
  const rows = await replyLengths.gather({ seed: 1, ground: undefined, feedback, snapshots, paths: [] });
  expect(rows).toEqual([{ promptId: 'p', base: [2], policy: [4] }]);
  expect(replyLengths.row.parse(replyLengths.example)).toEqual(replyLengths.example);
});

it('a strategy changes the setting of an experiment at the same cost', () => {
  const planted = replyGrowthExperiment.plant(replyGrowthExperiment.usual, 2);
  expect(settingOf(replyGrowthExperiment, { kind: 'planted', dose: 2 })).toEqual(planted);
  const treated = secondOpinions.apply!(planted);
  expect(treated.pairs * treated.overlap).toBe(planted.pairs * planted.overlap);
  expect(treated).not.toEqual(planted);
});

it('a likelihood gives the derivatives of its loss', () => {
  const source = { judgmentId: 'j', itemId: 'i', raterId: 'r', strata: {} };
  const candidates = [{ prompt: 'q', reply: 'a' }];
  for (const labels of [['good'], []]) {
    const answer = { kind: 'label' as const, reply: 0, labels };
    const observation = { kind: 'label' as const, answer, candidates, shown: [0], weight: 1, ...source };
    for (const at of [-2, 0.3, 5]) {
      const lossAt = (reward: number, bias: number) =>
        thumbs.term(Float64Array.of(reward), observation, new Map([['thumb', bias]])).loss;
      const { dRewards, dNuisances } = thumbs.term(Float64Array.of(at), observation, new Map([['thumb', 0.5]]));
      const step = 1e-5;
      expect(dRewards[0]).toBeCloseTo((lossAt(at + step, 0.5) - lossAt(at - step, 0.5)) / (2 * step), 6);
      expect(dNuisances).toEqual([['thumb', expect.closeTo(dRewards[0]!, 12)]]);
    }
  }
});

const ROOT = resolve(import.meta.dirname, '../..');
const SRC = join(ROOT, 'src');

describe('docs/extending.md', () => {
  const page = readFileSync(join(ROOT, 'docs/extending.md'), 'utf8');
  const blocks = [...page.matchAll(/^`(tests\/extending\/[\w-]+\.ts)`:\n\n```ts\n([\s\S]*?)^```$/gm)];
  it.each(blocks.map(([, file, code]) => [file!, code!]))('shows %s as it is', (file, code) => {
    expect(code).toBe(readFileSync(join(ROOT, file), 'utf8'));
  });
  it('shows every example', () => {
    const examples = readdirSync(import.meta.dirname).filter((name) => !name.endsWith('.test.ts'));
    expect(blocks.map(([, file]) => file!.split('/').at(-1)).sort()).toEqual(examples.sort());
  });
  it('names files that are there', () => {
    const named = [...page.matchAll(/`(src\/[\w./-]+\.(?:ts|json))`/g)].map(([, file]) => file!);
    expect(named.length).toBeGreaterThan(10);
    for (const file of new Set(named)) expect(readFileSync(join(ROOT, file), 'utf8')).not.toBe('');
  });
});

/** Source files, tests apart. */
function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? sources(join(folder, entry.name))
      : /\.(tsx?|json)$/.test(entry.name) && !/\.(test|contract|fake)\.tsx?$/.test(entry.name)
        ? [relative(SRC, join(folder, entry.name)).replaceAll('\\', '/')]
        : [],
  );
}

describe('what an extension costs', () => {
  const files = sources(SRC).map((file) => ({ file, text: readFileSync(join(SRC, file), 'utf8') }));
  /** Files that speak of one: by its id in quotes, or by importing its file. */
  const speaking = (pattern: RegExp) => files.filter(({ text }) => pattern.test(text)).map(({ file }) => file);
  // The file of a likelihood or of an answer does not name itself.
  it.each([
    [
      'a probe and its experiment',
      /['"]mode-collapse['"]|\/mode-collapse\.ts'/,
      ['audit/probes/mode-collapse.ts', 'lab/experiments/mode-collapse.ts'],
      ['audit/probes/index.ts', 'lab/experiments/index.ts', 'lab/rates.json'],
    ],
    [
      'a kind of evidence, with the probe and the experiment that use it',
      /['"]agreement-choices['"]|\/agreement-choices\.ts'/,
      [
        'audit/evidence/agreement-choices.ts',
        'audit/probes/pandering-raters.ts',
        'lab/experiments/pandering-raters.ts',
      ],
      ['audit/evidence/index.ts'],
    ],
    [
      'a strategy',
      /\/bayesian-inference\.ts'|bayesianInference/,
      ['lab/strategies/bayesian-inference.ts'],
      ['lab/strategies/index.ts'],
    ],
    ['an algorithm', /'raft'|\/raft\.ts'/, ['policy/algorithms/raft.ts'], ['policy/algorithms/index.ts']],
    ['a monitor', /'kl-budget'|\/kl-budget\.ts'/, ['policy/monitors/kl-budget.ts'], ['policy/monitors/index.ts']],
    ['a likelihood', /likelihood\/correction\.ts'|from '\.\/correction\.ts'/, [], ['reward/likelihood/index.ts']],
    [
      'the answers that simulated raters give of a kind',
      /answerLabel\b|answers\/label\.ts'/,
      ['world/raters/answers/label.ts'],
      ['world/raters/answers/index.ts'],
    ],
    ['a source', /importSource/, ['pipeline/sources/import.ts'], ['pipeline/sources/index.ts']],
    ['a stage', /exactStage/, ['pipeline/stages/exact.ts'], ['pipeline/stages/index.ts']],
  ] as [string, RegExp, string[], string[]][])('%s: its files and its rows', (what, pattern, own, rows) => {
    const touched = speaking(pattern).filter((file) => !own.includes(file));
    expect({ what, touched: touched.sort() }).toEqual({ what, touched: rows.sort() });
  });
});
