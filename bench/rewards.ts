/**
 * How good are rewards, and how long do they take? See README.md in this folder.
 *
 * usage: tsx bench/rewards.ts --head [--pairs 10000] [--width 64]
 *        tsx bench/rewards.ts --run FOLDER [--votes 3000] [--families linear,head]
 *        tsx bench/rewards.ts --data FOLDER
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { createEmbeddedEngine } from '../src/engine-embedded/index.ts';
import { type PreferencePair, toPairs } from '../src/feedback/index.ts';
import { loadBase } from '../src/pipeline/stages/base.ts';
import { fitHeadReward } from '../src/reward/fit/head.ts';
import {
  accuracyText,
  evaluateScores,
  fitLinearReward,
  fitMembers,
  observe,
  observePair,
  rewardBase,
  rewardSchema,
  type ScoredPair,
  scorePairs,
} from '../src/reward/index.ts';
import { ignoreProgress, parseConfig } from '../src/run/index.ts';
import { createRng } from '../src/stats/index.ts';
import { createCodec, createTokenizer, trainBpe } from '../src/text/index.ts';
import { createHarbour } from '../src/world/index.ts';

const { values } = parseArgs({
  options: {
    head: { type: 'boolean' },
    pairs: { type: 'string', default: '10000' },
    width: { type: 'string', default: '64' },
    run: { type: 'string' },
    votes: { type: 'string', default: '3000' },
    families: { type: 'string', default: 'linear,head' },
    data: { type: 'string' },
  },
});
const say = (text: string) => process.stdout.write(`${text}\n`);
const jsonLines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** Seconds to fit a head on made-up features, which cost nothing: a head's own work. */
async function head(count: number, width: number): Promise<void> {
  const rng = createRng('bench/head');
  const texts = Array.from({ length: count }, (_, i) => [`a${i} b`, `c${i} d`] as const);
  const tokenizer = createTokenizer(trainBpe(texts.slice(0, 50).flat(), 270));
  const codec = createCodec(tokenizer, { maxPrompt: 8, maxReply: 40 });
  const sampler = {
    hidden: async (all: readonly Int32Array[]) =>
      all.map(({ length }) => Float32Array.from({ length: length * width }, () => rng.normal())),
    logprobs: async (all: readonly Int32Array[]) =>
      all.map(({ length }) => Float32Array.from({ length: length - 1 }, () => -rng.uniform())),
  };
  const observations = texts.flatMap(([first, second], i) => {
    const ids = { judgmentId: `${i}`, itemId: `${i}`, raterId: 'h', prompt: 'q', strata: {} };
    const pair: PreferencePair = { ...ids, first, second, target: i % 2, weight: 1, firstShownFirst: true };
    return observePair(pair);
  });
  const relativeTo = { sampler, model: { id: 'made up' } } as unknown as Parameters<
    typeof fitHeadReward
  >[1]['relativeTo'];
  // The features are asked for once; what is counted begins where the last of them was given.
  let given = 0;
  const timed = {
    ...sampler,
    logprobs: async (all: readonly Int32Array[]) => {
      const found = await sampler.logprobs(all);
      given = performance.now();
      return found;
    },
  };
  await fitHeadReward(observations, {
    ridge: 30,
    codec,
    position: true,
    relativeTo: { ...relativeTo, sampler: timed } as never,
  });
  say(
    `head: ${count} pairs, ${4 * width} features: ${((performance.now() - given) / 1000).toFixed(1)} s once features are there`,
  );
}

/** Families on the votes of a run on the harbour, beside what true utility reaches on the same held-out votes. */
async function harbour(folder: string, votes: number, families: readonly string[]): Promise<void> {
  const part = (name: string) => jsonLines(readFileSync(join(folder, 'feedback', `${name}.jsonl`), 'utf8'));
  const [items, judgments] = [part('items'), part('judgments')];
  const { config } = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'));
  const base = loadBase({ config, folder });
  const isHeld = ({ split }: Readonly<Record<string, string>>) => split === 'held-out';
  const told = createRng(5).shuffle(observe(items, judgments).observations.filter(({ strata }) => !isHeld(strata)));
  const held = toPairs(items, judgments).pairs.filter(({ strata }) => isHeld(strata));
  const ground = createHarbour();
  const gold = held.map((pair): ScoredPair => {
    const prompt = ground.promptOf(pair.prompt)!;
    return { pair, difference: ground.gold(prompt, pair.first) - ground.gold(prompt, pair.second) };
  });
  say(`true utility itself: ${accuracyText(evaluateScores(gold, { logOdds: 1 }).overall)}`);
  const engine = createEmbeddedEngine();
  for (const family of families) {
    const start = rewardBase({ ...base, engine, spec: () => base.spec });
    const settings = parseConfig(rewardSchema, '{}', { source: 'bench', set: [`family=${family}`, 'members=1'] });
    const before = process.cpuUsage();
    const contextOf = () => ({ reference: [], progress: ignoreProgress, stage: family, base: start });
    const [model] = await fitMembers(told.slice(0, votes), settings, { seed: 1, contextOf });
    const { user, system } = process.cpuUsage(before);
    const { overall, calibrationSlope } = evaluateScores(await scorePairs(model!, held), { logOdds: model!.logOdds });
    const seconds = ((user + system) / 1e6).toFixed(0);
    say(
      `${family}, ${Math.min(votes, told.length)} votes: ${accuracyText(overall)}; slope ${calibrationSlope.toFixed(2)}; ${seconds} s of processor time`,
    );
    await model!.dispose();
    await start.dispose();
  }
  await engine.dispose();
}

/** A pair with its answer: 1 where the first reply is better. */
const pairOf = (
  id: string,
  group: string,
  [prompt, first, second]: readonly [string, string, string],
  target: number,
) =>
  ({
    ...{ judgmentId: id, itemId: id.split('#')[0]!, raterId: 'given', prompt, first, second, target },
    ...{ weight: 1, firstShownFirst: null, strata: { group } },
  }) satisfies PreferencePair;

/** Each group scored by a linear reward fitted on the other groups. */
async function acrossGroups(pairs: readonly PreferencePair[]): Promise<ScoredPair[]> {
  const scored: ScoredPair[] = [];
  for (const group of new Set(pairs.map(({ strata }) => strata.group!))) {
    const others = pairs.filter(({ strata }) => strata.group !== group).flatMap(observePair);
    const own = pairs.filter(({ strata }) => strata.group === group);
    scored.push(...(await scorePairs(fitLinearReward(others, { ridge: 30 }), own)));
  }
  return scored;
}

function report(name: string, scored: readonly ScoredPair[]): void {
  const { overall, baselines, marginOverLength } = evaluateScores(scored, { logOdds: 1 });
  const { value, interval } = marginOverLength;
  say(`${name}: linear, across groups ${accuracyText(overall)}; length alone ${accuracyText(baselines.lengthOnly)}`);
  say(`  margin over length ${value.toFixed(3)} (${interval.low.toFixed(3)} to ${interval.high.toFixed(3)})`);
}

/** Published judgments: a reward from nothing beside length and beside the judges whose verdicts were released. */
async function published(folder: string): Promise<void> {
  const unpacked = (path: string) => gunzipSync(readFileSync(join(folder, path))).toString('utf8');
  const panda: readonly Record<string, string>[] = JSON.parse(unpacked('pandalm/testset-v1.json.gz'));
  const label = new Map([
    [1, 1],
    [2, 0],
    [0, 0.5],
  ]);
  const labelled = panda.flatMap((row, i) => {
    const texts = [`${row.instruction}\n\n${row.input}`, String(row.response1), String(row.response2)] as const;
    return [1, 2, 3].map((a) =>
      pairOf(`${i}#${a}`, row.motivation_app || `${i % 10}`, texts, label.get(Number(row[`annotator${a}`]))!),
    );
  });
  report('PandaLM, by application', await acrossGroups(labelled));
  const items = jsonLines(unpacked('llmbar/items.jsonl.gz'));
  const bar = items.map((row) =>
    pairOf(`${row.subset}/${row.i}`, row.subset, [row.input, row.output_1, row.output_2], Number(row.label === 1)),
  );
  report('LLMBar and neighbours, by subset', await acrossGroups(bar));
  const judges = new Map<string, number[]>();
  for (const { judge, w, w_swap, label: right } of jsonLines(unpacked('llmbar/verdicts.jsonl.gz'))) {
    const credits = [w, w_swap].map((verdict) =>
      ['1', '2'].includes(String(verdict)) ? Number(Number(verdict) === right) : 0.5,
    );
    const own = judges.get(judge) ?? [];
    own.push((credits[0]! + credits[1]!) / 2);
    judges.set(judge, own);
  }
  const accuracy = [...judges].map(([judge, own]) => ({
    judge,
    share: own.reduce((a, b) => a + b, 0) / own.length,
    n: own.length,
  }));
  accuracy.sort((a, b) => b.share - a.share);
  say(`  given judges, both orders averaged, no verdict ½: ${accuracy.length}`);
  for (const { judge, share, n } of [...accuracy.slice(0, 3), ...accuracy.slice(-3)])
    say(`    ${judge}: ${share.toFixed(3)} (n = ${n})`);
}

if (values.head) await head(Number(values.pairs), Number(values.width));
if (values.run !== undefined) await harbour(values.run, Number(values.votes), values.families.split(','));
if (values.data !== undefined) await published(values.data);
process.exit(0);
