import { z } from 'zod';
import { readJsonOf } from '../../run/node.ts';
import { logSumExp, mean } from '../../stats/index.ts';
import {
  betaForKl,
  expectation,
  type GroundPrompt,
  isListed,
  kl,
  type ListedGround,
  SPLITS,
  tilt,
  tiltAtMeanKl,
} from '../../world/index.ts';
import type { PipelineConfig } from '../config.ts';
import { filled, UNTOLD, untold } from '../filled.ts';
import { withReward } from '../reward-artefact.ts';
import { inRound, pathIn, type RunContext, writeRunJson } from '../run-context.ts';
import { RUN_FILES } from '../run-folder.ts';
import { withSampler } from '../snapshot.ts';
import { sourceOfRun } from '../source-of-run.ts';
import type { Source } from '../sources/index.ts';
import { DATA, type Stage } from '../stage.ts';
import { BASE_FILES, loadBase } from './base.ts';
import { heldOutPrompts, loadPath, MAIN, type PolicyPath, policyFiles } from './policy.ts';

/** The exact optimum of the KL-regularised objective at several KLs, on the base model's own distribution. */
export const exactSchema = z.strictObject({
  split: z.enum(SPLITS),
  prompts: z.number(),
  /** Mean probability that the base model gives to the listed replies; the rest is left out of the sums. */
  listedMass: z.number(),
  points: z.array(z.strictObject({ kl: z.number(), proxy: z.array(z.number()), gold: z.array(z.number()) })),
  /** The optimisation beside the best that any policy reaches at its KL, by mean score of each prompt. */
  optimum: z
    .strictObject({
      method: z.string(),
      /** Of the replies that the optimised policy gave to these prompts, as their evaluation has it. */
      kl: z.number(),
      /** Of the base model, an exact sum; of the optimised policy, from its replies; of the optimum, an exact sum. */
      start: z.array(z.number()),
      achieved: z.array(z.number()),
      optimum: z.array(z.number()),
    })
    .exactOptional(),
});
export type ExactCurve = z.infer<typeof exactSchema>;

/** Below this share of the base model's probability on listed replies, sums over them say nothing about it. */
export const LEAST_MASS = 0.5;

const TARGETS = [0, 0.25, 0.5, 1, 2, 3, 4, 5];
const PROMPTS = 6;

interface Row {
  readonly logprobs: readonly number[];
  readonly proxy: readonly number[];
  readonly gold: readonly number[];
  readonly mass: number;
}

async function listedRows(context: RunContext, ground: ListedGround): Promise<Row[]> {
  const { config, engines, progress, source } = context;
  const base = loadBase(context);
  const prompts = listedPrompts(config, source);
  const rows: Row[] = [];
  await withReward(context, config.policy!.risk, (reward) =>
    withSampler(engines.policy, base, async (sampler) => {
      for (const [i, prompt] of prompts.entries()) {
        const replies = ground.replies(prompt);
        const start = base.codec.encodePrompt(prompt.text).length - 1;
        const sequences = replies.map((reply) => base.codec.encodeDialogue(prompt.text, reply.text));
        const joint = (await sampler.logprobs(sequences)).map((row) => row.subarray(start).reduce((a, b) => a + b, 0));
        const mass = logSumExp(joint);
        const texts = replies.map((reply) => reply.text);
        const scores = await reward.score(prompt.text, texts);
        rows.push({
          logprobs: joint.map((lp) => lp - mass),
          proxy: scores.map((s) => s.mean),
          gold: replies.map((reply) => reply.gold),
          mass: Math.exp(mass),
        });
        progress({ stage: 'exact', done: i + 1, total: prompts.length, unit: 'prompts' });
      }
    }),
  );
  return rows;
}

/** What the optimised policy said to the prompts that exact sums are made for: how far it went, and what it got. */
function achievedBy({ method, last }: PolicyPath, prompts: readonly GroundPrompt[]) {
  const said = prompts.map(({ id }) => last.find(({ promptId }) => promptId === id)!);
  const kl = mean(said.flatMap(({ replies }) => replies.map((reply) => reply.logprob - reply.referenceLogprob)));
  return { method, kl: Math.max(0, kl), achieved: said.map(({ scored }) => mean(scored.proxy)) };
}

/** The optimum at the KL that the optimisation ended at: one β for all prompts. */
function optimumOf(rows: readonly Row[], { method, kl: spent, achieved }: ReturnType<typeof achievedBy>) {
  const spaces = rows.map(({ logprobs, proxy }) => ({ logprobs, rewards: proxy }));
  const best = tiltAtMeanKl(spaces, spent);
  return {
    method,
    kl: spent,
    start: rows.map(({ logprobs, proxy }) => expectation(logprobs, proxy)),
    achieved,
    optimum: rows.map(({ proxy }, p) => expectation(best[p]!, proxy)),
  };
}

/** The prompts that exact sums are made for. */
export const listedPrompts = (config: PipelineConfig, source: Pick<Source, 'prompts'>): GroundPrompt[] =>
  heldOutPrompts(config, source).evaluation.slice(0, PROMPTS);

function exactCurve(rows: readonly Row[], achieved: ReturnType<typeof achievedBy>): ExactCurve {
  const points = TARGETS.map((target) => {
    const at = rows.map(({ logprobs, proxy, gold }) => {
      const p = target === 0 ? logprobs : tilt(logprobs, proxy, betaForKl(logprobs, proxy, target));
      return { kl: kl(p, logprobs), proxy: expectation(p, proxy), gold: expectation(p, gold) };
    });
    return { kl: mean(at.map((a) => a.kl)), proxy: at.map((a) => a.proxy), gold: at.map((a) => a.gold) };
  });
  const listedMass = mean(rows.map((row) => row.mass));
  return { split: 'evaluation', prompts: rows.length, listedMass, points, optimum: optimumOf(rows, achieved) };
}

/** Exact sums where every reply can be listed. */
export const exactStage: Stage = {
  name: 'exact',
  reads: (context) => [
    ...[DATA, ...BASE_FILES, inRound(context, RUN_FILES.rewardModel)],
    inRound(context, policyFiles(context, MAIN)[0]!),
  ],
  writes: (context) => [inRound(context, RUN_FILES.exact)],
  async run(context) {
    const { config, source } = context;
    const { ground } = source;
    if (!isListed(ground)) throw new RangeError('exact sums need a ground whose replies can be listed');
    const achieved = achievedBy(loadPath(context, MAIN), listedPrompts(config, source));
    writeRunJson(context, RUN_FILES.exact, exactCurve(await listedRows(context, ground), achieved));
  },
  async recompute(place) {
    const { config } = place;
    const stored = readJsonOf(pathIn(place, RUN_FILES.exact), exactSchema);
    const listed = listedPrompts(config, await sourceOfRun(place));
    const prompts = listed.length;
    const { method, kl: spent, achieved } = achievedBy(loadPath(place, MAIN), listed);
    const optimum = { method, kl: spent, start: untold(prompts), achieved, optimum: untold(prompts) };
    const points = TARGETS.map((target) => ({
      kl: target === 0 ? 0 : UNTOLD,
      proxy: untold(prompts),
      gold: untold(prompts),
    }));
    const again = { split: 'evaluation', prompts, listedMass: UNTOLD, points, optimum };
    return [{ file: inRound(place, RUN_FILES.exact), again: filled(again, stored) }];
  },
};
